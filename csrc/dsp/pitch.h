#pragma once

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "dsp/fft.h"

namespace muspeaker::dsp {

/// F0 of a recording on the model's frame clock.
///
/// Source: Boersma 1993, "Accurate short-term analysis of the fundamental frequency and the
/// harmonics-to-noise ratio of a sampled sound", Proc. Institute of Phonetic Sciences 17: the
/// autocorrelation of a windowed frame over that of its window, and the cheapest path through the
/// candidates of all frames. The constants are those that prepared the training speech.
class PitchTracker {
 public:
  /// Throws std::invalid_argument if the rate is below 4 kHz or the hop is not positive.
  explicit PitchTracker(const core::AudioConfig& audio);

  static constexpr double kFloorHz = 60.0;
  static constexpr double kCeilingHz = 550.0;

  /// samples: num_samples values in [-1, 1], finite.
  /// Returns (num_samples / hop) float32, Hz at the middle of each frame, 0 where unvoiced.
  [[nodiscard]] std::vector<float> track(const float* samples, int64_t num_samples) const;

 private:
  /// One way to hear a frame; unvoiced if hz is 0.
  struct Candidate {
    double hz;
    double strength;
  };
  using Candidates = std::vector<Candidate>;

  /// Memory that the frames of one call share.
  struct FrameWorkspace {
    std::vector<float> frame, power, spectrum, lags, unused;
    RealFft::Workspace fft;
  };

  double load_frame(const float* samples, int64_t num_samples, int64_t centre,
                    FrameWorkspace& workspace) const;
  void autocorrelate(FrameWorkspace& workspace) const;
  [[nodiscard]] Candidates candidates_of(const std::vector<float>& lags, double loudness) const;
  [[nodiscard]] std::vector<float> cheapest_path(const std::vector<Candidates>& frames) const;

  int64_t sample_rate_, hop_samples_, window_samples_;
  RealFft fft_, fine_fft_;
  std::vector<float> window_;
  std::vector<float> window_lags_;  // autocorrelation of the window, in half samples
};

}  // namespace muspeaker::dsp
