#pragma once

#include "kernels/simd_neon.h"

namespace muspeaker::kernels {
namespace {

/// Two rows by two output channels by eight signed bytes in one instruction.
struct Int8 {
  using Ints = int32x4_t;
  using Activation = int8_t;
  using Weight = int8_t;
  static constexpr int kGroup = 8;
  static constexpr int kZero = 0;
  static constexpr int kRows = 6;
  static constexpr bool kSumsRows = true;

  static Ints load(const int32_t* from) { return vld1q_s32(from); }

  /// What add_tap needs: the sums of products of kRowCount rows, `step` apart, with kVecCount
  /// vectors of output channels over all groups.
  template <int kRowCount, int kVecCount>
  static void sum_rows(Ints (&dots)[kRowCount][kVecCount], const Activation* x, int64_t step,
                       const Weight* weight, int64_t groups) {
    constexpr int kPairs = (kRowCount + 1) / 2;
    constexpr int kOutPairs = 2 * kVecCount;
    Ints sums[kPairs][kOutPairs];
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 8
      for (int u = 0; u < kOutPairs; ++u) {
        sums[p][u] = vdupq_n_s32(0);
      }
    }
    for (; groups > 0; --groups, x += kGroup, weight += kOutPairs * 2 * kGroup) {
      int8x16_t rows[kPairs];
#pragma GCC unroll 4
      for (int p = 0; p < kPairs; ++p) {
        const int second = 2 * p + 1 < kRowCount ? 2 * p + 1 : 2 * p;
        rows[p] = vcombine_s8(vld1_s8(x + 2 * p * step), vld1_s8(x + second * step));
      }
#pragma GCC unroll 8
      for (int u = 0; u < kOutPairs; ++u) {
        const int8x16_t outs = vld1q_s8(weight + u * 2 * kGroup);
#pragma GCC unroll 4
        for (int p = 0; p < kPairs; ++p) {
          sums[p][u] = vmmlaq_s32(sums[p][u], rows[p], outs);
        }
      }
    }
#pragma GCC unroll 8
    for (int m = 0; m < kRowCount; ++m) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecCount; ++v) {
        const Ints one = sums[m / 2][2 * v];
        const Ints two = sums[m / 2][2 * v + 1];
        dots[m][v] = m % 2 == 0 ? vcombine_s32(vget_low_s32(one), vget_low_s32(two))
                                : vcombine_s32(vget_high_s32(one), vget_high_s32(two));
      }
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
