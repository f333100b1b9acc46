#pragma once

#include <vector>

#include "core/graph.h"
#include "dsp/fbank.h"
#include "engine/acoustic_pass.h"
#include "engine/listener.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// Prompt samples to a voice.
class Cloner {
 public:
  /// Model, listener and pass must outlive the cloner.
  Cloner(const model::MuSpeaker& model, const Listener& listener, const AcousticPass& pass);

  /// samples: the prompt at the model's rate; samples_16k: the same at 16 kHz.
  /// Throws std::invalid_argument if either is too short, over kMaxPromptSeconds or not finite.
  [[nodiscard]] Voice clone(core::GraphRunner& runner, Samples samples, Samples samples_16k) const;

 private:
  [[nodiscard]] core::Frames speak_again(core::GraphRunner& runner, const Recording& prompt,
                                         const std::vector<float>& timbre) const;

  const model::MuSpeaker& model_;
  const Listener& listener_;
  const AcousticPass& pass_;
  dsp::KaldiFbank fbank_;
};

}  // namespace muspeaker::engine
