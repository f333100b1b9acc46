#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// A dilated convolution and a linear layer, whose result is added to the residual stream.
///
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class PhoneClassifierBlock {
 public:
  PhoneClassifierBlock(const core::Scope& scope, int64_t hidden, int64_t dilation);

  /// x: (1, frames, hidden) float32. Returns the shape of x, to be added to it.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

 private:
  nn::LayerNorm norm1_;
  nn::LayerNorm norm2_;
  nn::Conv1d conv_;
  nn::Linear linear_;
};

/// Which phone is heard in each frame, from the mel around it.
///
/// Source: hybrid recognition, Bourlard and Morgan 1994 (doi 10.1007/978-1-4615-3210-2), Chapter 7.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class PhoneClassifier {
 public:
  PhoneClassifier(const core::Scope& scope, const core::PhoneClassifierConfig& config,
                  int64_t num_mels, int64_t num_phones);

  /// x: (1, num_mels, frames) float32 of dsp::normalized_mel, channels contiguous in memory.
  /// Returns (1, frames, phones), logits.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x) const;

  /// How well each phone explains each frame, up to what is the same for all phones; all pauses
  /// are phone 0. logits: (frames, phones) from forward, which become log-probabilities less a
  /// multiple of the log prior, at least kLeast.
  void phone_scores(core::Frames& logits) const;

 private:
  nn::Conv1d conv_pre_;
  std::vector<PhoneClassifierBlock> blocks_;
  nn::LayerNorm norm_;
  nn::Linear linear_;
  std::vector<float> log_prior_;
};

}  // namespace muspeaker::model
