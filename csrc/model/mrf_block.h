#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/weights.h"
#include "nn/conv1d.h"

namespace muspeaker::model {

/// Slope of every leaky ReLU in the vocoder.
constexpr float kSlope = 0.1F;

/// Residual pairs of a dilated and a plain convolution of one kernel width.
///
/// Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2.2, "ResBlock1".
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class ResBlock {
 public:
  ResBlock(const core::Scope& scope, int64_t channels, int64_t kernel,
           const std::vector<int64_t>& dilations, nn::Arithmetic arithmetic);

  /// x: (1, channels, samples) float32 at this scale, channels contiguous in memory; sum: the shape
  /// of x or null. Returns sum + scale * the refined x, the last convolution doing both on its way.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, float scale = 1.0F,
                       ggml_tensor* sum = nullptr) const;

 private:
  std::vector<nn::Conv1d> convs1_;
  std::vector<nn::Conv1d> convs2_;
};

/// The mean of residual blocks of several kernel widths.
///
/// Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2.2.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class MRFBlock {
 public:
  MRFBlock(const core::Scope& scope, int64_t channels, const std::vector<int64_t>& kernels,
           const std::vector<int64_t>& dilations, nn::Arithmetic arithmetic);

  /// x: (1, channels, samples) float32 at this scale. Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  std::vector<ResBlock> resblocks_;
};

}  // namespace muspeaker::model
