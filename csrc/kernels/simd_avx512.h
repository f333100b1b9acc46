#pragma once

// GCC 12 warns about the deliberately undefined pass-through operand inside its own header.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
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
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec minimum(Vec a, Vec b) { return _mm512_min_ps(a, b); }
  static Vec maximum(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec magnitude(Vec a) { return _mm512_abs_ps(a); }
  static float largest(Vec a) { return _mm512_reduce_max_ps(a); }
  static Vec multiply_add(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
};

}  // namespace
}  // namespace muspeaker::kernels
