#include "model/convnext_block.h"

namespace muspeaker::model {

ConvNextBlock::ConvNextBlock(const core::Scope& scope, int64_t channels, int64_t hidden,
                             int64_t kernel, nn::Arithmetic arithmetic)
    : depthwise_norm_(scope / "depthwise", scope / "norm", channels, kernel),
      linear1_(scope / "linear1", channels, hidden, arithmetic),
      linear2_(scope / "linear2", hidden, channels, arithmetic) {}

ggml_tensor* ConvNextBlock::forward(ggml_context* graph, ggml_tensor* x,
                                    const nn::Rows& kept) const {
  ggml_tensor* y = depthwise_norm_.forward(graph, x, kept);
  y = linear1_.forward(graph, y);
  return linear2_.forward(graph, y, nn::relu().plus(nn::rows_of(graph, x, kept)));
}

}  // namespace muspeaker::model
