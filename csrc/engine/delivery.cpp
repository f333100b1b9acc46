#include "engine/delivery.h"

#include <cmath>

namespace muspeaker::engine {
namespace {

constexpr int64_t kWindow = (2 * kDeliveryReach) + 1;
constexpr double kPi = 3.14159265358979323846;

/// A Hann window without the zeros at its ends, whose squares add up to 1.
std::vector<float> unit_window() {
  std::vector<double> shape;
  double power = 0.0;
  for (int64_t k = 0; k < kWindow; ++k) {
    const double angle = 2.0 * kPi * static_cast<double>(k + 1) / static_cast<double>(kWindow + 1);
    shape.push_back(0.5 - (0.5 * std::cos(angle)));
    power += shape.back() * shape.back();
  }
  std::vector<float> window;
  window.reserve(shape.size());
  for (const double value : shape) {
    window.push_back(static_cast<float>(value / std::sqrt(power)));
  }
  return window;
}

std::vector<float> smoothed(const core::Frames& noise, int64_t column, float deviation) {
  const std::vector<float> window = unit_window();
  std::vector<float> curve;
  for (int64_t token = 0; token + kWindow <= noise.rows(); ++token) {
    float sum = 0.0F;
    for (int64_t k = 0; k < kWindow; ++k) {
      sum += window[static_cast<size_t>(k)] * noise.row(token + k)[column];
    }
    curve.push_back(deviation * sum);
  }
  return curve;
}

}  // namespace

Delivery make_delivery(const core::Frames& noise, float variation) {
  return {smoothed(noise, 0, variation * kRhythmDeviation),
          smoothed(noise, 1, variation * kMelodyDeviation)};
}

std::vector<float> over_frames(const std::vector<float>& values,
                               const std::vector<int32_t>& durations) {
  std::vector<float> middles;  // of the tokens, in frames
  int64_t num_frames = 0;
  for (const int32_t duration : durations) {
    middles.push_back(static_cast<float>(num_frames) + (0.5F * static_cast<float>(duration)));
    num_frames += duration;
  }
  std::vector<float> frames;
  frames.reserve(static_cast<size_t>(num_frames));
  size_t after = 0;  // the first token whose middle is not before the frame's
  for (int64_t t = 0; t < num_frames; ++t) {
    const float at = static_cast<float>(t) + 0.5F;
    while (after < middles.size() && middles[after] < at) {
      ++after;
    }
    if (after == 0 || after == middles.size()) {
      frames.push_back(after == 0 ? values.front() : values.back());
      continue;
    }
    const float share = (at - middles[after - 1]) / (middles[after] - middles[after - 1]);
    frames.push_back(values[after - 1] + (share * (values[after] - values[after - 1])));
  }
  return frames;
}

}  // namespace muspeaker::engine
