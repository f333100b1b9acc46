#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"

namespace muspeaker::nn {

/// torch.nn.LayerNorm over the channels of each frame, with gain and bias.
class LayerNorm {
 public:
  /// Claims `weight` and `bias` of the scope; throws ModelFileError from there if one is absent or
  /// misshapen.
  LayerNorm(const core::Scope& scope, int64_t channels);

  /// x: (1, frames, channels) float32. Returns the shape of x. The layer must outlive the graph.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  static void compute(ggml_tensor* y, int thread, int num_threads, void* self);

  int64_t channels_;
  const float* weight_;
  const float* bias_;
};

}  // namespace muspeaker::nn
