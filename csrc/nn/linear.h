#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/conv_operator.h"

namespace muspeaker::nn {

/// torch.nn.Linear with a bias: a convolution of kernel 1.
class Linear {
 public:
  /// Claims `weight` and `bias` of the scope; throws ModelFileError from there if one is absent or
  /// misshapen.
  Linear(const core::Scope& scope, int64_t in_features, int64_t out_features,
         Arithmetic arithmetic = Arithmetic::kFloat);

  /// x: (frames, in_features) float32. Returns (frames, out_features); `fusion` as Fusion says.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Fusion& fusion = {}) const;

  /// The same outside a graph, on the calling thread, for what goes on with the result while it is
  /// in the cache. x: (frames, in_features); y: (frames, out_features).
  void run(const float* x, int64_t frames, float* y) const;

 private:
  ConvOperator operator_;
};

}  // namespace muspeaker::nn
