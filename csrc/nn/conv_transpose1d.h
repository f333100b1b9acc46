#pragma once

#include <ggml.h>

#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/conv_operator.h"

namespace muspeaker::nn {

/// torch.nn.ConvTranspose1d with a bias and one group, time-major, over the kernels of
/// csrc/kernels.
class ConvTranspose1d {
 public:
  /// shape: stride and padding as PyTorch means them, dilation 1. Claims `weight` and `bias` of the
  /// scope; throws ModelFileError from there if one is absent or misshapen.
  ConvTranspose1d(const core::Scope& scope, const Conv1dShape& shape,
                  Arithmetic arithmetic = Arithmetic::kFloat);

  /// x: (1, in_channels, frames) float32, channels contiguous in memory.
  /// Returns (1, out_channels, (frames - 1) * stride - 2 * padding + kernel); `fusion` as Fusion
  /// says.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Fusion& fusion = {}) const;

 private:
  ConvOperator operator_;
};

}  // namespace muspeaker::nn
