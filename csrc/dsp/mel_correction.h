#pragma once

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "dsp/fft.h"
#include "dsp/filter_bank.h"

namespace muspeaker::dsp {

/// Moves the spectrum of speech to the log-mel that it was made from, in one step.
///
/// Twin of correct_mel in muspeaker.twin.dsp.mel_correction, which says how. Here the samples of an
/// utterance come piece by piece: the bits of the result do not depend on where pieces end.
class MelCorrection {
 public:
  /// share: of the difference, from 0 to 1. Throws std::invalid_argument if windows do not overlap
  /// four times.
  MelCorrection(const core::AudioConfig& audio, float share);

  /// One utterance on its way. It is made before its first samples and serves no other.
  struct State {
    int64_t taken = 0;           ///< samples that have come
    int64_t frames = 0;          ///< that have been corrected
    std::vector<float> raw;      ///< the newest of those that have come, `taken` the last
    std::vector<float> overlap;  ///< (fft) sums of frames, from the next sample to be given on
    std::vector<float> frame, real, imag, magnitude, bands;
    RealFft::Workspace fft;
  };

  /// Takes the next `count` samples of an utterance of num_frames whole hops, and appends to
  /// `corrected` those that no later ones can change: up to three and a half hops fewer than have
  /// come, and all at the end. mel: (num_frames, num_mels), natural log, that of the utterance.
  /// Nothing is allocated once pieces of one size have come and `corrected` has room.
  void correct(State& state, const float* mel, int64_t num_frames, const float* samples,
               int64_t count, std::vector<float>& corrected) const;

  /// The samples that frames [begin, end) of a whole utterance complete, the same bits as correct()
  /// gives, at their places in `corrected`. samples, corrected: (num_frames * hop). All parts but
  /// the last must end context_frames() before num_frames. Threads may correct parts side by side.
  void correct_part(const float* mel, int64_t num_frames, const float* samples, int64_t begin,
                    int64_t end, float* corrected) const;

  /// Frames under whose windows a frame's samples lie, to either side.
  [[nodiscard]] int64_t context_frames() const {
    return (fft_.num_samples() + hop_samples_ - 1) / hop_samples_;
  }

 private:
  void take(State& state, const float* samples, int64_t count) const;
  void window_frame(State& state, int64_t num_samples) const;
  void correct_frame(State& state, const float* mel, int64_t num_samples) const;
  void give(State& state, int64_t num_samples, std::vector<float>& corrected) const;
  [[nodiscard]] float weight_sum(int64_t offset, int64_t frame) const;

  RealFft fft_;
  int64_t hop_samples_, padding_, num_mels_;
  float share_, floor_;
  std::vector<float> window_;
  FilterBank filters_;
  std::vector<float> weights_;        ///< (hop) sums of squared windows where all frames are there
  std::vector<int32_t> band_of_bin_;  ///< the band whose peak is at or below a bin
  std::vector<float> way_to_next_;    ///< how far the bin lies from it towards the next, 0 to 1
};

}  // namespace muspeaker::dsp
