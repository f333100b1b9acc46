#include "model/vocoder.h"

#include <algorithm>

#include "core/error.h"
#include "nn/tanh.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kEndKernel = 7;  // of the first and the last convolution
constexpr int64_t kEndReach = kEndKernel / 2;
constexpr int64_t kMostTiled = 16;      // channels of residual blocks that are quantised by tiles
constexpr int64_t kLeastTileRows = 32;  // fewer fill no block of a kernel's registers

/// Channels after the last scale, every one of which halves them.
int64_t last_width(const core::VocoderConfig& config) {
  int64_t width = config.initial_channels;
  for (size_t i = 0; i < config.upsample_rates.size(); ++i) {
    width /= 2;
  }
  return width;
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

/// Cuts rows off either end of (1, channels, rows): a view, for time is the slow axis.
ggml_tensor* cut(ggml_context* graph, ggml_tensor* x, const Margins& rows) {
  if (rows.before == 0 && rows.after == 0) {
    return x;
  }
  return ggml_view_2d(graph, x, x->ne[0], x->ne[1] - rows.before - rows.after, x->nb[1],
                      static_cast<size_t>(rows.before) * x->nb[1]);
}

/// Cuts what lies more than `reach` rows outside the wanted ones.
ggml_tensor* trim(ggml_context* graph, ggml_tensor* x, int64_t reach, Margins& margins) {
  const Margins kept{std::min(margins.before, reach), std::min(margins.after, reach)};
  x = cut(graph, x, {margins.before - kept.before, margins.after - kept.after});
  margins = kept;
  return x;
}

}  // namespace

nn::Arithmetic Vocoder::block_arithmetic(nn::Arithmetic asked, int64_t channels,
                                         int64_t frame_rows) {
  const bool tiled =
      asked.kind == nn::Arithmetic::kInt8 && channels <= kMostTiled && frame_rows >= kLeastTileRows;
  return tiled ? nn::Arithmetic{nn::Arithmetic::kInt8, frame_rows} : asked;
}

Vocoder::Vocoder(const core::Scope& scope, const core::VocoderConfig& config,
                 const core::AudioConfig& audio, nn::Arithmetic arithmetic)
    : harmonic_source_(scope / "harmonic_source", config, audio),
      conv_pre_(scope / "conv_pre", audio.num_mels, config.initial_channels, kEndKernel, 1,
                kEndReach),
      conv_post_(scope / "conv_post", last_width(config), 1, kEndKernel, 1, kEndReach),
      hop_samples_(audio.hop_samples) {
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
                             config.resblock_dilations,
                             block_arithmetic(arithmetic, width, hop_samples_ / remaining));
    scales_.push_back({rate, remaining, 0, 0});
  }
  int64_t reach = kEndReach;
  for (size_t i = ups_.size(); i-- > 0;) {
    scales_[i].source_reach = reach + resblock_reach(config) + 1;
    reach = ((scales_[i].source_reach + config.upsample_kernels[i]) / scales_[i].rate) + 1;
    scales_[i].input_reach = reach;
  }
  reach_frames_ = reach + kEndReach;
}

ggml_tensor* Vocoder::forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0,
                              ggml_tensor* phase, ggml_tensor* noise,
                              const Margins& margins) const {
  ggml_tensor* source = harmonic_source_.forward(graph, f0, phase, noise);  // (1, 1, samples)
  ggml_tensor* x = conv_pre_.forward(graph, mel);                           // (1, channels, frames)
  Margins here = margins;                                                   // in rows of x
  for (size_t i = 0; i < ups_.size(); ++i) {
    const Scale& scale = scales_[i];
    x = trim(graph, x, scale.input_reach, here);
    here = {here.before * scale.rate, here.after * scale.rate};
    x = ups_[i].forward(graph, x, {kSlope});  // (1, channels, rows of this scale)
    x = trim(graph, x, scale.source_reach, here);
    ggml_tensor* beside =  // (1, 1, samples of these rows)
        cut(graph, source,
            {
                (margins.before * hop_samples_) - (here.before * scale.row_samples),
                (margins.after * hop_samples_) - (here.after * scale.row_samples),
            });
    x = source_convs_[i].forward(graph, beside, {1.0F, x});
    x = mrf_blocks_[i].forward(graph, x);
  }
  x = conv_post_.forward(graph, x, {kSlope});  // (1, 1, samples)
  x = trim(graph, x, 0, here);
  return ggml_reshape_1d(graph, nn::tanh_in_place(graph, x), x->ne[1]);
}

}  // namespace muspeaker::model
