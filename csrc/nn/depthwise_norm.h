#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"

namespace muspeaker::nn {

/// Rows [begin, begin + count) of a tensor.
struct Rows {
  int64_t begin = 0;
  int64_t count = 0;
};

/// torch.nn.Conv1d with one group a channel and a bias, then torch.nn.LayerNorm over the channels
/// of each frame, in one pass over memory.
class DepthwiseNorm {
 public:
  /// Claims `weight` and `bias` of both scopes; throws ModelFileError from there if one is absent
  /// or misshapen. kernel is odd; half of it are zero frames at either end.
  DepthwiseNorm(const core::Scope& depthwise, const core::Scope& norm, int64_t channels,
                int64_t kernel);

  /// x: (1, frames, channels) float32, contiguous. Returns (1, kept.count, channels), those of the
  /// kept frames alone; the bits of a frame do not depend on which others are kept.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Rows& kept) const;

 private:
  static void compute(ggml_tensor* y, int thread, int num_threads, void* self);

  int64_t channels_;
  int64_t kernel_;
  const float* taps_;  // (kernel, channels)
  const float* bias_;
  const float* gain_;   // of the norm
  const float* shift_;  // likewise
};

/// The kept rows of (1, frames, channels) float32, in place.
ggml_tensor* rows_of(ggml_context* graph, ggml_tensor* x, const Rows& kept);

}  // namespace muspeaker::nn
