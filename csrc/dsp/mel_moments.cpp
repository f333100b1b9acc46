#include "dsp/mel_moments.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/elementary.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {
namespace {

constexpr double kSpeechFloor = 1e-3;  // share of the loudest frame's amplitude
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

Moments band_moments(const core::Frames& mel, const std::vector<int64_t>& frames, int64_t band) {
  const auto count = static_cast<double>(frames.size());
  Moments moments;
  for (const int64_t frame : frames) {
    moments.mean += mel.row(frame)[band] / count;
  }
  double variance = 0.0;
  for (const int64_t frame : frames) {
    const double distance = mel.row(frame)[band] - moments.mean;
    variance += distance * distance / count;
  }
  moments.deviation = std::sqrt(variance + kEpsilon);
  return moments;
}

/// Sums by lanes, for a compiler may not reorder one long sum.
MUSPEAKER_INTO_CALLER double sum_of(const float* values, int64_t count) {
  constexpr int64_t kLanes = 16;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += static_cast<double>(values[i + lane]);
    }
  }
  for (int64_t lane = 0; i < count; ++i, ++lane) {
    lanes[lane] += static_cast<double>(values[i]);
  }
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

}  // namespace

std::vector<int64_t> speech_frames(const core::Frames& mel) {
  std::vector<double> loudness(static_cast<size_t>(mel.rows()));
  std::vector<float> amplitudes(static_cast<size_t>(mel.width));
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    for (int64_t frame = 0; frame < mel.rows(); ++frame) {
      const float* __restrict row = mel.row(frame);
      float* __restrict to = amplitudes.data();
      for (int64_t band = 0; band < mel.width; ++band) {
        to[band] = core::exp_of(row[band]);
      }
      loudness[static_cast<size_t>(frame)] = sum_of(to, mel.width);
    }
  });
  const double floor = kSpeechFloor * *std::max_element(loudness.begin(), loudness.end());
  std::vector<int64_t> frames;
  for (int64_t frame = 0; frame < mel.rows(); ++frame) {
    if (loudness[static_cast<size_t>(frame)] > floor) {
      frames.push_back(frame);
    }
  }
  return frames;
}

std::vector<float> mel_moments(const core::Frames& mel) {
  const std::vector<int64_t> frames = speech_frames(mel);
  core::Frames scaled(2, mel.width);  // means, then deviations
  for (int64_t band = 0; band < mel.width; ++band) {
    const Moments moments = band_moments(mel, frames, band);
    scaled.row(0)[band] = static_cast<float>(moments.mean - kMelMean);
    scaled.row(1)[band] = static_cast<float>((moments.deviation - kMelDeviation) / kDeviationScale);
  }
  return std::move(scaled.values);
}

void match_moments(core::Frames& mel, const float* moments, float energy_gain) {
  const std::vector<int64_t> frames = speech_frames(mel);
  const auto count = static_cast<double>(frames.size());
  const double strength = count / (count + kHalfMatchedFrames);
  const double gain = std::log(static_cast<double>(energy_gain));
  for (int64_t band = 0; band < mel.width; ++band) {
    const Moments spoken = band_moments(mel, frames, band);
    const double wanted_mean = moments[band] + kMelMean + gain;
    const double wanted_deviation = (moments[mel.width + band] * kDeviationScale) + kMelDeviation;
    const double ratio = std::pow(
        std::clamp(wanted_deviation / spoken.deviation, 1.0 / kMostStretched, kMostStretched),
        strength);
    const double centre = spoken.mean + (strength * (wanted_mean - spoken.mean));
    for (int64_t frame = 0; frame < mel.rows(); ++frame) {
      float& value = mel.row(frame)[band];
      value = static_cast<float>(((value - spoken.mean) * ratio) + centre);
    }
  }
}

}  // namespace muspeaker::dsp
