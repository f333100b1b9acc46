#pragma once

#include <ggml.h>

#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/attention.h"
#include "nn/conv1d.h"
#include "nn/embedding.h"
#include "nn/layer_norm.h"

namespace muspeaker::model {

/// Relative-position self-attention, then a convolutional feed-forward, both pre-normalised.
///
/// Source: Ren et al. 2019 (arXiv:1905.09263), Section 3.1, with the norms in front.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class TransformerBlock {
 public:
  TransformerBlock(const core::Scope& scope, const core::LinguisticEncoderConfig& config);

  /// x: (1, tokens, hidden) float32. Returns the shape of x.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  nn::LayerNorm norm1_;
  nn::RelativeAttention attention_;
  nn::LayerNorm norm2_;
  nn::Conv1d conv1_;
  nn::Conv1d conv2_;
};

/// The ids of an utterance in a graph, (tokens,) int32 each, each within its table. A further row,
/// such as a tone, is a member here and an embedding in LinguisticEncoder.
struct TokenIds {
  ggml_tensor* phones;
  ggml_tensor* stresses;
  ggml_tensor* boundaries;
};

/// Phones, stresses and word boundaries to e_ling.
///
/// Source: the paper's linguistic encoder; blocks after Ren et al. 2019 (arXiv:1905.09263).
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class LinguisticEncoder {
 public:
  LinguisticEncoder(const core::Scope& scope, const core::LinguisticEncoderConfig& config);

  /// Returns e_ling, (1, tokens, hidden).
  ggml_tensor* forward(ggml_context* graph, const TokenIds& ids) const;

 private:
  nn::Embedding phone_;
  nn::Embedding stress_;
  nn::Embedding boundary_;
  std::vector<TransformerBlock> blocks_;
  nn::LayerNorm norm_;
};

}  // namespace muspeaker::model
