#include "model/adain_res_block.h"

namespace muspeaker::model {
namespace {

constexpr float kBlockSlope = 0.2F;

}  // namespace

AdaINResBlock::AdaINResBlock(const core::Scope& scope, int64_t channels, int64_t timbre,
                             int64_t kernel, nn::Arithmetic arithmetic)
    : norm1_(scope / "norm1", channels, timbre),
      conv1_(scope / "conv1", channels, channels, kernel, 1, kernel / 2, 1, arithmetic),
      norm2_(scope / "norm2", channels, timbre),
      conv2_(scope / "conv2", channels, channels, kernel, 1, kernel / 2, 1, arithmetic) {}

ggml_tensor* AdaINResBlock::forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* e_tim) const {
  // Leaky ReLU before each convolution; the second adds x.
  ggml_tensor* y = conv1_.forward(graph, norm1_.forward(graph, x, e_tim), {kBlockSlope});
  return conv2_.forward(graph, norm2_.forward(graph, y, e_tim), {kBlockSlope, x});
}

}  // namespace muspeaker::model
