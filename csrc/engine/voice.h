#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "engine/refinement.h"

namespace muspeaker::engine {

/// A borrowed recording: (count) float32 in [-1, 1].
struct Samples {
  const float* data = nullptr;
  int64_t count = 0;
};

/// What is remembered of a prompt.
struct Voice {
  std::vector<float> vector;  ///< (voice_size): embedding, moments of the mel, spectral map
  core::Frames style;         ///< (style frames, hidden) of the style encoder
  std::shared_ptr<const DecoderChanges> changes =
      nullptr;  ///< what its decoder has learnt; null for none

  /// Throws std::invalid_argument unless this fits the model's sizes and is finite. The
  /// changes are checked where they are used.
  void check(const core::ModelConfig& config) const;
};

/// The longest prompt, which bounds the frames of style and the memory that attention needs.
constexpr int64_t kMaxPromptSeconds = 60;

/// Throws std::invalid_argument, naming the array, if a value is not finite.
void require_finite(const float* values, int64_t count, const std::string& name);

/// Samples may be over 1, but not so large that powers of spectra overflow in float32.
constexpr float kMostSample = 1000.0F;

/// Throws std::invalid_argument, naming the recording, if a sample is not finite or too large.
void require_samples(Samples samples, const std::string& name);

}  // namespace muspeaker::engine
