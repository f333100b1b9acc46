#include "nn/conv1d.h"

namespace muspeaker::nn {

Conv1d::Conv1d(const core::Scope& scope, const Conv1dShape& s, Arithmetic arithmetic)
    : operator_(ConvOperator::Kind::kPlain,
                {s.in_channels, s.out_channels, s.kernel, s.stride, s.dilation, s.padding},
                scope.stored("weight", {s.in_channels, s.out_channels, s.kernel}),
                scope.tensor("bias", {s.out_channels}), arithmetic) {}

ggml_tensor* Conv1d::forward(ggml_context* graph, ggml_tensor* x, const Fusion& fusion) const {
  return operator_.forward(graph, x, fusion);
}

}  // namespace muspeaker::nn
