#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// What a layer does in the same pass over memory:
///
///   y = sum + scale * (layer(leaky_relu(x, input_slope)) + residual)
///
/// Calls read as PyTorch would: `conv.forward(graph, x, relu().plus(residual))`.
struct Fusion {
  float input_slope = 1.0F;         ///< slope of the leaky ReLU: 1 for none, 0 for ReLU
  ggml_tensor* residual = nullptr;  ///< a tensor of the result's shape, or null
  float scale = 1.0F;
  ggml_tensor* sum = nullptr;  ///< a contiguous tensor of the result's shape, overwritten; or null

  /// Adds a tensor to the layer's result.
  [[nodiscard]] Fusion plus(ggml_tensor* x) const { return {input_slope, x, scale, sum}; }

  /// Multiplies the result, and what plus() added, by a factor.
  [[nodiscard]] Fusion scaled(float factor) const { return {input_slope, residual, factor, sum}; }

  /// Adds everything to a running sum, in place of it; null begins a new one.
  [[nodiscard]] Fusion into(ggml_tensor* total) const {
    return {input_slope, residual, scale, total};
  }
};

/// The layer sees leaky_relu(x, slope).
inline Fusion leaky(float slope) {
  return {slope};
}

/// The layer sees relu(x).
inline Fusion relu() {
  return {0.0F};
}

/// The layer sees x itself, and `x` is added to its result.
inline Fusion plus(ggml_tensor* x) {
  return Fusion{}.plus(x);
}

}  // namespace muspeaker::nn
