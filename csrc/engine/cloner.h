#pragma once

#include <vector>

#include "core/graph.h"
#include "dsp/fbank.h"
#include "engine/listener.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// Prompt samples to a voice.
///
/// Twin of MuSpeaker.clone in muspeaker.twin.model.muspeaker, with the features before it.
class Cloner {
 public:
  /// Model and listener must outlive the cloner.
  Cloner(const model::MuSpeaker& model, const Listener& listener);

  /// samples: the prompt at the model's rate; samples_16k: the same at 16 kHz.
  /// Throws std::invalid_argument if either is too short, over kMaxPromptSeconds or not finite.
  [[nodiscard]] Voice clone(core::GraphRunner& runner, Samples samples, Samples samples_16k) const;

 private:
  std::vector<float> speak_again(core::GraphRunner& runner, const Recording& prompt,
                                 const std::vector<float>& timbre) const;

  const model::MuSpeaker& model_;
  const Listener& listener_;
  dsp::KaldiFbank fbank_;
};

}  // namespace muspeaker::engine
