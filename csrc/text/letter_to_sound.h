#pragma once

#include <cstdint>
#include <vector>

#include "text/buckets.h"

namespace muspeaker::text {

/// int8 weights of features that speak for or against a few outputs each; SparseFeatureWeights in
/// text/feature_weights.py. Borrowed.
struct SparseWeights {
  Buckets buckets;
  const int32_t* starts;   ///< (buckets + 1,): where the weights of each feature begin
  const uint8_t* outputs;  ///< (weights,), below num_outputs
  const int8_t* weights;
  int64_t num_outputs;
};

/// Reads a word that no lexicon has, letter by letter: the twin of LetterToSound in
/// text/letter_to_sound.py, which says how. Sums are of whole numbers, so both give the same.
class LetterToSound {
 public:
  static constexpr int32_t kNumLetters = 28;  ///< LETTERS of text/letter_features.py

  /// is_primary, is_sounded: (outputs,), whether a chunk has the primary stress, and any phone.
  LetterToSound(const SparseWeights& weights, std::vector<uint8_t> is_primary,
                std::vector<uint8_t> is_sounded);

  /// The chunk of each letter, (letters,). letters: numbers from 1 to kNumLetters - 1.
  [[nodiscard]] std::vector<int32_t> read(const std::vector<int32_t>& letters) const;

 private:
  using Scores = std::vector<int32_t>;

  [[nodiscard]] std::vector<Scores> scores_of_windows(const std::vector<uint32_t>& padded) const;
  std::vector<int64_t> walk(const std::vector<uint32_t>& padded, const std::vector<Scores>& windows,
                            int64_t holder, std::vector<int32_t>& best) const;
  void add(uint32_t key, Scores& scores) const;
  [[nodiscard]] int32_t largest(const Scores& scores, bool is_primary) const;

  SparseWeights weights_;
  std::vector<uint8_t> is_primary_;
  std::vector<uint8_t> is_sounded_;
};

}  // namespace muspeaker::text
