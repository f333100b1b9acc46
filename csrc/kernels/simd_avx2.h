#pragma once

#include <immintrin.h>

#include <cstdint>

namespace muspeaker::kernels {
namespace {

/// Eight floats at a time; 6 x 2 vectors of sums fill the sixteen registers.
struct Simd {
  using Vec = __m256;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 6;
  static constexpr int kVecs = 2;
  static constexpr bool kFactorLanes = false;

  static __m256i first(int64_t count) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), index);
  }
  static Vec load(const float* from) { return _mm256_loadu_ps(from); }
  static Vec load_partial(const float* from, int64_t count) {
    return _mm256_maskload_ps(from, first(count));
  }
  static Vec broadcast(const float* from) { return _mm256_broadcast_ss(from); }
  static Vec set(float value) { return _mm256_set1_ps(value); }
  static void store(float* to, Vec value) { _mm256_storeu_ps(to, value); }
  static void store_partial(float* to, Vec value, int64_t count) {
    _mm256_maskstore_ps(to, first(count), value);
  }
  /// Row t gets lane t of a, b, c and d, side by side.
  static void store_turned(float* to, int64_t step, Vec a, Vec b, Vec c, Vec d) {
    const Vec ab_low = _mm256_unpacklo_ps(a, b);  // a0 b0 a1 b1 | a4 b4 a5 b5
    const Vec ab_high = _mm256_unpackhi_ps(a, b);
    const Vec cd_low = _mm256_unpacklo_ps(c, d);
    const Vec cd_high = _mm256_unpackhi_ps(c, d);
    const Vec rows[4] = {
        _mm256_shuffle_ps(ab_low, cd_low, 0x44), _mm256_shuffle_ps(ab_low, cd_low, 0xEE),
        _mm256_shuffle_ps(ab_high, cd_high, 0x44), _mm256_shuffle_ps(ab_high, cd_high, 0xEE)};
    for (int j = 0; j < 4; ++j) {
      _mm_storeu_ps(to + j * step, _mm256_castps256_ps128(rows[j]));
      _mm_storeu_ps(to + (4 + j) * step, _mm256_extractf128_ps(rows[j], 1));
    }
  }
  static Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static Vec minimum(Vec a, Vec b) { return _mm256_min_ps(a, b); }
  static Vec maximum(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static Vec magnitude(Vec a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
  static float largest(Vec a) {
    const __m128 half = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 quarter = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(quarter, _mm_movehdup_ps(quarter)));
  }
  static Vec multiply_add(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static Vec fused_multiply_add(Vec a, Vec b, Vec c) { return multiply_add(a, b, c); }
};

}  // namespace
}  // namespace muspeaker::kernels
