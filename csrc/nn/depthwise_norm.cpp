#include "nn/depthwise_norm.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/thread_pool.h"
#include "nn/custom_node.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastFrames = 32;  // frames of one piece: fewer are not worth it
constexpr float kEpsilon = 1e-5F;     // PyTorch's default

const float* values_of(const ggml_tensor* tensor) {
  return static_cast<const float*>(tensor->data);
}

}  // namespace

DepthwiseNorm::DepthwiseNorm(const core::Scope& depthwise, const core::Scope& norm,
                             int64_t channels, int64_t kernel)
    : channels_(channels),
      kernel_(kernel),
      taps_(values_of(depthwise.tensor("weight", {/*in_channels=*/1, channels, kernel}))),
      bias_(values_of(depthwise.tensor("bias", {channels}))),
      gain_(values_of(norm.tensor("weight", {channels}))),
      shift_(values_of(norm.tensor("bias", {channels}))) {}

ggml_tensor* DepthwiseNorm::forward(ggml_context* graph, ggml_tensor* x, const Rows& kept) const {
  core::require_input(
      x->ne[0] == channels_ && kept.begin >= 0 && kept.begin + kept.count <= x->ne[1],
      "a convolution by channel expects (frames, " + std::to_string(channels_) + "), got (" +
          std::to_string(x->ne[1]) + ", " + std::to_string(x->ne[0]) + ")");
  ggml_tensor* y = ggml_custom_4d(graph, GGML_TYPE_F32, channels_, kept.count, 1, 1, &x, 1, compute,
                                  GGML_N_TASKS_MAX, const_cast<DepthwiseNorm*>(this));
  set_node_params(y, kept);
  return y;
}

void DepthwiseNorm::compute(ggml_tensor* y, int /*thread*/, int /*num_threads*/, void* self) {
  const auto& layer = *static_cast<const DepthwiseNorm*>(self);
  const Rows kept = node_params<Rows>(y);
  const float* x = values_of(y->src[0]);
  auto* to = static_cast<float*>(y->data);
  const int64_t frames = y->src[0]->ne[1];
  const int64_t channels = layer.channels_;
  core::parallel_ranges(kept.count, kLeastFrames, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* __restrict sum = to + (row * channels);
      std::copy(layer.bias_, layer.bias_ + channels, sum);
      const int64_t first = kept.begin + row - (layer.kernel_ / 2);
      for (int64_t tap = 0; tap < layer.kernel_; ++tap) {
        const int64_t frame = first + tap;
        if (frame < 0 || frame >= frames) {
          continue;
        }
        const float* __restrict from = x + (frame * channels);
        const float* __restrict weights = layer.taps_ + (tap * channels);
        for (int64_t i = 0; i < channels; ++i) {
          sum[i] += weights[i] * from[i];
        }
      }
      layer.normalize(sum);
    }
  });
}

/// Sums by eight lanes, for a compiler may not reorder one long sum.
void DepthwiseNorm::normalize(float* row) const {
  constexpr int64_t kLanes = 8;
  float sums[kLanes] = {};
  float squares[kLanes] = {};
  const int64_t whole = channels_ - (channels_ % kLanes);
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += row[i + lane];
    }
  }
  float sum = 0.0F;
  for (int64_t i = whole; i < channels_; ++i) {
    sum += row[i];
  }
  for (const float lane : sums) {
    sum += lane;
  }
  const float mean = sum / static_cast<float>(channels_);
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float off = row[i + lane] - mean;
      squares[lane] += off * off;
    }
  }
  float square = 0.0F;
  for (int64_t i = whole; i < channels_; ++i) {
    square += (row[i] - mean) * (row[i] - mean);
  }
  for (const float lane : squares) {
    square += lane;
  }
  const float scale = 1.0F / std::sqrt((square / static_cast<float>(channels_)) + kEpsilon);
  for (int64_t i = 0; i < channels_; ++i) {
    row[i] = ((row[i] - mean) * scale * gain_[i]) + shift_[i];
  }
}

ggml_tensor* rows_of(ggml_context* graph, ggml_tensor* x, const Rows& kept) {
  return ggml_view_2d(graph, x, x->ne[0], kept.count, x->nb[1],
                      static_cast<size_t>(kept.begin) * x->nb[1]);
}

}  // namespace muspeaker::nn
