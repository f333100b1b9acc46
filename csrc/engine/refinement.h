#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/changed_weights.h"
#include "core/config.h"
#include "core/weights.h"
#include "model/mel_decoder.h"

namespace muspeaker::engine {

/// What the decoder of a voice has learnt of its prompt: changes of all its weights. Voices share
/// them.
class DecoderChanges {
 public:
  /// No scale is larger: those of a voice that was just cloned are below 0.001.
  static constexpr float kMostScale = 1.0F;

  /// codes and scales: as core::WeightChanges, of the weights below "mel_decoder.".
  /// Throws std::invalid_argument unless the scales are from 0 to kMostScale. Sizes are checked
  /// against the model where the changes are used.
  DecoderChanges(std::vector<int8_t> codes, std::vector<float> scales);

  [[nodiscard]] const core::WeightChanges& weights() const { return changes_; }

 private:
  core::WeightChanges changes_;
};

/// The decoder with the changes that were used last. It is made again for others, which takes a few
/// milliseconds; the same changes may have been read from a file anew.
class DecoderMemory {
 public:
  static constexpr const char* kPrefix = "mel_decoder.";

  /// The decoder of these changes, null if there are none. It lives until the next call.
  /// Throws std::invalid_argument if the changes do not fit the model.
  const model::MelDecoder* recall(const std::shared_ptr<const DecoderChanges>& changes,
                                  const core::Weights& weights, const core::ModelConfig& config);

 private:
  std::shared_ptr<const DecoderChanges> changes_;
  std::optional<model::MelDecoder> decoder_;
};

}  // namespace muspeaker::engine
