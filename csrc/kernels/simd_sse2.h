#pragma once

#include <emmintrin.h>

#include <cstdint>

namespace muspeaker::kernels {
namespace {

/// Four floats at a time, as on every x86-64 processor; 6 x 2 vectors of sums, 12 of the 16
/// registers.
struct Simd {
  using Vec = __m128;
  static constexpr int kLanes = 4;
  static constexpr int kRows = 6;
  static constexpr int kVecs = 2;
  static constexpr bool kFactorLanes = false;

  static Vec load(const float* from) { return _mm_loadu_ps(from); }
  static Vec load_partial(const float* from, int64_t count) {
    if (count <= 0) {
      return _mm_setzero_ps();
    }
    if (count == 1) {
      return _mm_load_ss(from);
    }
    const Vec pair = _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
    return count == 2 ? pair : _mm_movelh_ps(pair, _mm_load_ss(from + 2));
  }
  static Vec broadcast(const float* from) { return _mm_set1_ps(*from); }
  static Vec set(float value) { return _mm_set1_ps(value); }
  static void store(float* to, Vec value) { _mm_storeu_ps(to, value); }
  static void store_partial(float* to, Vec value, int64_t count) {
    if (count == 1) {
      _mm_store_ss(to, value);
    } else if (count > 1) {
      _mm_storel_pi(reinterpret_cast<__m64*>(to), value);
      if (count > 2) {
        _mm_store_ss(to + 2, _mm_movehl_ps(value, value));
      }
    }
  }
  /// Row t gets lane t of a, b, c and d, side by side.
  static void store_turned(float* to, int64_t step, Vec a, Vec b, Vec c, Vec d) {
    _MM_TRANSPOSE4_PS(a, b, c, d);
    store(to, a);
    store(to + step, b);
    store(to + 2 * step, c);
    store(to + 3 * step, d);
  }
  static Vec add(Vec a, Vec b) { return _mm_add_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm_mul_ps(a, b); }
  static Vec minimum(Vec a, Vec b) { return _mm_min_ps(a, b); }
  static Vec maximum(Vec a, Vec b) { return _mm_max_ps(a, b); }
  static Vec magnitude(Vec a) { return _mm_andnot_ps(_mm_set1_ps(-0.0F), a); }
  static float largest(Vec a) {
    const Vec half = _mm_max_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_shuffle_ps(half, half, 1)));
  }
  /// Rounded twice: there is no instruction that rounds once.
  static Vec multiply_add(Vec a, Vec b, Vec c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
  /// Rounded once, in double precision, which holds a product of floats exactly.
  static Vec fused_multiply_add(Vec a, Vec b, Vec c) {
    const __m128d low = rounded_to_odd(_mm_cvtps_pd(a), _mm_cvtps_pd(b), _mm_cvtps_pd(c));
    const __m128d high =
        rounded_to_odd(_mm_cvtps_pd(_mm_movehl_ps(a, a)), _mm_cvtps_pd(_mm_movehl_ps(b, b)),
                       _mm_cvtps_pd(_mm_movehl_ps(c, c)));
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
  }

 private:
  /// a * b + c, whose last bit is set if it is not exact, so that rounding to float sees what was
  /// lost (Boldo and Melquiond 2008, IEEE Transactions on Computers 57).
  static __m128d rounded_to_odd(__m128d a, __m128d b, __m128d c) {
    const __m128d product = _mm_mul_pd(a, b);
    const __m128d sum = _mm_add_pd(product, c);
    // Knuth's error of a sum.
    const __m128d part = _mm_sub_pd(sum, product);
    const __m128d lost =
        _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, part)), _mm_sub_pd(c, part));
    const __m128d zero = _mm_setzero_pd();
    // Neither is true of NaN, which is left alone.
    const __m128i inexact =
        _mm_castpd_si128(_mm_or_pd(_mm_cmplt_pd(lost, zero), _mm_cmpgt_pd(lost, zero)));
    const __m128i bits = _mm_castpd_si128(sum);
    const __m128i one = _mm_set_epi32(0, 1, 0, 1);
    const __m128i change = _mm_and_si128(inexact, _mm_andnot_si128(bits, one));
    // Towards what was lost: to a larger magnitude if it has the sign of the sum.
    const __m128i signs = _mm_srai_epi32(_mm_castpd_si128(_mm_xor_pd(sum, lost)), 31);
    const __m128i smaller = _mm_shuffle_epi32(signs, 0xF5);  // all bits where signs differ
    // -x = (x ^ -1) - -1.
    const __m128i step = _mm_sub_epi64(_mm_xor_si128(change, smaller), smaller);
    return _mm_castsi128_pd(_mm_add_epi64(bits, step));
  }
};

}  // namespace
}  // namespace muspeaker::kernels
