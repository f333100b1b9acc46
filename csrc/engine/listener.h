#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/graph.h"
#include "dsp/mel.h"
#include "dsp/pitch.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// What is heard in a recording whose text is known.
struct Recording {
  core::Frames mel;                ///< (frames, num_mels), natural log
  std::vector<float> f0;           ///< (frames) in Hz, 0 where unvoiced
  std::vector<float> energy;       ///< (frames), normalised log-energy
  std::vector<int32_t> durations;  ///< (tokens) in frames
};

/// A recording and its phones to what the model can say again.
class Listener {
 public:
  /// The model must outlive the listener.
  explicit Listener(const model::MuSpeaker& model);

  static constexpr int64_t kMaxSeconds = 60;

  /// The shortest recording.
  [[nodiscard]] int64_t min_samples() const { return log_mel_.min_samples(); }

  /// samples: the recording at the model's rate; phones: (tokens,) below num_phones.
  /// Phones are placed by the model's phone classifier, or by its aligner if it has none.
  /// Throws std::invalid_argument if the model has neither, the samples are too few, too many or
  /// not finite, or there are more phones than frames.
  [[nodiscard]] Recording hear(core::GraphRunner& runner, Samples samples,
                               const std::vector<int32_t>& phones) const;

  /// Mel, F0 and energy of a recording that is long enough and finite; no durations.
  [[nodiscard]] Recording measure(Samples samples) const;

  /// What the phone classifier says. mel: (frames, num_mels), natural log.
  /// Returns (frames, num_phones), log-probabilities but for a constant of each frame.
  /// Throws std::invalid_argument if the model has no phone classifier, or there is no frame.
  [[nodiscard]] core::Frames phone_logits(core::GraphRunner& runner, const core::Frames& mel) const;

  /// How well each phone of the table explains each frame, by the phone classifier; all pauses are
  /// phone 0. mel: (frames, num_mels), natural log.
  /// Returns (frames, num_phones), as PhoneClassifier::phone_scores does.
  /// Throws std::invalid_argument if the model has no phone classifier, or there is no frame.
  [[nodiscard]] core::Frames phone_scores(core::GraphRunner& runner, const core::Frames& mel) const;

 private:
  /// mel: (frames, num_mels); phones: (tokens,). Returns the frames of each, (tokens,).
  [[nodiscard]] std::vector<int32_t> align(core::GraphRunner& runner, const core::Frames& mel,
                                           const std::vector<int32_t>& phones) const;

  const model::MuSpeaker& model_;
  dsp::LogMel log_mel_;
  dsp::PitchTracker pitch_tracker_;
};

/// The factor that brings one voice's F0 to another's register: the ratio of their geometric means
/// over the frames that are voiced in both, 1 if there is none. Each (frames) in Hz, 0 where
/// unvoiced.
float register_factor(const std::vector<float>& source_f0, const std::vector<float>& target_f0);

}  // namespace muspeaker::engine
