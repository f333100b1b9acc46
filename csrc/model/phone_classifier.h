#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// What one block adds to what is heard: a dilated convolution, and a linear layer.
///
/// Twin of muspeaker.twin.model.phone_classifier.PhoneClassifierBlock, member for member.
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
/// Twin of muspeaker.twin.model.phone_classifier.PhoneClassifier, member for member.
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
  /// are phone 0. logits: (frames, phones) from forward.
  /// Returns (frames, phones): log-probabilities, less a power of how often each phone is heard, at
  /// least -12. Twin of phone_scores in muspeaker.twin.model.phone_classifier after a log-softmax.
  [[nodiscard]] std::vector<float> phone_scores(std::vector<float> logits) const;

 private:
  nn::Conv1d conv_pre_;
  std::vector<PhoneClassifierBlock> blocks_;
  nn::LayerNorm norm_;
  nn::Linear linear_;
  std::vector<float> log_prior_;
};

}  // namespace muspeaker::model
