#include "model/mrf_block.h"

namespace muspeaker::model {

ResBlock::ResBlock(const core::Scope& scope, int64_t channels, int64_t kernel,
                   const std::vector<int64_t>& dilations, nn::Arithmetic arithmetic) {
  for (const int64_t dilation : dilations) {
    const auto index = static_cast<int64_t>(convs1_.size());
    const int64_t half = (kernel - 1) / 2;
    convs1_.emplace_back(scope / "convs1" / index,
                         nn::Conv1dShape{channels, channels, kernel, /*stride=*/1,
                                         /*padding=*/dilation * half, dilation},
                         arithmetic);
    convs2_.emplace_back(
        scope / "convs2" / index,
        nn::Conv1dShape{channels, channels, kernel, /*stride=*/1, /*padding=*/half}, arithmetic);
  }
}

ggml_tensor* ResBlock::forward(ggml_context* graph, ggml_tensor* x, float scale,
                               ggml_tensor* sum) const {
  for (size_t i = 0; i < convs1_.size(); ++i) {
    ggml_tensor* y = convs1_[i].forward(graph, x, nn::leaky(kSlope));  // (1, channels, samples)
    nn::Fusion fusion = nn::leaky(kSlope).plus(x);
    if (i + 1 == convs1_.size()) {
      fusion = fusion.scaled(scale).into(sum);
    }
    x = convs2_[i].forward(graph, y, fusion);
  }
  return x;
}

MRFBlock::MRFBlock(const core::Scope& scope, int64_t channels, const std::vector<int64_t>& kernels,
                   const std::vector<int64_t>& dilations, nn::Arithmetic arithmetic) {
  for (const int64_t kernel : kernels) {
    resblocks_.emplace_back(scope / "resblocks" / static_cast<int64_t>(resblocks_.size()), channels,
                            kernel, dilations, arithmetic);
  }
}

ggml_tensor* MRFBlock::forward(ggml_context* graph, ggml_tensor* x) const {
  const float scale = 1.0F / static_cast<float>(resblocks_.size());
  ggml_tensor* y = nullptr;  // (1, channels, samples)
  for (const ResBlock& resblock : resblocks_) {
    y = resblock.forward(graph, x, scale, y);
  }
  return y;
}

}  // namespace muspeaker::model
