#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/embedding.h"

namespace muspeaker::model {

/// A hidden Markov model with one Gaussian over cepstra for each phone; a small network shifts the
/// mean by the neighbouring phones.
///
/// Source: hidden Markov models for speech, Rabiner 1989 (doi 10.1109/5.18626), Section III.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class Aligner {
 public:
  Aligner(const core::Scope& scope, const core::AlignerConfig& config, int64_t num_phones);

  /// features: (1, 2 * num_cepstra, frames) float32 of dsp::cepstral_features, channels contiguous
  /// in memory; phones: (tokens,) int32 from dsp::merge_pauses.
  /// Returns (1, frames, tokens), scaled log-likelihood of each frame under each phone.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* features, ggml_tensor* phones) const;

 private:
  nn::Embedding mean_;
  nn::Embedding log_std_;
  nn::Embedding phone_;
  std::vector<nn::Conv1d> context_;  // 0 and 2 of the Sequential
};

}  // namespace muspeaker::model
