#include "model/adain_res_block.h"

namespace muspeaker::model {
namespace {

constexpr float kSlope = 0.2F;

}  // namespace

AdaINResBlock::AdaINResBlock(const core::Scope& scope, int64_t channels, int64_t timbre,
                             int64_t kernel, nn::Arithmetic arithmetic)
    : norm1_(scope / "norm1", channels, timbre),
      conv1_(scope / "conv1", {channels, channels, kernel, /*stride=*/1, /*padding=*/kernel / 2},
             arithmetic),
      norm2_(scope / "norm2", channels, timbre),
      conv2_(scope / "conv2", {channels, channels, kernel, /*stride=*/1, /*padding=*/kernel / 2},
             arithmetic) {}

ggml_tensor* AdaINResBlock::forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* e_tim) const {
  ggml_tensor* y = conv1_.forward(graph, norm1_.forward(graph, x, e_tim), nn::leaky(kSlope));
  return conv2_.forward(graph, norm2_.forward(graph, y, e_tim), nn::leaky(kSlope).plus(x));
}

}  // namespace muspeaker::model
