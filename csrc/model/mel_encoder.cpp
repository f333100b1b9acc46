#include "model/mel_encoder.h"

#include <algorithm>

namespace muspeaker::model {
namespace {

constexpr nn::Activation kLeakyReLU{0.1F};

float* values(const ggml_tensor* tensor) {
  return static_cast<float*>(tensor->data);
}

/// Averages (channels, mels, frames) over mels and over the frames of each phone: (channels,
/// tokens).
void average_phones(ggml_tensor* averages, int thread, int num_threads, void* /*unused*/) {
  const ggml_tensor* x = averages->src[0];
  const auto* durations = static_cast<const int32_t*>(averages->src[1]->data);
  const int64_t channels = x->ne[0];
  const int64_t tokens = averages->ne[1];
  const int64_t end_token = tokens * (thread + 1) / num_threads;
  std::vector<double> sum(static_cast<size_t>(channels));
  int64_t first = 0;
  for (int64_t token = 0; token < end_token; ++token) {
    const int64_t duration = std::max(durations[token], 0);
    const int64_t last = std::min(first + duration, x->ne[1]);
    if (token >= tokens * thread / num_threads) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (int64_t row = 0; row < x->ne[2]; ++row) {
        const float* from =
            static_cast<const float*>(x->data) + (((row * x->ne[1]) + first) * channels);
        for (int64_t i = 0; i < (last - first) * channels; ++i) {
          sum[static_cast<size_t>(i % channels)] += from[i];
        }
      }
      float* to = values(averages) + (token * channels);
      const auto count = static_cast<double>(std::max<int64_t>(last - first, 1) * x->ne[2]);
      std::transform(sum.begin(), sum.end(), to,
                     [count](double value) { return static_cast<float>(value / count); });
    }
    first = last;
  }
}

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
    : conv1_(scope / "conv1", {in_channels, out_channels, 3, 2, 1}, kLeakyReLU),
      conv2_(scope / "conv2", {out_channels, out_channels, 3}, kLeakyReLU),
      shortcut_(scope / "shortcut", {in_channels, out_channels, 1, 2, 1}) {}

ggml_tensor* ResBlock2d::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = conv1_.forward(graph, x);  // (1, out_channels, mels / 2, frames)
  return conv2_.forward(graph, y, shortcut_.forward(graph, x));
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
  ggml_tensor* operands[] = {x, durations};
  ggml_tensor* y =
      ggml_custom_4d(graph, GGML_TYPE_F32, x->ne[0], durations->ne[0], 1, 1, operands, 2,
                     average_phones, GGML_N_TASKS_MAX, nullptr);  // (1, tokens, channels)
  return {mean_.forward(graph, y), log_std_.forward(graph, y)};
}

}  // namespace muspeaker::model
