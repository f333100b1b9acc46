#pragma once

#include "kernels/simd_neon.h"

namespace muspeaker::kernels {
namespace {

/// Four signed bytes a lane: one instruction with dotprod; without, four, or three where two groups
/// of input channels are taken together.
struct Int8 {
  using Ints = int32x4_t;
  using Activation = int8_t;
  using Weight = int8_t;
  static constexpr int kGroup = 4;
  static constexpr int kZero = 0;
  static constexpr int kTileVecs = 2;
  static constexpr bool kSumsRows = true;
#if defined(__ARM_FEATURE_DOTPROD)
  static constexpr int kRows = 4;
#else
  static constexpr int kRows = 2;  // with two vectors of sums for each of outputs
#endif

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
#if defined(__ARM_FEATURE_DOTPROD)
  /// sum + the products of a cell of each lane of `weight` with cell `lane` of `x`, which the
  /// compiler knows.
  static Ints dot_lane(Ints sum, int8x16_t weight, int8x16_t x, int lane) {
    switch (lane) {
      case 0:
        return vdotq_laneq_s32(sum, weight, x, 0);
      case 1:
        return vdotq_laneq_s32(sum, weight, x, 1);
      case 2:
        return vdotq_laneq_s32(sum, weight, x, 2);
      default:
        return vdotq_laneq_s32(sum, weight, x, 3);
    }
  }

  /// What add_tap needs: the sums of products of kRowCount rows, `step` apart, with kVecCount
  /// vectors of output channels over all groups.
  template <int kRowCount, int kVecCount>
  static void sum_rows(Ints (&dots)[kRowCount][kVecCount], const Activation* x, int64_t step,
                       const Weight* weight, int64_t groups) {
#pragma GCC unroll 4
    for (int m = 0; m < kRowCount; ++m) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecCount; ++v) {
        dots[m][v] = vdupq_n_s32(0);
      }
    }
    for (; groups >= 4; groups -= 4, x += 4 * kGroup, weight += kVecCount * 64) {
      int8x16_t rows[kRowCount];
#pragma GCC unroll 4
      for (int m = 0; m < kRowCount; ++m) {
        rows[m] = vld1q_s8(x + m * step);
      }
#pragma GCC unroll 16
      for (int at = 0; at < 4 * kVecCount; ++at) {
        const int8x16_t w = vld1q_s8(weight + at * 16);
#pragma GCC unroll 4
        for (int m = 0; m < kRowCount; ++m) {
          Ints& sum = dots[m][at % kVecCount];
          sum = dot_lane(sum, w, rows[m], at / kVecCount);
        }
      }
    }
    for (; groups > 0; --groups, x += kGroup, weight += kVecCount * 16) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecCount; ++v) {
#pragma GCC unroll 4
        for (int m = 0; m < kRowCount; ++m) {
          add_dot(dots[m][v], broadcast(x + m * step), load(weight + v * 16));
        }
      }
    }
  }
#else
  /// Products of one group of input channels, or of a pair of them, added to sums that hold two of
  /// every lane: one product of either group just fits 16 bits together, and both are widened at
  /// once.
  template <bool kPair, int kRowCount, int kVecCount>
  static void add_group(Ints (&sums)[kRowCount][kVecCount][2], const Activation* x, int64_t step,
                        const Weight* weight) {
    int8x16_t rows[kRowCount][2];
#pragma GCC unroll 4
    for (int m = 0; m < kRowCount; ++m) {
      rows[m][0] = vreinterpretq_s8_s32(broadcast(x + m * step));
      rows[m][1] = vreinterpretq_s8_s32(broadcast(x + m * step + (kPair ? kGroup : 0)));
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVecCount; ++v) {
      const int8x16_t one = vld1q_s8(weight + v * 16);
      const int8x16_t two = vld1q_s8(weight + (kPair ? kVecCount + v : v) * 16);
      int16x8_t products[kRowCount][2];
#pragma GCC unroll 4
      for (int m = 0; m < kRowCount; ++m) {
        products[m][0] = vmull_s8(vget_low_s8(one), vget_low_s8(rows[m][0]));
        products[m][1] = vmull_high_s8(one, rows[m][0]);
      }
#pragma GCC unroll 4
      for (int m = 0; m < kRowCount && kPair; ++m) {
        products[m][0] = vmlal_s8(products[m][0], vget_low_s8(two), vget_low_s8(rows[m][1]));
        products[m][1] = vmlal_high_s8(products[m][1], two, rows[m][1]);
      }
#pragma GCC unroll 4
      for (int m = 0; m < kRowCount; ++m) {
        sums[m][v][0] = vpadalq_s16(sums[m][v][0], products[m][0]);
        sums[m][v][1] = vpadalq_s16(sums[m][v][1], products[m][1]);
      }
    }
  }

  /// What add_tap needs: the sums of products of kRowCount rows, `step` apart, with kVecCount
  /// vectors of output channels over all groups.
  template <int kRowCount, int kVecCount>
  static void sum_rows(Ints (&dots)[kRowCount][kVecCount], const Activation* x, int64_t step,
                       const Weight* weight, int64_t groups) {
    Ints sums[kRowCount][kVecCount][2];
#pragma GCC unroll 4
    for (int m = 0; m < kRowCount; ++m) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecCount; ++v) {
        sums[m][v][0] = vdupq_n_s32(0);
        sums[m][v][1] = vdupq_n_s32(0);
      }
    }
    for (; groups > 1; groups -= 2, x += 2 * kGroup, weight += kVecCount * 32) {
      add_group<true>(sums, x, step, weight);
    }
    if (groups == 1) {
      add_group<false>(sums, x, step, weight);
    }
#pragma GCC unroll 4
    for (int m = 0; m < kRowCount; ++m) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecCount; ++v) {
        dots[m][v] = vpaddq_s32(sums[m][v][0], sums[m][v][1]);
      }
    }
  }
#endif
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
