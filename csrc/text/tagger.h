#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/buckets.h"

namespace muspeaker::text {

/// int8 weights of features, (buckets, outputs); FeatureWeights in text/feature_weights.py.
/// Borrowed.
struct FeatureWeights {
  Buckets buckets;
  const int8_t* weights;
  int64_t num_outputs;
};

/// Parts of speech of a sentence's words: the twin of Tagger in text/tagger.py, which says how.
class Tagger {
 public:
  static constexpr int64_t kNumFeatures = 14;  ///< features of a word without those of tags

  /// names: of the outputs. start: the tag before the first word.
  Tagger(const FeatureWeights& weights, std::vector<std::string> names, std::string start);

  /// The tag of each word. features: (words, kNumFeatures) keys. words: in small letters, UTF-8.
  [[nodiscard]] std::vector<int32_t> tag(const int64_t* features,
                                         const std::vector<std::string>& words) const;

 private:
  void add(uint32_t key, std::vector<int32_t>& scores) const;

  FeatureWeights weights_;
  std::vector<std::string> names_;
  std::string start_;
};

}  // namespace muspeaker::text
