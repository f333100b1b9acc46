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

  /// x: (1, frames, channels) float32. Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  ggml_tensor* weight_;
  ggml_tensor* bias_;
};

}  // namespace muspeaker::nn
