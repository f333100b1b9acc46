#pragma once

#include "kernels/simd_avx2.h"

namespace muspeaker::kernels {
namespace {

/// Two products of 16 bits a lane in one instruction. Under the name that the kernels ask for.
struct Int8 {
  using Ints = __m256i;
  using Activation = int16_t;
  using Weight = int16_t;
  static constexpr int kGroup = 2;
  static constexpr int kZero = 0;
  static constexpr int kRows = 6;
  static constexpr bool kSumsRows = false;

  static Ints load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static Ints broadcast(const Activation* from) {
    int group = 0;
    __builtin_memcpy(&group, from, sizeof(group));
    return _mm256_set1_epi32(group);
  }
  // Not the intrinsic: GCC 12 copies and spills its accumulator, at half the speed.
  static void add_dot(Ints& sum, Ints x, Ints weight) {
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(weight));
  }
  static Simd::Vec to_float(Ints value) { return _mm256_cvtepi32_ps(value); }
  static void store_rounded(Activation* to, Simd::Vec value) {
    const __m256i rounded = _mm256_cvtps_epi32(value);
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(to),
        _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1)));
  }
};

}  // namespace
}  // namespace muspeaker::kernels
