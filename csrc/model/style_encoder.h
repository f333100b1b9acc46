#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/layer_norm.h"

namespace muspeaker::model {

/// A layer norm, then a residual convolution.
///
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class StyleBlock {
 public:
  StyleBlock(const core::Scope& scope, int64_t hidden, int64_t kernel);

  /// x: (1, frames, hidden) float32. Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  nn::LayerNorm norm_;
  nn::Conv1d conv_;
};

/// Two strided convolutions, residual blocks, and sinusoidal positions.
///
/// Source: the paper's style encoder.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class StyleEncoder {
 public:
  static constexpr int64_t kShortening = 4;  // mel frames a style frame: two strides of two

  StyleEncoder(const core::Scope& scope, const core::StyleEncoderConfig& config, int64_t num_mels);

  /// mel: (1, mels, frames) float32, natural-log mel, channels contiguous in memory.
  /// Returns e_sty, (1, ceil(frames / 4), hidden).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* mel) const;

 private:
  nn::Conv1d conv1_;
  nn::Conv1d conv2_;
  std::vector<StyleBlock> blocks_;
  nn::LayerNorm norm_;
};

/// Sines, then cosines, of geometrically spaced periods, (frames, hidden) float32; hidden is even.
///
/// Source: Vaswani et al. 2017 (arXiv:1706.03762), Section 3.5.
ggml_tensor* sinusoids(ggml_context* graph, int64_t frames, int64_t hidden);

}  // namespace muspeaker::model
