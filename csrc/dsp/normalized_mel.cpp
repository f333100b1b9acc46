#include "dsp/normalized_mel.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr float kQuietest = 12.0F;  // nats below the loudest; what lies deeper is heard as that
constexpr double kDeviationFloor = 1e-3;

}  // namespace

std::vector<float> normalized_mel(const std::vector<float>& mel, int64_t num_mels) {
  const auto width = static_cast<size_t>(num_mels);
  core::require_input(num_mels > 0 && !mel.empty() && mel.size() % width == 0,
                      "a mel needs one frame of " + std::to_string(num_mels) +
                          " bands or more, got " + std::to_string(mel.size()) + " values");
  const float floor = *std::max_element(mel.begin(), mel.end()) - kQuietest;
  const auto frames = static_cast<double>(mel.size() / width);
  std::vector<double> means(width, 0.0);
  std::vector<double> centred(mel.size());
  for (size_t at = 0; at < mel.size(); ++at) {
    centred[at] = std::max(mel[at], floor);
    means[at % width] += centred[at] / frames;
  }
  double variance = 0.0;
  for (size_t at = 0; at < mel.size(); ++at) {
    centred[at] -= means[at % width];
    variance += centred[at] * centred[at] / static_cast<double>(mel.size());
  }
  const double deviation = std::sqrt(variance) + kDeviationFloor;
  std::vector<float> normalized(mel.size());
  std::transform(centred.begin(), centred.end(), normalized.begin(),
                 [&](double value) { return static_cast<float>(value / deviation); });
  return normalized;
}

}  // namespace muspeaker::dsp
