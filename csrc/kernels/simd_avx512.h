#pragma once

// GCC 12 warns about the deliberately undefined pass-through operand inside its own header.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstdint>

namespace muspeaker::kernels {
namespace {

/// Sixteen floats at a time; 12 x 2 vectors of sums, 24 of the 32 registers.
struct Simd {
  using Vec = __m512;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 12;
  static constexpr int kVecs = 2;
  static constexpr bool kFactorLanes = false;

  static __mmask16 first(int64_t count) {
    return static_cast<__mmask16>(count <= 0 ? 0 : (1U << count) - 1U);
  }
  static Vec load(const float* from) { return _mm512_loadu_ps(from); }
  static Vec load_partial(const float* from, int64_t count) {
    return _mm512_maskz_loadu_ps(first(count), from);
  }
  static Vec broadcast(const float* from) { return _mm512_set1_ps(*from); }
  static Vec set(float value) { return _mm512_set1_ps(value); }
  static void store(float* to, Vec value) { _mm512_storeu_ps(to, value); }
  static void store_partial(float* to, Vec value, int64_t count) {
    _mm512_mask_storeu_ps(to, first(count), value);
  }
  /// Row t gets lane t of a, b, c and d, side by side.
  static void store_turned(float* to, int64_t step, Vec a, Vec b, Vec c, Vec d) {
    const Vec ab_low = _mm512_unpacklo_ps(a, b);  // a0 b0 a1 b1 | a4 b4 a5 b5 | ...
    const Vec ab_high = _mm512_unpackhi_ps(a, b);
    const Vec cd_low = _mm512_unpacklo_ps(c, d);
    const Vec cd_high = _mm512_unpackhi_ps(c, d);
    const Vec rows[4] = {
        _mm512_shuffle_ps(ab_low, cd_low, 0x44), _mm512_shuffle_ps(ab_low, cd_low, 0xEE),
        _mm512_shuffle_ps(ab_high, cd_high, 0x44), _mm512_shuffle_ps(ab_high, cd_high, 0xEE)};
    for (int j = 0; j < 4; ++j) {
      _mm_storeu_ps(to + j * step, _mm512_castps512_ps128(rows[j]));
      _mm_storeu_ps(to + (4 + j) * step, _mm512_extractf32x4_ps(rows[j], 1));
      _mm_storeu_ps(to + (8 + j) * step, _mm512_extractf32x4_ps(rows[j], 2));
      _mm_storeu_ps(to + (12 + j) * step, _mm512_extractf32x4_ps(rows[j], 3));
    }
  }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec minimum(Vec a, Vec b) { return _mm512_min_ps(a, b); }
  static Vec maximum(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec magnitude(Vec a) { return _mm512_abs_ps(a); }
  static float largest(Vec a) { return _mm512_reduce_max_ps(a); }
  static Vec multiply_add(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static Vec fused_multiply_add(Vec a, Vec b, Vec c) { return multiply_add(a, b, c); }
};

}  // namespace
}  // namespace muspeaker::kernels
