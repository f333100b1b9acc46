#include "dsp/mel_moments.h"

#include <algorithm>
#include <cmath>

namespace muspeaker::dsp {
namespace {

constexpr double kSpeechFloor = 1e-3;  // of the loudest frame, in amplitude
constexpr double kEpsilon = 1e-6;
constexpr double kMelMean = -6.0;
constexpr double kMelDeviation = 1.7;
constexpr double kDeviationScale = 0.5;
constexpr double kHalfMatchedFrames = 43.0;  // half a second
constexpr double kMostStretched = 2.0;

struct Moments {
  double mean = 0.0;
  double deviation = 0.0;
};

Moments band_moments(const std::vector<float>& mel, int64_t num_mels,
                     const std::vector<int64_t>& frames, int64_t band) {
  const auto count = static_cast<double>(frames.size());
  const auto value = [&](int64_t frame) {
    return mel[static_cast<size_t>((frame * num_mels) + band)];
  };
  Moments moments;
  for (const int64_t frame : frames) {
    moments.mean += value(frame) / count;
  }
  double variance = 0.0;
  for (const int64_t frame : frames) {
    const double distance = value(frame) - moments.mean;
    variance += distance * distance / count;
  }
  moments.deviation = std::sqrt(variance + kEpsilon);
  return moments;
}

}  // namespace

std::vector<int64_t> speech_frames(const std::vector<float>& mel, int64_t num_mels) {
  const int64_t num_frames = static_cast<int64_t>(mel.size()) / num_mels;
  std::vector<double> loudness(static_cast<size_t>(num_frames));
  for (int64_t frame = 0; frame < num_frames; ++frame) {
    double sum = 0.0;
    for (int64_t band = 0; band < num_mels; ++band) {
      sum += std::exp(static_cast<double>(mel[static_cast<size_t>((frame * num_mels) + band)]));
    }
    loudness[static_cast<size_t>(frame)] = sum;
  }
  const double floor = kSpeechFloor * *std::max_element(loudness.begin(), loudness.end());
  std::vector<int64_t> frames;
  for (int64_t frame = 0; frame < num_frames; ++frame) {
    if (loudness[static_cast<size_t>(frame)] > floor) {
      frames.push_back(frame);
    }
  }
  return frames;
}

std::vector<float> mel_moments(const std::vector<float>& mel, int64_t num_mels) {
  const std::vector<int64_t> frames = speech_frames(mel, num_mels);
  std::vector<float> scaled(static_cast<size_t>(2 * num_mels));
  for (int64_t band = 0; band < num_mels; ++band) {
    const Moments moments = band_moments(mel, num_mels, frames, band);
    scaled[static_cast<size_t>(band)] = static_cast<float>(moments.mean - kMelMean);
    scaled[static_cast<size_t>(num_mels + band)] =
        static_cast<float>((moments.deviation - kMelDeviation) / kDeviationScale);
  }
  return scaled;
}

void match_moments(std::vector<float>& mel, int64_t num_mels, const float* moments,
                   float energy_gain) {
  const std::vector<int64_t> frames = speech_frames(mel, num_mels);
  const auto count = static_cast<double>(frames.size());
  const double strength = count / (count + kHalfMatchedFrames);
  const double gain = std::log(static_cast<double>(energy_gain));
  const int64_t num_frames = static_cast<int64_t>(mel.size()) / num_mels;
  for (int64_t band = 0; band < num_mels; ++band) {
    const Moments spoken = band_moments(mel, num_mels, frames, band);
    const double wanted_mean = moments[band] + kMelMean + gain;
    const double wanted_deviation = (moments[num_mels + band] * kDeviationScale) + kMelDeviation;
    const double ratio = std::pow(
        std::clamp(wanted_deviation / spoken.deviation, 1.0 / kMostStretched, kMostStretched),
        strength);
    const double centre = spoken.mean + (strength * (wanted_mean - spoken.mean));
    for (int64_t frame = 0; frame < num_frames; ++frame) {
      float& value = mel[static_cast<size_t>((frame * num_mels) + band)];
      value = static_cast<float>(((value - spoken.mean) * ratio) + centre);
    }
  }
}

}  // namespace muspeaker::dsp
