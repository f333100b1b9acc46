#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/conv_operator.h"

namespace muspeaker::nn {

/// torch.nn.Conv1d with a bias and one group, time-major, over the kernels of csrc/kernels.
class Conv1d {
 public:
  /// Arguments in PyTorch's order. Claims `weight` and `bias` of the scope; throws ModelFileError
  /// from there if one is absent or misshapen.
  Conv1d(const core::Scope& scope, int64_t in_channels, int64_t out_channels, int64_t kernel,
         int64_t stride = 1, int64_t padding = 0, int64_t dilation = 1,
         Arithmetic arithmetic = Arithmetic::kFloat);

  /// x: (1, in_channels, frames) float32, channels contiguous in memory.
  /// Returns (1, out_channels, frames out); `fusion` as ConvFusion says.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const ConvFusion& fusion = {}) const;

 private:
  ConvOperator operator_;
};

}  // namespace muspeaker::nn
