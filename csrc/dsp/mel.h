#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "dsp/fft.h"
#include "dsp/filter_bank.h"

namespace muspeaker::dsp {

/// (num_mels + 2) frequencies: each slaney triangle begins at one, peaks at the next, ends at the
/// third.
std::vector<double> mel_edges_hz(const core::AudioConfig& audio);

/// Triangles of equal area, as librosa.filters.mel(htk=False, norm="slaney") makes them.
FilterBank mel_filters(const core::AudioConfig& audio);

/// The Hann window in the middle of fft_samples values, zeros around it.
std::vector<float> centred_window(const core::AudioConfig& audio);

/// The log-mel spectrogram and log-energy of the model.
///
/// Source: Kong et al. 2020 (HiFi-GAN, arXiv:2010.05646), the features of its published code, with
/// the slaney filters of librosa.filters.mel. (fft - hop) / 2 samples are reflected at both ends,
/// frame t then covers the window centred at (t + 0.5) hops.
class LogMel {
 public:
  /// Throws std::invalid_argument if the sizes do not fit one another.
  explicit LogMel(const core::AudioConfig& audio);

  /// Whole hops in a number of samples.
  [[nodiscard]] int64_t num_frames(int64_t num_samples) const { return num_samples / hop_samples_; }

  /// The least number of samples that can be reflected and give a frame.
  [[nodiscard]] int64_t min_samples() const;

  /// samples: num_samples values in [-1, 1] at the rate of the config.
  /// Returns (frames, num_mels) float32, mels contiguous, natural log, not below log(mel_floor).
  /// Throws std::invalid_argument if num_samples is below min_samples().
  [[nodiscard]] core::Frames log_mel(const float* samples, int64_t num_samples) const;

  /// Returns (frames) float32, natural log of the L2 norm of each frame's magnitude spectrum, not
  /// below log(1e-5). Throws std::invalid_argument if num_samples is below min_samples().
  [[nodiscard]] std::vector<float> log_energy(const float* samples, int64_t num_samples) const;

 private:
  /// Memory that the frames of one call share.
  struct FrameWorkspace {
    std::vector<float> frame, power;
    RealFft::Workspace fft;
  };

  void require_samples(int64_t num_samples) const;
  void power_spectrum(const float* samples, int64_t num_samples, int64_t frame_index,
                      FrameWorkspace& workspace) const;

  RealFft fft_;
  int64_t hop_samples_, padding_;
  float floor_;
  std::vector<float> window_;
  FilterBank filters_;
};

}  // namespace muspeaker::dsp
