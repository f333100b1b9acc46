#include "nn/depthwise_norm.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "core/thread_pool.h"
#include "core/wide_vectors.h"
#include "nn/custom_node.h"
#include "nn/normalize_row.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastFrames = 32;  // frames of one piece: fewer are not worth it

const float* values_of(const ggml_tensor* tensor) {
  return static_cast<const float*>(tensor->data);
}

/// The convolution: weights (kernel, channels), bias (channels).
struct Taps {
  int64_t channels;
  int64_t kernel;
  const float* weights;
  const float* bias;
};

/// All taps of one output row, of which the first lies on frame `first`. Always in the order of the
/// taps.
MUSPEAKER_INTO_CALLER void convolve(const Taps& all, const float* x, int64_t frames, int64_t first,
                                    float* __restrict sum) {
  constexpr int64_t kUsual = 7;  // taps that are worked out without going back to memory
  if (all.kernel == kUsual && first >= 0 && first + kUsual <= frames) {
    const float* __restrict from = x + (first * all.channels);
    const float* __restrict taps = all.weights;
    const int64_t step = all.channels;
    for (int64_t i = 0; i < step; ++i) {
      float value = all.bias[i];
      for (int64_t tap = 0; tap < kUsual; ++tap) {
        value += taps[(tap * step) + i] * from[(tap * step) + i];
      }
      sum[i] = value;
    }
    return;
  }
  std::copy(all.bias, all.bias + all.channels, sum);
  for (int64_t tap = 0; tap < all.kernel; ++tap) {
    const int64_t frame = first + tap;
    if (frame < 0 || frame >= frames) {
      continue;
    }
    const float* __restrict from = x + (frame * all.channels);
    const float* __restrict weights = all.weights + (tap * all.channels);
    for (int64_t i = 0; i < all.channels; ++i) {
      sum[i] += weights[i] * from[i];
    }
  }
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
  const Taps taps{layer.channels_, layer.kernel_, layer.taps_, layer.bias_};
  core::parallel_ranges(kept.count, kLeastFrames, [&](int64_t begin, int64_t end) {
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t first = kept.begin + row - (taps.kernel / 2);
        float* sum = to + (row * taps.channels);
        convolve(taps, x, frames, first, sum);
        normalize_row(sum, taps.channels, layer.gain_, layer.shift_, sum);
      }
    });
  });
}

ggml_tensor* rows_of(ggml_context* graph, ggml_tensor* x, const Rows& kept) {
  return ggml_view_2d(graph, x, x->ne[0], kept.count, x->nb[1],
                      static_cast<size_t>(kept.begin) * x->nb[1]);
}

}  // namespace muspeaker::nn
