#pragma once

#include "kernels/simd_avx512.h"

namespace muspeaker::kernels {
namespace {

/// Four unsigned by signed bytes a lane in one instruction.
struct Int8 {
  using Ints = __m512i;
  using Activation = uint8_t;
  using Weight = int8_t;
  static constexpr int kGroup = 4;
  static constexpr int kZero = 128;
  static constexpr int kRows = 6;
  static constexpr int kTileVecs = 2;
  static constexpr bool kSumsRows = false;

  static Ints load(const void* from) { return _mm512_loadu_si512(from); }
  static Ints broadcast(const Activation* from) {
    int group = 0;
    __builtin_memcpy(&group, from, sizeof(group));
    return _mm512_set1_epi32(group);
  }
  // Not the intrinsic: GCC 12 copies and spills its accumulator, at half the speed.
  static void add_dot(Ints& sum, Ints x, Ints weight) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(weight));
  }
  static Ints repeat(const int32_t* from) { return _mm512_set1_epi32(*from); }
  static Ints load_cells(const char* from) { return load(from); }
  /// Adds to the sums of one output channel the products of its weight cell with each row's cell.
  static void add_repeated(Ints (&sums)[kTileVecs], const Ints (&cells)[kTileVecs],
                           const Weight* weight) {
    struct Cell {
      char bytes[4];
    };
    const Cell& cell = *reinterpret_cast<const Cell*>(weight);
    for (int v = 0; v < kTileVecs; ++v) {
      __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sums[v]) : "v"(cells[v]), "m"(cell));
    }
  }
  static Simd::Vec to_float(Ints value) { return _mm512_cvtepi32_ps(value); }
  static void store_rounded(Activation* to, Simd::Vec value) {
    const __m512i rounded = _mm512_add_epi32(_mm512_cvtps_epi32(value), _mm512_set1_epi32(kZero));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(rounded));
  }
};

}  // namespace
}  // namespace muspeaker::kernels
