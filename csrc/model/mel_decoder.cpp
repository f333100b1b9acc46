#include "model/mel_decoder.h"

namespace muspeaker::model {

MelDecoder::MelDecoder(const core::Scope& scope, const core::MelDecoderConfig& config,
                       int64_t content, int64_t num_mels)
    : conv_pre_(scope / "conv_pre", {content, config.channels, config.kernel, /*stride=*/1,
                                     /*padding=*/config.kernel / 2}),
      conv_post_(scope / "conv_post", {config.channels, num_mels, /*kernel=*/1}) {
  for (int64_t block = 0; block < config.num_blocks; ++block) {
    blocks_.emplace_back(scope / "blocks" / block, config.channels, config.timbre, config.kernel,
                         nn::Arithmetic::kInt8);
  }
}

ggml_tensor* MelDecoder::forward(ggml_context* graph, ggml_tensor* e_lat,
                                 ggml_tensor* e_tim) const {
  ggml_tensor* x = conv_pre_.forward(graph, e_lat);  // (1, channels, frames)
  for (const AdaINResBlock& block : blocks_) {
    x = block.forward(graph, x, e_tim);
  }
  return conv_post_.forward(graph, x);
}

}  // namespace muspeaker::model
