#include "nn/layer_norm.h"

namespace muspeaker::nn {
namespace {

constexpr float kEpsilon = 1e-5F;  // PyTorch's default

}  // namespace

LayerNorm::LayerNorm(const core::Scope& scope, int64_t channels)
    : weight_(scope.tensor("weight", {channels})), bias_(scope.tensor("bias", {channels})) {}

ggml_tensor* LayerNorm::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = ggml_norm(graph, x, kEpsilon);
  return ggml_add(graph, ggml_mul(graph, y, weight_), bias_);
}

}  // namespace muspeaker::nn
