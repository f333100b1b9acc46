#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/graph.h"
#include "dsp/infill.h"
#include "engine/acoustic_pass.h"
#include "engine/listener.h"
#include "engine/options.h"
#include "engine/tokens.h"
#include "engine/voice.h"

namespace muspeaker::engine {

/// What is to be heard in place of a recording's text.
struct Edit {
  Tokens tokens;
  std::vector<int32_t> origins;  ///< (tokens.count) the recorded token that each is, or dsp::kNew

  /// Throws std::invalid_argument unless there is one origin a token, each dsp::kNew or a recorded
  /// token that follows the one before.
  void check(int64_t recorded_tokens) const;
};

/// The edited recording before the vocoder.
struct Edited {
  std::vector<int32_t> durations;  ///< (tokens) in frames
  Melody melody;
  core::Frames mel;  ///< (frames, num_mels): the recording's own, and between it what was spoken
};

/// Speaks what a recording lacks, so that it fits to what stands around it.
class Editor {
 public:
  /// The pass must outlive the editor.
  explicit Editor(const AcousticPass& pass) : pass_(pass) {}

  /// recorded: the text of the recording, which was heard with it; latent_noise:
  /// (edit.tokens.count, latent). Of the options, the pitch and the energy change only what is new.
  /// decoder: as in AcousticPass::decode.
  /// Throws std::invalid_argument as AcousticPass::predict_durations does.
  [[nodiscard]] Edited edit(core::GraphRunner& runner, const Recording& recording,
                            const Tokens& recorded, const Edit& edit, const Voice& voice,
                            const SynthesisOptions& options, const core::Frames& latent_noise,
                            const model::MelDecoder* decoder = nullptr) const;

 private:
  const AcousticPass& pass_;
};

}  // namespace muspeaker::engine
