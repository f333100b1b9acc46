#pragma once

#include "kernels/simd_avx2.h"

namespace muspeaker::kernels {
namespace {

/// Four unsigned by signed bytes a lane in one instruction, without AVX-512.
struct Int8 {
  using Ints = __m256i;
  using Activation = uint8_t;
  using Weight = int8_t;
  static constexpr int kGroup = 4;
  static constexpr int kZero = 128;
  static constexpr int kRows = 6;
  static constexpr int kTileVecs = 1;
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
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(weight));
  }
  static Ints broadcast_cell(const Weight* from) {
    int cell = 0;
    __builtin_memcpy(&cell, from, sizeof(cell));
    return _mm256_set1_epi32(cell);
  }
  static Ints repeat(const int32_t* from) { return _mm256_set1_epi32(*from); }
  static Ints load_cells(const char* from) { return load(from); }
  /// Adds to the sums of one output channel the products of its weight cell with each row's cell.
  static void add_repeated(Ints (&sums)[kTileVecs], const Ints (&cells)[kTileVecs],
                           const Weight* weight) {
    const Ints w = broadcast_cell(weight);
    for (int v = 0; v < kTileVecs; ++v) {
      add_dot(sums[v], cells[v], w);
    }
  }
  static Simd::Vec to_float(Ints value) { return _mm256_cvtepi32_ps(value); }
  static void store_rounded(Activation* to, Simd::Vec value) {
    const __m256i rounded = _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(kZero));
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
  }
};

}  // namespace
}  // namespace muspeaker::kernels
