#pragma once

#include "kernels/simd_avx512.h"

namespace muspeaker::kernels {
namespace {

/// Two products of 16 bits a lane in one instruction. Under the name that the kernels ask for.
struct Int8 {
  using Ints = __m512i;
  using Activation = int16_t;
  using Weight = int16_t;
  static constexpr int kGroup = 2;
  static constexpr int kZero = 0;
  static constexpr int kRows = 6;
  static constexpr bool kSumsRows = false;

  static Ints load(const void* from) { return _mm512_loadu_si512(from); }
  static Ints broadcast(const Activation* from) {
    int group = 0;
    __builtin_memcpy(&group, from, sizeof(group));
    return _mm512_set1_epi32(group);
  }
  // Not the intrinsic: GCC 12 copies and spills its accumulator, at half the speed.
  static void add_dot(Ints& sum, Ints x, Ints weight) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(weight));
  }
  static Simd::Vec to_float(Ints value) { return _mm512_cvtepi32_ps(value); }
  static void store_rounded(Activation* to, Simd::Vec value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(value)));
  }
};

}  // namespace
}  // namespace muspeaker::kernels
