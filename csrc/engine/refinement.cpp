#include "engine/refinement.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace muspeaker::engine {
namespace {

bool are_same(const DecoderChanges* one, const DecoderChanges* other) {
  return one == other ||
         (one != nullptr && other != nullptr && one->weights().scales == other->weights().scales &&
          one->weights().codes == other->weights().codes);
}

}  // namespace

DecoderChanges::DecoderChanges(std::vector<int8_t> codes, std::vector<float> scales)
    : changes_{std::move(codes), std::move(scales)} {
  const bool fits = std::all_of(changes_.scales.begin(), changes_.scales.end(),
                                [](float scale) { return scale >= 0.0F && scale <= kMostScale; });
  core::require_input(fits, "scales of changes must be from 0 to 1");  // NaN is not
}

const model::MelDecoder* DecoderMemory::recall(const std::shared_ptr<const DecoderChanges>& changes,
                                               const core::Weights& weights,
                                               const core::ModelConfig& config) {
  if (changes == nullptr) {
    return nullptr;
  }
  if (!are_same(changes.get(), changes_.get())) {
    changes_ = nullptr;  // none, should the changes not fit
    core::ChangedWeights changed(weights, kPrefix, changes->weights());
    decoder_.emplace(changed.root() / "mel_decoder", config.mel_decoder,
                     config.linguistic_encoder.hidden, config.audio.num_mels);
  }
  changes_ = changes;  // which is known again at once
  return &*decoder_;
}

}  // namespace muspeaker::engine
