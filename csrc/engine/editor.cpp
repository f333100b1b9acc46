#include "engine/editor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace muspeaker::engine {

void Edit::check(int64_t recorded_tokens) const {
  core::require_input(core::count_of(origins) == tokens.count,
                      "there must be one origin for each of the " + std::to_string(tokens.count) +
                          " tokens, got " + std::to_string(origins.size()));
  int64_t last = -1;
  for (const int32_t origin : origins) {
    if (origin == dsp::kNew) {
      continue;
    }
    core::require_input(origin > last && origin < recorded_tokens,
                        "each origin must be -1 or a recorded token after the one before, got " +
                            std::to_string(origin) + " after " + std::to_string(last));
    last = origin;
  }
}

Edited Editor::edit(core::GraphRunner& runner, const Recording& recording, const Tokens& recorded,
                    const Edit& edit, const Voice& voice, const SynthesisOptions& options,
                    const core::Frames& latent_noise, const model::MelDecoder* decoder) const {
  const core::Frames own =
      pass_.encode_recording(runner, recorded, recording.mel, recording.durations);
  core::Frames e_con = pass_.encode(runner, edit.tokens, latent_noise);
  for (int64_t token = 0; token < e_con.rows(); ++token) {
    const int32_t origin = edit.origins[static_cast<size_t>(token)];
    if (origin != dsp::kNew) {
      std::copy_n(own.row(origin), own.width, e_con.row(token));
    }
  }
  StyleMemory style;
  pass_.remember(runner, voice.style, style);
  std::vector<int32_t> durations = pass_.predict_durations(runner, e_con, style, options);
  for (size_t token = 0; token < durations.size(); ++token) {
    const int32_t origin = edit.origins[token];
    if (origin != dsp::kNew) {
      durations[token] = recording.durations[static_cast<size_t>(origin)];
    }
  }
  const std::vector<int32_t> frames =
      dsp::frame_origins(durations, edit.origins, recording.durations);
  Melody melody = pass_.shape_melody(runner, e_con, durations, style, options);
  dsp::infill_f0(melody.f0, recording.f0, frames);
  core::Frames energy(std::move(melody.energy), /*row_width=*/1);
  dsp::infill(energy, {recording.energy, /*row_width=*/1}, frames);
  melody.energy = std::move(energy.values);
  core::Frames mel = pass_.decode(runner, e_con, durations, melody, voice.vector, decoder);
  pass_.match(runner, mel, voice, options.energy);
  dsp::infill(mel, recording.mel, frames);
  dsp::lift_to_background(mel, recording.mel, frames);
  return {std::move(durations), std::move(melody), std::move(mel)};
}

}  // namespace muspeaker::engine
