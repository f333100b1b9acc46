#include "text/tagger.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/crc32.h"

namespace muspeaker::text {
namespace {

/// The key of a feature.
uint32_t hashed(const std::string& feature) {
  return core::crc32(reinterpret_cast<const uint8_t*>(feature.data()), feature.size());
}

}  // namespace

Tagger::Tagger(const FeatureWeights& weights, std::vector<std::string> names, std::string start)
    : weights_(weights), names_(std::move(names)), start_(std::move(start)) {}

std::vector<int32_t> Tagger::tag(const int64_t* features,
                                 const std::vector<std::string>& words) const {
  std::vector<int32_t> found;
  found.reserve(words.size());
  std::vector<int32_t> scores(static_cast<size_t>(weights_.num_outputs));
  const std::string* before = &start_;
  const std::string* further = &start_;
  for (const std::string& word : words) {
    std::fill(scores.begin(), scores.end(), 0);
    for (int64_t i = 0; i < kNumFeatures; ++i) {
      add(static_cast<uint32_t>(*features++), scores);
    }
    add(hashed("1" + *before), scores);
    add(hashed("2" + *further + " " + *before), scores);
    add(hashed("3" + *before + " " + word), scores);
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    found.push_back(static_cast<int32_t>(best));
    further = before;
    before = &names_[static_cast<size_t>(best)];
  }
  return found;
}

void Tagger::add(uint32_t key, std::vector<int32_t>& scores) const {
  const int64_t row = weights_.buckets.row(key);
  if (row >= 0) {
    const int8_t* weights = weights_.weights + (row * weights_.num_outputs);
    for (int64_t i = 0; i < weights_.num_outputs; ++i) {
      scores[static_cast<size_t>(i)] += weights[i];
    }
  }
}

}  // namespace muspeaker::text
