#include "model/mel_encoder.h"

#include "nn/average_phones.h"

namespace muspeaker::model {
namespace {

constexpr nn::Activation kLeakyReLU{0.1F};
constexpr int64_t kKernel = 3;

std::vector<ResBlock2d> make_blocks(const core::Scope& scope,
                                    const core::MelEncoderConfig& config) {
  std::vector<ResBlock2d> blocks;
  int64_t in_channels = 1;
  for (const int64_t channels : config.channels) {
    blocks.emplace_back(scope / static_cast<int64_t>(blocks.size()), in_channels, channels);
    in_channels = channels;
  }
  return blocks;
}

}  // namespace

ResBlock2d::ResBlock2d(const core::Scope& scope, int64_t in_channels, int64_t out_channels)
    : conv1_(scope / "conv1",
             {in_channels, out_channels, kKernel, /*stride_height=*/2, /*stride_width=*/1}),
      conv2_(scope / "conv2", {out_channels, out_channels, kKernel}),
      shortcut_(scope / "shortcut", {in_channels, out_channels, /*kernel=*/1, /*stride_height=*/2,
                                     /*stride_width=*/1}) {}

ggml_tensor* ResBlock2d::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = conv1_.forward(graph, x, kLeakyReLU);  // (1, out_channels, mels / 2, frames)
  return conv2_.forward(graph, y, kLeakyReLU, shortcut_.forward(graph, x));
}

MelEncoder::MelEncoder(const core::Scope& scope, const core::MelEncoderConfig& config)
    : blocks_(make_blocks(scope / "blocks", config)),
      mean_(scope / "mean", config.channels.back(), config.latent),
      log_std_(scope / "log_std", config.channels.back(), config.latent) {}

MelEncoder::Posterior MelEncoder::forward(ggml_context* graph, ggml_tensor* mel,
                                          ggml_tensor* durations) const {
  ggml_tensor* x = ggml_cont(graph, ggml_transpose(graph, mel));
  x = ggml_reshape_3d(graph, x, 1, mel->ne[1], mel->ne[0]);  // (1, 1, mels, frames)
  for (const ResBlock2d& block : blocks_) {
    x = block.forward(graph, x);
  }
  ggml_tensor* y = nn::average_phones(graph, x, durations);  // (1, tokens, channels)
  return {mean_.forward(graph, y), log_std_.forward(graph, y)};
}

}  // namespace muspeaker::model
