#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/depthwise_norm.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// Residual block: convolution by channel, norm, a wider hidden layer with ReLU.
///
/// Source: Liu et al. 2022 (arXiv:2201.03545), Figure 4, over time and with ReLU for GELU.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class ConvNextBlock {
 public:
  ConvNextBlock(const core::Scope& scope, int64_t channels, int64_t hidden, int64_t kernel,
                nn::Arithmetic arithmetic);

  /// x: (1, frames, channels). Returns (1, kept.count, channels), those of the kept frames alone.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const nn::Rows& kept) const;

 private:
  nn::DepthwiseNorm depthwise_norm_;
  nn::Linear linear1_;
  nn::Linear linear2_;
};

}  // namespace muspeaker::model
