#pragma once

#include <cstdint>

#include "core/graph.h"
#include "dsp/fbank.h"
#include "dsp/mel.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// A borrowed recording: (count) float32 in [-1, 1].
struct Samples {
  const float* data = nullptr;
  int64_t count = 0;
};

/// Prompt samples to a voice.
///
/// Twin of MuSpeaker.clone in muspeaker.model.muspeaker, with the features before it.
class Cloner {
 public:
  /// The model must outlive the cloner.
  explicit Cloner(const model::MuSpeaker& model);

  /// samples: the prompt at the model's rate; samples_16k: the same at 16 kHz.
  /// Throws std::invalid_argument if either is too short, over kMaxPromptSeconds or not finite.
  [[nodiscard]] Voice clone(core::GraphRunner& runner, Samples samples, Samples samples_16k) const;

 private:
  const model::MuSpeaker& model_;
  dsp::LogMel log_mel_;
  dsp::KaldiFbank fbank_;
};

}  // namespace muspeaker::engine
