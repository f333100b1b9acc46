#include "model/nsf_hifigan.h"

#include <algorithm>

#include "nn/tanh.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kEndKernel = 7;  // taps of the first and the last convolution
constexpr int64_t kEndReach = kEndKernel / 2;
constexpr int64_t kChunkFrames = 64;    // what one scale reads and writes stays in the L2 cache
constexpr int64_t kMostTiled = 16;      // channels of residual blocks that are quantised by tiles
constexpr int64_t kLeastTileRows = 32;  // rows: fewer fill no block of a kernel's registers

/// Channels after the last scale, every one of which halves them.
int64_t last_width(const core::VocoderConfig& config) {
  return config.initial_channels >> config.upsample_rates.size();
}

/// Rows that a scale's residual blocks reach to either side.
int64_t resblock_reach(const core::VocoderConfig& config) {
  int64_t dilations = 0;
  for (const int64_t dilation : config.resblock_dilations) {
    dilations += dilation + 1;  // a dilated and a plain convolution
  }
  int64_t half = 0;
  for (const int64_t kernel : config.resblock_kernels) {
    half = std::max(half, kernel / 2);
  }
  return half * dilations;
}

/// The scales with their reaches, counted back from the wanted samples.
std::vector<Scale> scales_of(const core::VocoderConfig& config, int64_t hop_samples) {
  std::vector<Scale> scales;
  int64_t row_samples = hop_samples;
  for (const int64_t rate : config.upsample_rates) {
    row_samples /= rate;
    scales.push_back({rate, row_samples, /*input_reach=*/0, /*source_reach=*/0});
  }
  int64_t reach = kEndReach;
  for (size_t i = scales.size(); i-- > 0;) {
    scales[i].source_reach = reach + resblock_reach(config) + 1;
    reach = ((scales[i].source_reach + config.upsample_kernels[i]) / scales[i].rate) + 1;
    scales[i].input_reach = reach;
  }
  return scales;
}

}  // namespace

nn::Arithmetic NsfHifigan::block_arithmetic(nn::Arithmetic asked, int64_t channels,
                                            int64_t frame_rows) {
  const bool tiled =
      asked.kind == nn::Arithmetic::kInt8 && channels <= kMostTiled && frame_rows >= kLeastTileRows;
  return tiled ? nn::Arithmetic{nn::Arithmetic::kInt8, frame_rows} : asked;
}

NsfHifigan::NsfHifigan(const core::Scope& scope, const core::VocoderConfig& config,
                       const core::AudioConfig& audio, nn::Arithmetic arithmetic)
    : Vocoder(audio.hop_samples, kChunkFrames, /*whole_frames=*/0),
      audio_(audio),
      harmonic_source_(scope / "harmonic_source", config, audio),
      conv_pre_(scope / "conv_pre", {audio.num_mels, config.initial_channels, kEndKernel,
                                     /*stride=*/1, /*padding=*/kEndReach}),
      conv_post_(scope / "conv_post", {last_width(config), /*out_channels=*/1, kEndKernel,
                                       /*stride=*/1, /*padding=*/kEndReach}),
      scales_(scales_of(config, audio.hop_samples)) {
  int64_t width = config.initial_channels;
  int64_t remaining = audio.hop_samples;
  for (size_t i = 0; i < scales_.size(); ++i) {
    const int64_t rate = config.upsample_rates[i];
    const int64_t kernel = config.upsample_kernels[i];
    const auto index = static_cast<int64_t>(i);
    remaining /= rate;
    ups_.emplace_back(
        scope / "ups" / index,
        nn::Conv1dShape{width, width / 2, kernel, rate, /*padding=*/(kernel - rate) / 2},
        arithmetic);
    width /= 2;
    const int64_t source_kernel = remaining > 1 ? 2 * remaining : 1;
    source_convs_.emplace_back(scope / "source_convs" / index,
                               nn::Conv1dShape{/*in_channels=*/1, width, source_kernel,
                                               /*stride=*/remaining, /*padding=*/remaining / 2});
    mrf_blocks_.emplace_back(scope / "mrf_blocks" / index, width, config.resblock_kernels,
                             config.resblock_dilations,
                             block_arithmetic(arithmetic, width, audio.hop_samples / remaining));
  }
  reach_frames_ = scales_.front().input_reach + kEndReach;
}

double NsfHifigan::integrate_frame(const dsp::FrameF0& f0, double start, float* phase) const {
  return integrate_phase(&f0.here, /*frames=*/1, audio_, phase, start);
}

ggml_tensor* NsfHifigan::forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0,
                                 ggml_tensor* phase, ggml_tensor* noise,
                                 const Margins& margins) const {
  check_inputs(mel, f0, phase, noise);
  MarginCutter cutter(graph, margins, scales_);
  ggml_tensor* source = harmonic_source_.forward(graph, f0, phase, noise);  // (1, 1, samples)
  ggml_tensor* x = conv_pre_.forward(graph, mel);                           // (1, channels, frames)
  for (size_t i = 0; i < scales_.size(); ++i) {
    x = ups_[i].forward(graph, cutter.input_of(i, x), nn::leaky(kSlope));  // (1, channels, rows)
    x = cutter.output_of(i, x);
    x = source_convs_[i].forward(graph, cutter.source_of(i, source), nn::plus(x));
    x = mrf_blocks_[i].forward(graph, x);
  }
  x = conv_post_.forward(graph, x, nn::leaky(kSlope));  // (1, 1, samples)
  x = nn::tanh_in_place(graph, cutter.wanted(x));
  return ggml_reshape_1d(graph, x, x->ne[1]);
}

}  // namespace muspeaker::model
