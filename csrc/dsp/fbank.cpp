#include "dsp/fbank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "dsp/window.h"

namespace muspeaker::dsp {
namespace {

constexpr int64_t kFftSamples = 512;
constexpr float kLowHz = 20.0F;
constexpr float kPreemphasis = 0.97F;

float hz_to_kaldi(float hz) {
  return 1127.0F * std::log(1.0F + (hz / 700.0F));
}

/// Triangles straight on Kaldi's mel scale; the Nyquist bin is left out, as there. Kaldi computes
/// them in single precision, and its rounding shows in the features; so do we.
FilterBank kaldi_filters(int64_t num_fbanks) {
  const float low = hz_to_kaldi(kLowHz);
  const float high = hz_to_kaldi(static_cast<float>(KaldiFbank::kSampleRate) / 2);
  const float step = (high - low) / static_cast<float>(num_fbanks + 1);
  const float bin_hz =
      static_cast<float>(KaldiFbank::kSampleRate) / static_cast<float>(kFftSamples);
  return {num_fbanks, kFftSamples / 2, [=](int64_t filter, int64_t bin) {
            const float left = low + (step * static_cast<float>(filter));
            const float centre = low + (step * static_cast<float>(filter + 1));
            const float right = low + (step * static_cast<float>(filter + 2));
            const float mel = hz_to_kaldi(bin_hz * static_cast<float>(bin));
            const float rise = (mel - left) / (centre - left);
            const float fall = (right - mel) / (right - centre);
            return std::max(std::min(rise, fall), 0.0F);
          }};
}

/// Returns its argument, so that it is checked before any member is built.
int64_t checked(int64_t num_fbanks) {
  core::require_input(num_fbanks >= 1 && num_fbanks <= kFftSamples / 2,
                      "num_fbanks must be from 1 to 256, got " + std::to_string(num_fbanks));
  return num_fbanks;
}

/// Copies one window with its mean removed, pre-emphasised and shaped.
void prepare_frame(const float* samples, const std::vector<float>& window, float* frame) {
  double sum = 0.0;
  for (size_t i = 0; i < window.size(); ++i) {
    sum += samples[i];
  }
  const auto mean = static_cast<float>(sum / static_cast<double>(window.size()));
  float previous = samples[0] - mean;
  for (size_t i = 0; i < window.size(); ++i) {
    const float centred = samples[i] - mean;
    frame[i] = (centred - (kPreemphasis * previous)) * window[i];
    previous = centred;
  }
}

}  // namespace

KaldiFbank::KaldiFbank(int64_t num_fbanks)
    : window_(povey_window(kWindowSamples)),
      fft_(kFftSamples),
      filters_(kaldi_filters(checked(num_fbanks))) {}

int64_t KaldiFbank::num_frames(int64_t num_samples) {
  return num_samples < kWindowSamples ? 0 : 1 + ((num_samples - kWindowSamples) / kHopSamples);
}

core::Frames KaldiFbank::fbank(const float* samples_16k, int64_t num_samples) const {
  core::require_input(num_samples >= kWindowSamples,
                      "a filter bank needs at least " + std::to_string(kWindowSamples) +
                          " samples, got " + std::to_string(num_samples));
  core::Frames fbank(num_frames(num_samples), filters_.num_filters());
  std::vector<float> frame(static_cast<size_t>(kFftSamples), 0.0F);
  std::vector<float> power(static_cast<size_t>(fft_.num_bins()));
  RealFft::Workspace workspace;
  for (int64_t t = 0; t < fbank.rows(); ++t) {
    prepare_frame(samples_16k + (t * kHopSamples), window_, frame.data());
    fft_.power(frame.data(), power.data(), workspace);
    filters_.apply(power.data(), fbank.row(t));
  }
  for (float& value : fbank.values) {
    value = std::log(std::max(value, std::numeric_limits<float>::epsilon()));
  }
  return fbank;
}

void remove_time_mean(core::Frames& fbank) {
  core::require_input(fbank.width > 0 && fbank.size() % fbank.width == 0,
                      "a filter bank of " + std::to_string(fbank.size()) +
                          " values has no whole number of frames of " +
                          std::to_string(fbank.width));
  for (int64_t bank = 0; bank < fbank.width; ++bank) {
    double sum = 0.0;
    for (int64_t t = 0; t < fbank.rows(); ++t) {
      sum += fbank.row(t)[bank];
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(fbank.rows()));
    for (int64_t t = 0; t < fbank.rows(); ++t) {
      fbank.row(t)[bank] -= mean;
    }
  }
}

}  // namespace muspeaker::dsp
