#pragma once

#include <ggml.h>

#include <cstdint>
#include <memory>

#include "core/config.h"
#include "core/weights.h"
#include "dsp/pulse_train.h"
#include "model/margins.h"

namespace muspeaker::model {

/// Mel and F0 to samples: what every vocoder takes and gives.
///
/// Another vocoder is a class that derives from this one and a line in make_vocoder; nothing else
/// asks which one it is.
class Vocoder {
 public:
  virtual ~Vocoder() = default;
  Vocoder(const Vocoder&) = delete;
  Vocoder& operator=(const Vocoder&) = delete;

  /// Phase of the fundamental over one frame. start: phase before it, in cycles; phase: as many
  /// samples as a frame has, in [0, 1]. Returns the phase before the next frame.
  virtual double integrate_frame(const dsp::FrameF0& f0, double start, float* phase) const = 0;

  /// Describes one chunk.
  ///
  /// mel: (1, mels, frames) float32, natural-log mel, channels contiguous in memory; f0: (1,
  /// frames) in Hz, 0 where unvoiced; phase: (1, samples) of the fundamental, in cycles; noise: (1,
  /// samples), standard normal, a function of the absolute sample index. Returns (1, samples),
  /// about -1 to 1, without those of the margins. Throws std::invalid_argument if the inputs do not
  /// fit each other.
  virtual ggml_tensor* forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0,
                               ggml_tensor* phase, ggml_tensor* noise,
                               const Margins& margins) const = 0;

  /// Frames that one output frame can depend on, to either side.
  [[nodiscard]] int64_t reach_frames() const { return reach_frames_; }

  /// Samples that each frame becomes.
  [[nodiscard]] int64_t samples_a_frame() const { return samples_a_frame_; }

  /// Frames of the first chunk of a stream: few, so that speech begins early.
  [[nodiscard]] int64_t first_frames() const { return first_frames_; }

  /// Frames of the second: enough to be spoken for as long as a slow processor takes for a third.
  [[nodiscard]] int64_t second_frames() const { return second_frames_; }

  /// Frames of a chunk, margins aside, at which it runs fastest.
  [[nodiscard]] int64_t chunk_frames() const { return chunk_frames_; }

  /// Frames of a part at most, where a whole utterance is made at once; 0 if that is made in chunks
  /// too, because int8 samples depend on where chunks begin.
  [[nodiscard]] int64_t whole_frames() const { return whole_frames_; }

  /// A number that no other vocoder of this process has: plans of its graphs are kept under it.
  [[nodiscard]] int64_t id() const { return id_; }

 protected:
  /// reach_frames is set by the derived constructor.
  Vocoder(int64_t samples_a_frame, int64_t chunk_frames, int64_t whole_frames = 0);

  /// Throws std::invalid_argument if F0 is not of the mel's frames, or phase or noise not of their
  /// samples.
  void check_inputs(const ggml_tensor* mel, const ggml_tensor* f0, const ggml_tensor* phase,
                    const ggml_tensor* noise) const;

  int64_t reach_frames_ = 0;

 private:
  int64_t samples_a_frame_;
  int64_t first_frames_;
  int64_t second_frames_;
  int64_t chunk_frames_;
  int64_t whole_frames_;
  int64_t id_;
};

/// The vocoder that config.kind names, its tensors claimed from the scope.
/// Throws ModelFileError if a tensor is absent or misshapen.
std::unique_ptr<const Vocoder> make_vocoder(const core::Scope& scope,
                                            const core::VocoderConfig& config,
                                            const core::AudioConfig& audio);

}  // namespace muspeaker::model
