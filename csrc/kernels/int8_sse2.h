#pragma once

#include "kernels/simd_sse2.h"

namespace muspeaker::kernels {
namespace {

/// Bytes widened to 16 bits, two products a lane: there is no instruction for bytes.
struct Int8 {
  using Ints = __m128i;
  using Activation = int16_t;
  using Weight = int16_t;
  static constexpr int kGroup = 2;
  static constexpr int kZero = 0;
  static constexpr int kRows = 3;
  static constexpr int kTileVecs = 1;
  static constexpr bool kSumsRows = false;

  static Ints load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
  static Ints broadcast(const Activation* from) {
    int group = 0;
    __builtin_memcpy(&group, from, sizeof(group));
    return _mm_set1_epi32(group);
  }
  static void add_dot(Ints& sum, Ints x, Ints weight) {
    sum = _mm_add_epi32(sum, _mm_madd_epi16(x, weight));
  }
  static Ints repeat(const int32_t* from) { return _mm_set1_epi32(*from); }
  static Ints load_cells(const char* from) { return load(from); }
  /// Adds to the sums of one output channel the products of its weight cell with each row's cell.
  static void add_repeated(Ints (&sums)[kTileVecs], const Ints (&cells)[kTileVecs],
                           const Weight* weight) {
    const Ints w = broadcast(weight);
    for (int v = 0; v < kTileVecs; ++v) {
      add_dot(sums[v], cells[v], w);
    }
  }
  static Simd::Vec to_float(Ints value) { return _mm_cvtepi32_ps(value); }
  static void store_rounded(Activation* to, Simd::Vec value) {
    const __m128i rounded = _mm_cvtps_epi32(value);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi32(rounded, rounded));
  }
};

}  // namespace
}  // namespace muspeaker::kernels
