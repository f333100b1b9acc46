#include "dsp/mel.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "dsp/window.h"

namespace muspeaker::dsp {
namespace {

constexpr float kEnergyFloor = 1e-5F;

// Slaney's mel scale: linear to 1 kHz, logarithmic above.
double hz_to_slaney(double hz) {
  return hz < 1000.0 ? hz * 3.0 / 200.0 : 15.0 + (27.0 * std::log(hz / 1000.0) / std::log(6.4));
}

double slaney_to_hz(double mel) {
  return mel < 15.0 ? mel * 200.0 / 3.0 : 1000.0 * std::exp((mel - 15.0) * std::log(6.4) / 27.0);
}

/// Returns its argument, so that sizes are checked before any member is built.
core::AudioConfig checked(const core::AudioConfig& audio) {
  const bool sizes_fit = audio.hop_samples > 0 && audio.window_samples > 0 &&
                         audio.window_samples <= audio.fft_samples &&
                         audio.hop_samples <= audio.fft_samples;
  core::require_input(sizes_fit, "hop and window must be from 1 to fft samples (" +
                                     std::to_string(audio.fft_samples) + "), got " +
                                     std::to_string(audio.hop_samples) + " and " +
                                     std::to_string(audio.window_samples));
  const bool range_fits = audio.mel_low_hz >= 0 && audio.mel_low_hz < audio.mel_high_hz &&
                          2.0 * audio.mel_high_hz <= static_cast<double>(audio.sample_rate);
  core::require_input(range_fits,
                      "mel_low_hz must be below mel_high_hz and that not above half of " +
                          std::to_string(audio.sample_rate) + " Hz, got " +
                          std::to_string(audio.mel_low_hz) + " and " +
                          std::to_string(audio.mel_high_hz));
  core::require_input(
      audio.num_mels > 0 && audio.num_mels <= audio.fft_samples,
      "num_mels must be from 1 to fft samples, got " + std::to_string(audio.num_mels));
  core::require_input(audio.mel_floor > 0,
                      "mel_floor must be positive, got " + std::to_string(audio.mel_floor));
  return audio;
}

}  // namespace

std::vector<double> mel_edges_hz(const core::AudioConfig& audio) {
  const double low = hz_to_slaney(audio.mel_low_hz);
  const double step =
      (hz_to_slaney(audio.mel_high_hz) - low) / static_cast<double>(audio.num_mels + 1);
  std::vector<double> edges_hz;
  edges_hz.reserve(static_cast<size_t>(audio.num_mels) + 2);
  for (int64_t edge = 0; edge < audio.num_mels + 2; ++edge) {
    edges_hz.push_back(slaney_to_hz(low + (step * static_cast<double>(edge))));
  }
  return edges_hz;
}

FilterBank mel_filters(const core::AudioConfig& audio) {
  const double bin_hz =
      static_cast<double>(audio.sample_rate) / static_cast<double>(audio.fft_samples);
  const std::vector<double> edges_hz = mel_edges_hz(audio);
  return {audio.num_mels, (audio.fft_samples / 2) + 1, [&](int64_t filter, int64_t bin) {
            const double* edge = edges_hz.data() + filter;
            const double hz = bin_hz * static_cast<double>(bin);
            const double rise = (hz - edge[0]) / (edge[1] - edge[0]);
            const double fall = (edge[2] - hz) / (edge[2] - edge[1]);
            return std::max(std::min(rise, fall), 0.0) * 2.0 / (edge[2] - edge[0]);
          }};
}

std::vector<float> centred_window(const core::AudioConfig& audio) {
  const std::vector<float> window = hann_window(audio.window_samples);
  std::vector<float> centred(static_cast<size_t>(audio.fft_samples), 0.0F);
  std::copy(window.begin(), window.end(),
            centred.begin() + (audio.fft_samples - audio.window_samples) / 2);
  return centred;
}

LogMel::LogMel(const core::AudioConfig& audio)
    : fft_(checked(audio).fft_samples),
      hop_samples_(audio.hop_samples),
      padding_((audio.fft_samples - audio.hop_samples) / 2),
      floor_(static_cast<float>(audio.mel_floor)),
      window_(centred_window(audio)),
      filters_(mel_filters(audio)) {}

int64_t LogMel::min_samples() const {
  return std::max(padding_ + 1, hop_samples_);
}

void LogMel::require_samples(int64_t num_samples) const {
  core::require_input(num_samples >= min_samples(),
                      "a spectrogram needs at least " + std::to_string(min_samples()) +
                          " samples, got " + std::to_string(num_samples));
}

/// Leaves |X|^2 of one frame in workspace.power.
void LogMel::power_spectrum(const float* samples, int64_t num_samples, int64_t frame_index,
                            FrameWorkspace& workspace) const {
  const int64_t fft_samples = fft_.num_samples();
  workspace.frame.resize(static_cast<size_t>(fft_samples));
  workspace.power.resize(static_cast<size_t>(fft_.num_bins()));
  const int64_t start = (frame_index * hop_samples_) - padding_;
  float* frame = workspace.frame.data();
  if (start >= 0 && start + fft_samples <= num_samples) {
    for (int64_t i = 0; i < fft_samples; ++i) {
      frame[i] = samples[start + i] * window_[static_cast<size_t>(i)];
    }
  } else {
    const int64_t last = num_samples - 1;
    for (int64_t i = 0; i < fft_samples; ++i) {
      const int64_t mirrored = std::abs(start + i);
      const int64_t index = mirrored > last ? (2 * last) - mirrored : mirrored;
      frame[i] = samples[index] * window_[static_cast<size_t>(i)];
    }
  }
  fft_.power(frame, workspace.power.data(), workspace.fft);
}

core::Frames LogMel::log_mel(const float* samples, int64_t num_samples) const {
  require_samples(num_samples);
  core::Frames mel(num_frames(num_samples), filters_.num_filters());
  FrameWorkspace workspace;
  for (int64_t t = 0; t < mel.rows(); ++t) {
    power_spectrum(samples, num_samples, t, workspace);
    for (float& value : workspace.power) {
      value = std::sqrt(value);
    }
    filters_.apply(workspace.power.data(), mel.row(t));
  }
  for (float& value : mel.values) {
    value = std::log(std::max(value, floor_));
  }
  return mel;
}

std::vector<float> LogMel::log_energy(const float* samples, int64_t num_samples) const {
  require_samples(num_samples);
  std::vector<float> energy(static_cast<size_t>(num_frames(num_samples)));
  FrameWorkspace workspace;
  for (size_t frame_index = 0; frame_index < energy.size(); ++frame_index) {
    power_spectrum(samples, num_samples, static_cast<int64_t>(frame_index), workspace);
    double sum = 0.0;
    for (const float value : workspace.power) {
      sum += value;
    }
    energy[frame_index] = std::log(std::max(static_cast<float>(std::sqrt(sum)), kEnergyFloor));
  }
  return energy;
}

}  // namespace muspeaker::dsp
