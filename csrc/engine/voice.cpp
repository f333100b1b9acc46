#include "engine/voice.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "model/style_encoder.h"

namespace muspeaker::engine {

void require_finite(const float* values, int64_t count, const std::string& name) {
  const bool finite =
      std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
  core::require_input(finite, name + " must be finite, got NaN or infinity");
}

void require_samples(Samples samples, const std::string& name) {
  require_finite(samples.data, samples.count, name);
  const bool fits = std::all_of(samples.data, samples.data + samples.count,
                                [](float value) { return std::abs(value) <= kMostSample; });
  core::require_input(fits, name + " must be from -1 to 1, got a sample over 1000");
}

void Voice::check(const core::ModelConfig& config) const {
  const int64_t expected = config.voice_size();
  const int64_t hidden = config.style_encoder.hidden;
  core::require_input(core::count_of(vector) == expected,
                      "vector must hold " + std::to_string(expected) + " values, got " +
                          std::to_string(vector.size()));
  core::require_input(style.width == hidden, "style must be (frames, " + std::to_string(hidden) +
                                                 "), got (" + std::to_string(style.rows()) + ", " +
                                                 std::to_string(style.width) + ")");
  core::require_input(!style.empty(), "style must have at least one frame, got none");
  const int64_t max_frames = (kMaxPromptSeconds * config.audio.sample_rate /
                              config.audio.hop_samples / model::StyleEncoder::kShortening) +
                             1;
  core::require_input(style.rows() <= max_frames, "style must have at most " +
                                                      std::to_string(max_frames) + " frames, got " +
                                                      std::to_string(style.rows()));
  require_finite(vector.data(), expected, "vector");
  require_finite(style.data(), style.size(), "style");
}

}  // namespace muspeaker::engine
