#include "nn/conv_transpose1d.h"

namespace muspeaker::nn {

ConvTranspose1d::ConvTranspose1d(const core::Scope& scope, int64_t in_channels,
                                 int64_t out_channels, int64_t kernel, int64_t stride,
                                 int64_t padding, Arithmetic arithmetic)
    : operator_(ConvOperator::Kind::kTransposed,
                {in_channels, out_channels, kernel, stride, 1, padding},
                scope.stored("weight", {in_channels, out_channels, kernel}),
                scope.tensor("bias", {out_channels}), arithmetic) {}

ggml_tensor* ConvTranspose1d::forward(ggml_context* graph, ggml_tensor* x,
                                      const ConvFusion& fusion) const {
  return operator_.forward(graph, x, fusion);
}

}  // namespace muspeaker::nn
