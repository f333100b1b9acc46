#include "model/timbre_encoder.h"

#include <string>

#include "core/error.h"
#include "nn/attentional_sum.h"
#include "nn/pool_over_time.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kKernel = 3;
constexpr int64_t kReduction = 4;  // channels of a fusion's maps for each channel inside it
constexpr int64_t kNumSplits = 2;
constexpr int64_t kBaseDivisor = 64;  // planes at which a block's width is base_width
constexpr int64_t kShortening = 8;    // filter banks a band of layer 4: three strides of two
constexpr nn::Activation kReLU{/*slope=*/0.0F};
constexpr nn::Activation kClippedReLU{/*slope=*/0.0F, /*ceiling=*/20.0F};

ggml_tensor* run_layer(ggml_context* graph, const std::vector<ERes2NetBlock>& layer,
                       ggml_tensor* x) {
  for (const ERes2NetBlock& block : layer) {
    x = block.forward(graph, x);
  }
  return x;
}

/// Planes of a layer, counted from 0: twice those of the layer before.
int64_t planes_of(const core::TimbreEncoderConfig& config, int64_t index) {
  return config.channels << index;
}

/// A layer, counted from 0; from the third on its halves meet in fusions.
std::vector<ERes2NetBlock> make_layer(const core::Scope& scope, int64_t index,
                                      const core::TimbreEncoderConfig& config) {
  const int64_t planes = planes_of(config, index);
  const int64_t out_channels = planes * config.expansion;
  int64_t width = index == 0 ? config.channels : out_channels / 2;
  std::vector<ERes2NetBlock> layer;
  for (int64_t position = 0; position < config.num_blocks[static_cast<size_t>(index)]; ++position) {
    const int64_t stride = index > 0 && position == 0 ? 2 : 1;
    layer.emplace_back(scope / position, ERes2NetBlock::Sizes{width, planes, stride, index >= 2},
                       config);
    width = out_channels;
  }
  return layer;
}

/// Channels of layer 4's output.
int64_t last_width(const core::TimbreEncoderConfig& config) {
  return planes_of(config, 3) * config.expansion;
}

}  // namespace

AttentionalFusion::AttentionalFusion(const core::Scope& scope, int64_t channels)
    : local_att_0_(scope / "local_att" / 0, {2 * channels, channels / kReduction}),
      local_att_3_(scope / "local_att" / 3, {channels / kReduction, channels}) {}

ggml_tensor* AttentionalFusion::forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* y) const {
  ggml_tensor* attention = ggml_silu_inplace(graph, local_att_0_.forward(graph, {x, y}));
  attention = local_att_3_.forward(graph, attention);  // (1, channels, mels, frames)
  return nn::attentional_sum(graph, attention, x, y);
}

ERes2NetBlock::ERes2NetBlock(const core::Scope& scope, const Sizes& sizes,
                             const core::TimbreEncoderConfig& config)
    : width_(sizes.planes * config.base_width / kBaseDivisor),
      conv1_(scope / "conv1",
             {sizes.in_channels, kNumSplits * width_, /*kernel=*/1, sizes.stride, sizes.stride}),
      conv3_(scope / "conv3", {kNumSplits * width_, sizes.planes * config.expansion}) {
  for (int64_t split = 0; split < kNumSplits; ++split) {
    convs_.emplace_back(scope / "convs" / split, nn::Conv2dShape{width_, width_, kKernel});
  }
  if (sizes.fused) {
    fuse_models_.emplace_back(scope / "fuse_models" / 0, width_);
  }
  const int64_t out_channels = sizes.planes * config.expansion;
  if (sizes.stride != 1 || sizes.in_channels != out_channels) {
    const int64_t stride = sizes.stride;
    const nn::Conv2dShape shape{sizes.in_channels, out_channels, /*kernel=*/1, stride, stride};
    shortcut_.emplace_back(scope / "shortcut" / 0, shape);
  }
}

ggml_tensor* ERes2NetBlock::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = conv1_.forward(graph, x, kClippedReLU);  // (1, 2 * width, mels, frames)
  const auto half = [&](int64_t index) {
    return ggml_view_3d(graph, y, width_, y->ne[1], y->ne[2], y->nb[1], y->nb[2],
                        static_cast<size_t>(index * width_) * sizeof(float));
  };
  ggml_tensor* first = half(0);
  ggml_tensor* second = half(1);
  first = convs_[0].forward(graph, first, kClippedReLU);
  second = fuse_models_.empty() ? ggml_add(graph, first, second)
                                : fuse_models_[0].forward(graph, first, second);
  second = convs_[1].forward(graph, second, kClippedReLU);
  ggml_tensor* residual = shortcut_.empty() ? x : shortcut_[0].forward(graph, x);
  return conv3_.forward(graph, {first, second}, kClippedReLU, residual);
}

TimbreEncoder::TimbreEncoder(const core::Scope& scope, const core::TimbreEncoderConfig& config)
    : num_fbanks_(config.num_fbanks),
      conv1_(scope / "conv1", {/*in=*/1, config.channels, kKernel}),
      layer1_(make_layer(scope / "layer1", /*index=*/0, config)),
      layer2_(make_layer(scope / "layer2", /*index=*/1, config)),
      layer3_(make_layer(scope / "layer3", /*index=*/2, config)),
      layer4_(make_layer(scope / "layer4", /*index=*/3, config)),
      layer3_ds_(scope / "layer3_ds",
                 {last_width(config) / 2, last_width(config), kKernel, /*stride_height=*/2,
                  /*stride_width=*/2},
                 /*bias=*/false),
      fuse34_(scope / "fuse34", last_width(config)),
      seg_1_(scope / "seg_1", 2 * last_width(config) * (config.num_fbanks / kShortening),
             config.embedding) {
  core::require_model(num_fbanks_ % kShortening == 0,
                      "timbre_encoder.num_fbanks is " + std::to_string(num_fbanks_) +
                          ", expected a multiple of " + std::to_string(kShortening));
}

ggml_tensor* TimbreEncoder::forward(ggml_context* graph, ggml_tensor* fbank) const {
  core::require_input(fbank->ne[0] == num_fbanks_,
                      "the timbre encoder takes " + std::to_string(num_fbanks_) +
                          " filter banks, got " + std::to_string(fbank->ne[0]));
  core::require_input(fbank->ne[1] >= kMinFrames, "the timbre encoder needs at least " +
                                                      std::to_string(kMinFrames) + " frames, got " +
                                                      std::to_string(fbank->ne[1]));
  ggml_tensor* x = ggml_cont(graph, ggml_transpose(graph, fbank));
  x = ggml_reshape_3d(graph, x, 1, fbank->ne[1], fbank->ne[0]);  // (1, 1, fbanks, frames)
  x = conv1_.forward(graph, x, kReLU);
  x = run_layer(graph, layer2_, run_layer(graph, layer1_, x));
  ggml_tensor* third = run_layer(graph, layer3_, x);
  ggml_tensor* fourth = run_layer(graph, layer4_, third);
  ggml_tensor* fused = fuse34_.forward(
      graph, fourth, layer3_ds_.forward(graph, third));  // (1, width, fbanks / 8, frames / 8)
  return seg_1_.forward(graph, nn::pool_over_time(graph, fused));
}

}  // namespace muspeaker::model
