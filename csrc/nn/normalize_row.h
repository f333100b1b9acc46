#pragma once

#include <cmath>
#include <cstdint>

#include "core/wide_vectors.h"

namespace muspeaker::nn {

/// Mean 0 and variance 1 for one row, then torch.nn.LayerNorm's weight and bias. `to` may be
/// `from`. A file that includes this is compiled without fused products. Sums by lanes, for a
/// compiler may not reorder one long sum.
MUSPEAKER_INTO_CALLER void normalize_row(const float* from, int64_t channels, const float* weight,
                                         const float* bias, float* to) {
  constexpr int64_t kLanes = 16;
  constexpr float kEpsilon = 1e-5F;  // PyTorch's default
  const int64_t whole = channels - (channels % kLanes);
  const auto sum_of = [&](const auto& value) MUSPEAKER_INTO_CALLER_BODY {
    float lanes[kLanes] = {};
    for (int64_t i = 0; i < whole; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] += value(from[i + lane]);
      }
    }
    for (int64_t i = whole; i < channels; ++i) {
      lanes[i - whole] += value(from[i]);
    }
    float sum = 0.0F;
    for (const float lane : lanes) {
      sum += lane;
    }
    return sum;
  };
  const auto count = static_cast<float>(channels);
  const float mean = sum_of([](float x) MUSPEAKER_INTO_CALLER_BODY { return x; }) / count;
  const float variance =
      sum_of([mean](float x) MUSPEAKER_INTO_CALLER_BODY { return (x - mean) * (x - mean); }) /
      count;
  const float scale = 1.0F / std::sqrt(variance + kEpsilon);
  for (int64_t i = 0; i < channels; ++i) {
    to[i] = ((from[i] - mean) * scale * weight[i]) + bias[i];
  }
}

}  // namespace muspeaker::nn
