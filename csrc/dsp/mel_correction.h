#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "dsp/band_interpolation.h"
#include "dsp/fft.h"
#include "dsp/filter_bank.h"
#include "dsp/watermark.h"

namespace muspeaker::dsp {

/// Corrects the band levels of speech to the log-mel that it was made from, in one step, and takes
/// off a constant offset, which a mel does not ask for. In the same spectra it can mark the speech.
///
/// Here the samples of an utterance come piece by piece: the bits of the result do not depend on
/// where pieces end.
class MelCorrection {
 public:
  /// Windows that must lie over each sample.
  static constexpr int64_t kOverlap = 4;

  /// Whether the windows of a model overlap that often.
  static bool fits(const core::AudioConfig& audio);

  /// share: of the difference, from 0 to 1. Throws std::invalid_argument unless fits(audio).
  MelCorrection(const core::AudioConfig& audio, float share);

  /// Streaming state of one utterance. Start with a fresh one; do not reuse.
  struct State {
    const Watermark* mark = nullptr;  ///< what marks the utterance, if anything; must outlive it
    int64_t taken = 0;                ///< samples that have come
    int64_t frames = 0;               ///< frames that have been corrected
    std::vector<float> raw;           ///< the newest of those that have come, `taken` the last
    std::vector<float> overlap;       ///< (fft) sums of frames, from the next sample to be given on
    std::vector<float> frame, real, imag, magnitude, bands;
    RealFft::Workspace fft;
  };

  /// Takes the next `count` samples of an utterance of mel.rows() whole hops, and appends to
  /// `corrected` those that are final: up to latency_samples() fewer than have come, and all at the
  /// end. mel: (frames, num_mels), natural log, that of the whole utterance. Nothing is allocated
  /// once pieces of one size have come and `corrected` has room.
  void correct(State& state, const core::Frames& mel, const float* samples, int64_t count,
               std::vector<float>& corrected) const;

  /// The samples that frames [begin, end) of a whole utterance complete, the same bits as correct()
  /// gives, at their places in `corrected`. samples, corrected: (frames * hop). All parts but the
  /// last must end context_frames() before mel.rows(). Threads may correct parts side by side.
  /// mark: as that of State.
  void correct_part(const core::Frames& mel, const float* samples, int64_t begin, int64_t end,
                    float* corrected, const Watermark* mark = nullptr) const;

  /// Frames under whose windows a frame's samples lie, to either side.
  [[nodiscard]] int64_t context_frames() const {
    return (fft_.num_samples() + hop_samples_ - 1) / hop_samples_;
  }

  /// Samples that are held back until their successors have come, at most.
  [[nodiscard]] int64_t latency_samples() const { return fft_.num_samples(); }

 private:
  void take(State& state, const float* samples, int64_t count) const;
  void window_frame(State& state, int64_t num_samples) const;
  void correct_frame(State& state, const float* mel, int64_t num_samples) const;
  void correct_levels(State& state, const float* mel) const;
  void give(State& state, int64_t num_samples, std::vector<float>& corrected) const;
  [[nodiscard]] float weight_sum(int64_t offset, int64_t frame) const;

  RealFft fft_;
  int64_t hop_samples_, padding_, num_mels_, silent_bins_;
  float share_, floor_;
  std::vector<float> window_;
  FilterBank filters_;
  std::vector<float> weights_;  ///< (hop) sums of squared windows where all frames are there
  BandInterpolation interpolation_;
};

}  // namespace muspeaker::dsp
