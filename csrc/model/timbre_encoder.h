#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv2d.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// Weighs two feature maps against each other.
///
/// Its norms are folded into the convolutions. Source: Dai et al. 2021 (arXiv:2009.14082), inside
/// Chen et al. 2024 (arXiv:2406.02167).
class AttentionalFusion {
 public:
  AttentionalFusion(const core::Scope& scope, int64_t channels);

  /// x: (1, channels, mels, frames) float32, may be a view; y: the shape of x. Returns the shape of
  /// x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* y) const;

 private:
  nn::Conv2d local_att_0_;
  nn::Conv2d local_att_3_;
};

/// A bottleneck whose two halves see each other, plainly or through fusion.
///
/// Every norm is folded into the convolution before it. Source: Chen et al. 2024
/// (arXiv:2406.02167), Section 2. Throws ModelFileError from the constructor if a tensor is absent
/// or misshapen.
class ERes2NetBlock {
 public:
  struct Sizes {
    int64_t in_channels;
    int64_t planes;
    int64_t stride;
    bool fused;
  };

  ERes2NetBlock(const core::Scope& scope, const Sizes& sizes,
                const core::TimbreEncoderConfig& config);

  /// x: (1, in_channels, mels, frames) float32.
  /// Returns (1, planes * expansion, mels / stride, frames / stride).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  int64_t width_;
  nn::Conv2d conv1_;
  std::vector<nn::Conv2d> convs_;
  std::vector<AttentionalFusion> fuse_models_;
  nn::Conv2d conv3_;
  std::vector<nn::Conv2d> shortcut_;  // none or one
};

/// ERes2NetV2: a filter bank to one vector.
///
/// Norms are folded into the convolutions. Source: Chen et al. 2024 (arXiv:2406.02167). Throws
/// ModelFileError from the constructor if a tensor is absent or misshapen.
class TimbreEncoder {
 public:
  TimbreEncoder(const core::Scope& scope, const core::TimbreEncoderConfig& config);

  /// Fewer frames than this leave no spread over time to measure.
  static constexpr int64_t kMinFrames = 9;

  /// fbank: (1, frames, num_fbanks) float32, Kaldi log filter bank of 16 kHz audio, its mean over
  /// time removed. Returns (1, embedding), of any length. Throws std::invalid_argument if there are
  /// fewer than kMinFrames frames or the bands do not fit.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* fbank) const;

 private:
  int64_t num_fbanks_;
  nn::Conv2d conv1_;
  std::vector<ERes2NetBlock> layer1_;
  std::vector<ERes2NetBlock> layer2_;
  std::vector<ERes2NetBlock> layer3_;
  std::vector<ERes2NetBlock> layer4_;
  nn::Conv2d layer3_ds_;
  AttentionalFusion fuse34_;
  nn::Linear seg_1_;
};

}  // namespace muspeaker::model
