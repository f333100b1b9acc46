#include "nn/conv_transpose1d.h"

namespace muspeaker::nn {

ConvTranspose1d::ConvTranspose1d(const core::Scope& scope, const Conv1dShape& s,
                                 Arithmetic arithmetic)
    : operator_(ConvOperator::Kind::kTransposed,
                {s.in_channels, s.out_channels, s.kernel, s.stride, s.dilation, s.padding},
                scope.stored("weight", {s.in_channels, s.out_channels, s.kernel}),
                scope.tensor("bias", {s.out_channels}), arithmetic) {}

ggml_tensor* ConvTranspose1d::forward(ggml_context* graph, ggml_tensor* x,
                                      const Fusion& fusion) const {
  return operator_.forward(graph, x, fusion);
}

}  // namespace muspeaker::nn
