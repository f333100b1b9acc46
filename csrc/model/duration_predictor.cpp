#include "model/duration_predictor.h"

#include <cmath>
#include <string>

#include "core/error.h"

namespace muspeaker::model {

DurationPredictor::DurationPredictor(const core::Scope& scope,
                                     const core::VariationAdapterConfig& config, int64_t content,
                                     int64_t style)
    : Predictor(scope, config, content, style, /*outputs=*/1) {}

std::vector<int32_t> round_durations(const std::vector<float>& durations, int64_t max_frames) {
  std::vector<int32_t> rounded;
  rounded.reserve(durations.size());
  double sum = 0.0;
  int64_t last_end = 0;
  for (const float duration : durations) {
    core::require_input(std::isfinite(duration) && duration >= 0.0F,
                        "a duration is " + std::to_string(duration) + " frames");
    sum += duration;
    core::require_input(sum <= static_cast<double>(max_frames),
                        "the utterance is longer than " + std::to_string(max_frames) + " frames");
    const auto end = static_cast<int64_t>(std::floor(sum + 0.5));
    rounded.push_back(static_cast<int32_t>(end - last_end));
    last_end = end;
  }
  return rounded;
}

}  // namespace muspeaker::model
