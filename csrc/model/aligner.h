#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/embedding.h"

namespace muspeaker::model {

/// A hidden Markov model whose phones say what they sound like.
///
/// Mean and deviation of the cepstra of each phone, shifted by its neighbours.
/// Twin of muspeaker.twin.model.aligner.Aligner, member for member.
/// Source: hidden Markov models for speech, Rabiner 1989 (doi 10.1109/5.18626), Section III.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class Aligner {
 public:
  Aligner(const core::Scope& scope, const core::AlignerConfig& config, int64_t num_phones);

  /// features: (1, 2 * num_cepstra, frames) float32 of dsp::cepstral_features, channels contiguous
  /// in memory; phones: (tokens,) int32 from merge_pauses.
  /// Returns (1, frames, tokens), scaled log-likelihood of each frame under each phone.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* features, ggml_tensor* phones) const;

 private:
  nn::Embedding mean_;
  nn::Embedding log_std_;
  nn::Embedding phone_;
  std::vector<nn::Conv1d> context_;  // 0 and 2 of the Sequential
};

/// phones: (tokens,); num_pauses: the first symbols, which are pauses. Returns the phones with
/// every pause as 0.
std::vector<int32_t> merge_pauses(std::vector<int32_t> phones, int64_t num_pauses);

/// Token number of each state: two states a phone, one a pause; one each in a very short clip.
/// phones: (tokens,). Returns (states,), at most `frames` of them unless there are more tokens.
/// Twin of states_of in muspeaker.twin.model.aligner.
std::vector<int32_t> states_of(const std::vector<int32_t>& phones, int64_t frames,
                               int64_t num_pauses);

}  // namespace muspeaker::model
