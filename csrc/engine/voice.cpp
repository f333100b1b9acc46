#include "engine/voice.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace muspeaker::engine {

void require_finite(const float* values, int64_t count, const std::string& name) {
  const bool finite =
      std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
  core::require_input(finite, name + " must be finite, got NaN or infinity");
}

void Voice::check(const core::ModelConfig& config) const {
  const int64_t expected = config.voice_size();
  const int64_t hidden = config.style_encoder.hidden;
  const auto timbre_size = static_cast<int64_t>(timbre.size());
  const auto style_size = static_cast<int64_t>(style.size());
  core::require_input(timbre_size == expected, "timbre must hold " + std::to_string(expected) +
                                                   " values, got " + std::to_string(timbre_size));
  core::require_input(style_frames >= 1, "style must have at least one frame, got none");
  core::require_input(style_size == style_frames * hidden,
                      "style must be (frames, " + std::to_string(hidden) + "), got (" +
                          std::to_string(style_frames) + ", " +
                          std::to_string(style_size / style_frames) + ")");
  const int64_t max_frames =
      (kMaxPromptSeconds * config.audio.sample_rate / config.audio.hop_samples / 4) + 1;
  core::require_input(style_frames <= max_frames, "style must have at most " +
                                                      std::to_string(max_frames) + " frames, got " +
                                                      std::to_string(style_frames));
  require_finite(timbre.data(), timbre_size, "timbre");
  require_finite(style.data(), style_size, "style");
}

}  // namespace muspeaker::engine
