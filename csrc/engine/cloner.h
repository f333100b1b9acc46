#pragma once

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
};

/// Prompt samples to a voice.
class Cloner {
 public:
  /// Model, listener and pass must outlive the cloner.
  Cloner(const model::MuSpeaker& model, const Listener& listener, const AcousticPass& pass);

  /// samples: the prompt at the model's rate; samples_16k: the same at 16 kHz.
  /// Throws std::invalid_argument if either is too short, over kMaxPromptSeconds or not finite.
  [[nodiscard]] Voice clone(core::GraphRunner& runner, Samples samples, Samples samples_16k,
                            const CloneOptions& options) const;

 private:
  [[nodiscard]] core::Frames speak_again(core::GraphRunner& runner, const Recording& prompt,
                                         const std::vector<float>& timbre) const;

  const model::MuSpeaker& model_;
  const Listener& listener_;
  const AcousticPass& pass_;
  dsp::KaldiFbank fbank_;
};

}  // namespace muspeaker::engine
