#include "nn/linear.h"

namespace muspeaker::nn {

Linear::Linear(const core::Scope& scope, int64_t in_features, int64_t out_features,
               Arithmetic arithmetic)
    : operator_(ConvOperator::Kind::kPlain, {in_features, out_features},
                scope.stored("weight", {in_features, out_features}),
                scope.tensor("bias", {out_features}), arithmetic) {}

ggml_tensor* Linear::forward(ggml_context* graph, ggml_tensor* x, const Fusion& fusion) const {
  return operator_.forward(graph, x, fusion);
}

void Linear::run(const float* x, int64_t frames, float* y) const {
  operator_.run(x, frames, y);
}

}  // namespace muspeaker::nn
