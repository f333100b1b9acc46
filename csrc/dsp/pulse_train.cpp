#include "dsp/pulse_train.h"

#include <algorithm>
#include <cmath>

#include "core/elementary.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {
namespace {

constexpr float kTopHz = 11000.0F;
constexpr int64_t kBlock = 64;  // samples whose steps are worked out at once
constexpr float kPeak = 1e-4F;  // below it sin(x / 2) is taken for the middle of a pulse

struct Line {
  double left;
  double right;
};

/// F0 at the middles of two frames; an unvoiced one takes the other's.
Line between(float left, float right) {
  return {left > 0 ? left : right, right > 0 ? right : left};
}

}  // namespace

double integrate_frame(const FrameF0& f0, const core::AudioConfig& audio, double start,
                       float* phase) {
  const int64_t hop = audio.hop_samples;
  const int64_t middle = hop / 2;
  const double even = hop % 2 == 0 ? 0.0 : 0.5;
  const auto length = static_cast<double>(hop);
  const double late_offset = even - static_cast<double>(middle);
  const double early_offset = late_offset + length;
  const Line first = between(f0.before, f0.here);
  const Line second = between(f0.here, f0.after);
  const double of_frame = 1.0 / length;  // what a sample is of it
  const double of_second = 1.0 / static_cast<double>(audio.sample_rate);
  double sum = start;
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    double sums[kBlock];
    for (int64_t begin = 0; begin < hop; begin += kBlock) {
      const int64_t count = std::min(kBlock, hop - begin);
      for (int64_t i = 0; i < count; ++i) {
        const auto at = static_cast<int32_t>(begin + i);
        const bool late = at >= middle;
        const double left = late ? second.left : first.left;
        const double right = late ? second.right : first.right;
        const double share =
            (static_cast<double>(at) + (late ? late_offset : early_offset)) * of_frame;
        sums[i] = (left + ((right - left) * share)) * of_second;
      }
      for (int64_t i = 0; i < count; ++i) {
        sum += sums[i];
        sums[i] = sum;
      }
      for (int64_t i = 0; i < count; ++i) {
        phase[begin + i] = static_cast<float>(sums[i] - std::floor(sums[i]));
      }
    }
  });
  return sum - std::floor(sum);
}

void pulse_frame(float f0, const float* phase, int64_t hop_samples, float* pulses) {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    if (f0 <= 0) {
      for (int64_t i = 0; i < hop_samples; ++i) {
        pulses[i] = 0.0F;
      }
      return;
    }
    const float top = std::floor(kTopHz / std::fmax(f0, 1.0F));
    const float odd = (2.0F * top) + 1.0F;
    const float sounding = top > 0 ? 1.0F : 0.0F;
    for (int64_t i = 0; i < hop_samples; ++i) {
      const float half = 0.5F * phase[i];  // x / 2 in turns
      const float below = core::sin_cos_of_turns(half).sin;
      const float above = core::sin_cos_of_turns(odd * half).sin;
      const bool peak = std::fabs(below) < kPeak;
      const float ratio = above / (peak ? 1.0F : below);
      pulses[i] = sounding * (peak ? top : 0.5F * (ratio - 1.0F));
    }
  });
}

}  // namespace muspeaker::dsp
