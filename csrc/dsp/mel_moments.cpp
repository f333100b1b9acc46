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

/// First values of the frames within 60 dB of the loudest.
std::vector<const float*> speech_frames(const std::vector<float>& mel, int64_t num_mels) {
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
  std::vector<const float*> frames;
  for (int64_t frame = 0; frame < num_frames; ++frame) {
    if (loudness[static_cast<size_t>(frame)] > floor) {
      frames.push_back(mel.data() + (frame * num_mels));
    }
  }
  return frames;
}

}  // namespace

std::vector<float> mel_moments(const std::vector<float>& mel, int64_t num_mels) {
  const std::vector<const float*> frames = speech_frames(mel, num_mels);
  const auto count = static_cast<double>(frames.size());
  std::vector<float> moments(static_cast<size_t>(2 * num_mels));
  for (int64_t band = 0; band < num_mels; ++band) {
    double mean = 0.0;
    for (const float* frame : frames) {
      mean += frame[band] / count;
    }
    double variance = 0.0;
    for (const float* frame : frames) {
      variance += (frame[band] - mean) * (frame[band] - mean) / count;
    }
    const double deviation = std::sqrt(variance + kEpsilon);
    moments[static_cast<size_t>(band)] = static_cast<float>(mean - kMelMean);
    moments[static_cast<size_t>(num_mels + band)] =
        static_cast<float>((deviation - kMelDeviation) / kDeviationScale);
  }
  return moments;
}

}  // namespace muspeaker::dsp
