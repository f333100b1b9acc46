#include "model/vocoder.h"

#include "core/error.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kEndKernel = 7;  // of the first and the last convolution

/// Channels after the last scale, every one of which halves them.
int64_t last_width(const core::VocoderConfig& config) {
  int64_t width = config.initial_channels;
  for (size_t i = 0; i < config.upsample_rates.size(); ++i) {
    width /= 2;
  }
  return width;
}

}  // namespace

Vocoder::Vocoder(const core::Scope& scope, const core::VocoderConfig& config,
                 const core::AudioConfig& audio, nn::Arithmetic arithmetic)
    : harmonic_source_(scope / "harmonic_source", config, audio),
      conv_pre_(scope / "conv_pre", audio.num_mels, config.initial_channels, kEndKernel, 1,
                kEndKernel / 2),
      conv_post_(scope / "conv_post", last_width(config), 1, kEndKernel, 1, kEndKernel / 2) {
  int64_t width = config.initial_channels;
  int64_t remaining = audio.hop_samples;
  for (size_t i = 0; i < config.upsample_rates.size(); ++i) {
    const int64_t rate = config.upsample_rates[i];
    const int64_t kernel = config.upsample_kernels[i];
    const auto index = static_cast<int64_t>(i);
    remaining /= rate;
    ups_.emplace_back(scope / "ups" / index, width, width / 2, kernel, rate, (kernel - rate) / 2,
                      arithmetic);
    width /= 2;
    const int64_t source_kernel = remaining > 1 ? 2 * remaining : 1;
    source_convs_.emplace_back(scope / "source_convs" / index, 1, width, source_kernel, remaining,
                               remaining / 2);
    mrf_blocks_.emplace_back(scope / "mrf_blocks" / index, width, config.resblock_kernels,
                             config.resblock_dilations, arithmetic);
  }
}

ggml_tensor* Vocoder::forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0,
                              ggml_tensor* phase, ggml_tensor* noise) const {
  ggml_tensor* source = harmonic_source_.forward(graph, f0, phase, noise);  // (1, 1, samples)
  ggml_tensor* x = conv_pre_.forward(graph, mel);                           // (1, channels, frames)
  for (size_t i = 0; i < ups_.size(); ++i) {
    x = ups_[i].forward(graph, x, {kSlope});  // (1, channels, samples of this scale)
    x = source_convs_[i].forward(graph, source, {1.0F, x});
    x = mrf_blocks_[i].forward(graph, x);
  }
  x = conv_post_.forward(graph, x, {kSlope});  // (1, 1, samples)
  return ggml_reshape_1d(graph, ggml_tanh_inplace(graph, x), x->ne[1]);
}

}  // namespace muspeaker::model
