#include "dsp/normalized_mel.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr float kQuietest = 12.0F;  // nats below the maximum, to which the mel is clamped
constexpr double kDeviationFloor = 1e-3;

}  // namespace

core::Frames normalized_mel(const core::Frames& mel) {
  core::require_input(mel.width > 0 && !mel.empty() && mel.size() % mel.width == 0,
                      "a mel needs one frame of " + std::to_string(mel.width) +
                          " bands or more, got " + std::to_string(mel.size()) + " values");
  const float floor = *std::max_element(mel.values.begin(), mel.values.end()) - kQuietest;
  const auto frames = static_cast<double>(mel.rows());
  core::Matrix<double> means(1, mel.width);
  core::Matrix<double> centred(mel.rows(), mel.width);
  for (int64_t t = 0; t < mel.rows(); ++t) {
    for (int64_t band = 0; band < mel.width; ++band) {
      centred.row(t)[band] = std::max(mel.row(t)[band], floor);
      means.row(0)[band] += centred.row(t)[band] / frames;
    }
  }
  double variance = 0.0;
  for (int64_t t = 0; t < mel.rows(); ++t) {
    for (int64_t band = 0; band < mel.width; ++band) {
      double& value = centred.row(t)[band];
      value -= means.row(0)[band];
      variance += value * value / static_cast<double>(mel.size());
    }
  }
  const double deviation = std::sqrt(variance) + kDeviationFloor;
  core::Frames normalized(mel.rows(), mel.width);
  std::transform(centred.values.begin(), centred.values.end(), normalized.values.begin(),
                 [&](double value) { return static_cast<float>(value / deviation); });
  return normalized;
}

}  // namespace muspeaker::dsp
