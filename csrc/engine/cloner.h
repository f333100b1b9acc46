#pragma once

#include <memory>
#include <vector>

#include "core/graph.h"
#include "dsp/fbank.h"
#include "dsp/spectral_map.h"
#include "engine/acoustic_pass.h"
#include "engine/listener.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// How a voice is taken from a prompt.
struct CloneOptions {
  dsp::SpectralMapOptions spectral_map;
  std::shared_ptr<const DecoderChanges> changes =
      nullptr;  ///< what the decoder has learnt; null for none
};

/// A prompt as the decoder may learn it.
struct RefinementInputs {
  DecoderInputs given;
  core::Frames mel;  ///< (frames, num_mels), what it is to make of that
};

/// Prompt samples to a voice.
class Cloner {
 public:
  /// Model, listener and pass must outlive the cloner.
  Cloner(const model::MuSpeaker& model, const Listener& listener, const AcousticPass& pass);

  /// samples: the prompt at the model's rate; samples_16k: the same at 16 kHz.
  /// decoder: the one that options.changes make, null for the model's own.
  /// Throws std::invalid_argument if either is too short, over kMaxPromptSeconds or not finite.
  [[nodiscard]] Voice clone(core::GraphRunner& runner, Samples samples, Samples samples_16k,
                            const CloneOptions& options,
                            const model::MelDecoder* decoder = nullptr) const;

  /// What clone() decodes of the same prompt. Throws as that does, and if the model has no phone
  /// classifier.
  [[nodiscard]] RefinementInputs refinement_inputs(core::GraphRunner& runner, Samples samples,
                                                   Samples samples_16k) const;

 private:
  /// The phones that are heard in a prompt, as content.
  struct Heard {
    core::Frames e_con;              ///< (tokens, hidden)
    std::vector<int32_t> durations;  ///< (tokens) in frames
  };

  void require_prompt(Samples samples, Samples samples_16k) const;
  [[nodiscard]] Voice encode(core::GraphRunner& runner, const Recording& prompt,
                             Samples samples_16k) const;
  [[nodiscard]] Heard hear(core::GraphRunner& runner, const Recording& prompt) const;

  const model::MuSpeaker& model_;
  const Listener& listener_;
  const AcousticPass& pass_;
  dsp::KaldiFbank fbank_;
};

}  // namespace muspeaker::engine
