#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace muspeaker::kernels {
namespace {

/// Four floats at a time; 4 x 4 vectors of sums and 4 of rows, 20 of the 32 registers.
struct Simd {
  using Vec = float32x4_t;
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4;
  static constexpr int kVecs = 4;
  static constexpr bool kFactorLanes = true;

  static Vec load(const float* from) { return vld1q_f32(from); }
  static Vec load_partial(const float* from, int64_t count) {
    Vec lanes = vdupq_n_f32(0.0F);
    lanes = count > 0 ? vld1q_lane_f32(from, lanes, 0) : lanes;
    lanes = count > 1 ? vld1q_lane_f32(from + 1, lanes, 1) : lanes;
    return count > 2 ? vld1q_lane_f32(from + 2, lanes, 2) : lanes;
  }
  static Vec broadcast(const float* from) { return vld1q_dup_f32(from); }
  static Vec set(float value) { return vdupq_n_f32(value); }
  static void store(float* to, Vec value) { vst1q_f32(to, value); }
  static void store_partial(float* to, Vec value, int64_t count) {
    if (count > 0) {
      vst1q_lane_f32(to, value, 0);
    }
    if (count > 1) {
      vst1q_lane_f32(to + 1, value, 1);
    }
    if (count > 2) {
      vst1q_lane_f32(to + 2, value, 2);
    }
  }
  /// Row t gets lane t of a, b, c and d, side by side.
  static void store_turned(float* to, int64_t step, Vec a, Vec b, Vec c, Vec d) {
    const float32x4x2_t ab = vtrnq_f32(a, b);
    const float32x4x2_t cd = vtrnq_f32(c, d);
    vst1q_f32(to, vcombine_f32(vget_low_f32(ab.val[0]), vget_low_f32(cd.val[0])));
    vst1q_f32(to + step, vcombine_f32(vget_low_f32(ab.val[1]), vget_low_f32(cd.val[1])));
    vst1q_f32(to + 2 * step, vcombine_f32(vget_high_f32(ab.val[0]), vget_high_f32(cd.val[0])));
    vst1q_f32(to + 3 * step, vcombine_f32(vget_high_f32(ab.val[1]), vget_high_f32(cd.val[1])));
  }
  static Vec add(Vec a, Vec b) { return vaddq_f32(a, b); }
  static Vec multiply(Vec a, Vec b) { return vmulq_f32(a, b); }
  static Vec minimum(Vec a, Vec b) { return vminq_f32(a, b); }
  static Vec maximum(Vec a, Vec b) { return vmaxq_f32(a, b); }
  static Vec magnitude(Vec a) { return vabsq_f32(a); }
  static float largest(Vec a) { return vmaxvq_f32(a); }
  static Vec multiply_add(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }
  /// a times one lane of b, plus c; `lane` is known to the compiler.
  static Vec multiply_add_lane(Vec a, Vec b, int lane, Vec c) {
    switch (lane) {
      case 0:
        return vfmaq_laneq_f32(c, a, b, 0);
      case 1:
        return vfmaq_laneq_f32(c, a, b, 1);
      case 2:
        return vfmaq_laneq_f32(c, a, b, 2);
      default:
        return vfmaq_laneq_f32(c, a, b, 3);
    }
  }
  static Vec fused_multiply_add(Vec a, Vec b, Vec c) { return multiply_add(a, b, c); }
};

}  // namespace
}  // namespace muspeaker::kernels
