#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv2d.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// Two 3x3 convolutions over (mel, time) that halve the mel axis, around a shortcut.
///
/// Source: He et al. 2016 (arXiv:1512.03385), Section 3, without norms.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class ResBlock2d {
 public:
  ResBlock2d(const core::Scope& scope, int64_t in_channels, int64_t out_channels);

  /// x: (1, in_channels, mels, frames) float32. Returns (1, out_channels, mels / 2, frames).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  nn::Conv2d conv1_;
  nn::Conv2d conv2_;
  nn::Conv2d shortcut_;
};

/// 2-D residual blocks over a mel, frequency pooled away, averaged over each phone.
///
/// Source: the paper's mel encoder.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class MelEncoder {
 public:
  MelEncoder(const core::Scope& scope, const core::MelEncoderConfig& config);

  /// Posterior of e_mel, each (1, tokens, latent).
  struct Posterior {
    ggml_tensor* mean;
    ggml_tensor* log_std;
  };

  /// mel: (1, mels, frames) float32, natural-log mel, channels contiguous in memory; durations:
  /// (tokens,) int32, the frames of each phone. Frames beyond the mel's end count as absent, and a
  /// phone without frames has zeros as its average.
  Posterior forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* durations) const;

 private:
  std::vector<ResBlock2d> blocks_;
  nn::Linear mean_;
  nn::Linear log_std_;
};

}  // namespace muspeaker::model
