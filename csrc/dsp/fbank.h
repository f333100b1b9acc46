#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "dsp/fft.h"
#include "dsp/filter_bank.h"

namespace muspeaker::dsp {

/// Kaldi's log filter banks at 16 kHz, the input of the timbre encoder before its mean is removed.
///
/// 25 ms Povey window, 10 ms hop, only whole windows, mean of each window removed, pre-emphasis
/// 0.97, no dither, power spectrum of 512 points, 20 Hz to 8 kHz, natural log with Kaldi's epsilon.
class KaldiFbank {
 public:
  static constexpr int64_t kSampleRate = 16000;
  static constexpr int64_t kWindowSamples = 400;
  static constexpr int64_t kHopSamples = 160;

  /// Throws std::invalid_argument if num_fbanks is not from 1 to 256.
  explicit KaldiFbank(int64_t num_fbanks);

  /// Whole windows in a number of samples; 0 if there are too few for one.
  static int64_t num_frames(int64_t num_samples);

  /// samples_16k: num_samples values in [-1, 1], not scaled to int16.
  /// Returns (frames, num_fbanks) float32, banks contiguous.
  /// Throws std::invalid_argument if there are fewer than kWindowSamples samples.
  [[nodiscard]] core::Frames fbank(const float* samples_16k, int64_t num_samples) const;

 private:
  std::vector<float> window_;
  RealFft fft_;
  FilterBank filters_;
};

/// Subtracts the mean over time of each bank from (frames, num_fbanks), in place.
void remove_time_mean(core::Frames& fbank);

}  // namespace muspeaker::dsp
