#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/attention.h"
#include "nn/conv1d.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// Convolution, ReLU and layer norm.
///
/// Source: Ren et al. 2020 (arXiv:2006.04558), Section 2.3.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class PredictorLayer {
 public:
  PredictorLayer(const core::Scope& scope, int64_t hidden, int64_t kernel);

  /// x: (1, frames, hidden) float32. Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  nn::Conv1d conv_;
  nn::LayerNorm norm_;
};

/// Convolutions, a look at the prompt's style, convolutions, and a linear layer.
///
/// Source: the paper's variation adapter; layers after Ren et al. 2020 (arXiv:2006.04558).
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class Predictor {
 public:
  /// outputs: values for each token or frame.
  Predictor(const core::Scope& scope, const core::VariationAdapterConfig& config, int64_t content,
            int64_t style, int64_t outputs);

  using StyleMemory = nn::CrossAttention::Memory;

  /// What it reads of a style, e_sty: (1, style frames, style) float32.
  StyleMemory remember(ggml_context* graph, ggml_tensor* e_sty) const;

  /// x: (1, frames, content) float32; style: from remember(). Returns (1, frames, outputs).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const StyleMemory& style) const;

 private:
  nn::Linear project_;
  std::vector<PredictorLayer> layers1_;
  nn::CrossAttention attention_;
  nn::LayerNorm norm_;
  std::vector<PredictorLayer> layers2_;
  nn::Linear linear_;
};

}  // namespace muspeaker::model
