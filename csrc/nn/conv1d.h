#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/conv_operator.h"

namespace muspeaker::nn {

/// Sizes of a convolution over time, in PyTorch's order.
struct Conv1dShape {
  int64_t in_channels = 1;
  int64_t out_channels = 1;
  int64_t kernel = 1;    ///< taps
  int64_t stride = 1;    ///< input frames from one output frame to the next
  int64_t padding = 0;   ///< zero frames at either end
  int64_t dilation = 1;  ///< input frames from one tap to the next
};

/// torch.nn.Conv1d with a bias and one group, time-major, over the kernels of csrc/kernels.
class Conv1d {
 public:
  /// Claims `weight` and `bias` of the scope; throws ModelFileError from there if one is absent or
  /// misshapen.
  Conv1d(const core::Scope& scope, const Conv1dShape& shape,
         Arithmetic arithmetic = Arithmetic::kFloat);

  /// x: (1, in_channels, frames) float32, channels contiguous in memory.
  /// Returns (1, out_channels, frames out); `fusion` as Fusion says.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Fusion& fusion = {}) const;

 private:
  ConvOperator operator_;
};

}  // namespace muspeaker::nn
