#include "nn/conv1d.h"

namespace muspeaker::nn {

Conv1d::Conv1d(const core::Scope& scope, int64_t in_channels, int64_t out_channels, int64_t kernel,
               int64_t stride, int64_t padding, int64_t dilation, Arithmetic arithmetic)
    : operator_(ConvOperator::Kind::kPlain,
                {in_channels, out_channels, kernel, stride, dilation, padding},
                scope.stored("weight", {in_channels, out_channels, kernel}),
                scope.tensor("bias", {out_channels}), arithmetic) {}

ggml_tensor* Conv1d::forward(ggml_context* graph, ggml_tensor* x, const ConvFusion& fusion) const {
  return operator_.forward(graph, x, fusion);
}

}  // namespace muspeaker::nn
