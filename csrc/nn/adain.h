#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/linear.h"

namespace muspeaker::nn {

/// Instance norm over time whose gain and shift come from the timbre.
///
/// Source: Huang and Belongie 2017 (arXiv:1703.06868), Eq. 8.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class AdaIN {
 public:
  AdaIN(const core::Scope& scope, int64_t channels, int64_t timbre);

  /// x: (1, channels, frames) float32, channels contiguous in memory; e_tim: (1, timbre) float32.
  /// Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* e_tim) const;

 private:
  Linear linear_;
};

}  // namespace muspeaker::nn
