#pragma once

#include "kernels/simd_neon.h"

namespace muspeaker::kernels {
namespace {

/// Four signed bytes a lane: one instruction with dotprod, four without.
struct Int8 {
  using Ints = int32x4_t;
  using Activation = int8_t;
  using Weight = int8_t;
  static constexpr int kGroup = 4;
  static constexpr int kZero = 0;
  static constexpr int kRows = 3;
  static constexpr int kTileVecs = 2;
  static constexpr bool kRowPairs = false;

  static Ints load(const int32_t* from) { return vld1q_s32(from); }
  static Ints load(const Weight* from) { return vreinterpretq_s32_s8(vld1q_s8(from)); }
  static Ints broadcast(const Activation* from) {
    int32_t group = 0;
    __builtin_memcpy(&group, from, sizeof(group));
    return vdupq_n_s32(group);
  }
  static void add_dot(Ints& sum, Ints x, Ints weight) {
    const int8x16_t a = vreinterpretq_s8_s32(x);
    const int8x16_t b = vreinterpretq_s8_s32(weight);
#if defined(__ARM_FEATURE_DOTPROD)
    sum = vdotq_s32(sum, b, a);
#else
    // Two products of magnitude 127 x 127 just fit 16 bits.
    const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b));
    sum = vpadalq_s16(sum, vpaddq_s16(low, vmull_high_s8(a, b)));
#endif
  }
  static Ints repeat(const int32_t* from) { return vdupq_n_s32(*from); }
  static Ints load_cells(const char* from) {
    return vreinterpretq_s32_s8(vld1q_s8(reinterpret_cast<const int8_t*>(from)));
  }
  /// Adds to the sums of one output channel the products of its weight cell with each row's cell.
  static void add_repeated(Ints (&sums)[kTileVecs], const Ints (&cells)[kTileVecs],
                           const Weight* weight) {
    const Ints w = broadcast(weight);
    for (int v = 0; v < kTileVecs; ++v) {
      add_dot(sums[v], cells[v], w);
    }
  }
  static Simd::Vec to_float(Ints value) { return vcvtq_f32_s32(value); }
  static void store_rounded(Activation* to, Simd::Vec value) {
    const int16x4_t words = vmovn_s32(vcvtnq_s32_f32(value));
    const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
    __builtin_memcpy(to, &bytes, 4);
  }
};

}  // namespace
}  // namespace muspeaker::kernels
