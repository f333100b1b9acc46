#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/adain.h"
#include "nn/conv1d.h"

namespace muspeaker::model {

/// One residual block of the mel decoder, normalised to the speaker's statistics.
///
/// Source: Huang and Belongie 2017 (arXiv:1703.06868), Eq. 8, inside the paper's mel decoder.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class AdaINResBlock {
 public:
  /// arithmetic: how layers that the file holds as int8 compute.
  AdaINResBlock(const core::Scope& scope, int64_t channels, int64_t timbre, int64_t kernel,
                nn::Arithmetic arithmetic = nn::Arithmetic::kFloat);

  /// x: (1, channels, frames) float32, channels contiguous in memory; e_tim: (1, timbre).
  /// Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* e_tim) const;

 private:
  nn::AdaIN norm1_;
  nn::Conv1d conv1_;
  nn::AdaIN norm2_;
  nn::Conv1d conv2_;
};

}  // namespace muspeaker::model
