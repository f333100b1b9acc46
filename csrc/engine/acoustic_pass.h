#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/graph.h"
#include "engine/delivery.h"
#include "engine/options.h"
#include "engine/tokens.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// What is decided for each frame before the mel is made.
struct Melody {
  std::vector<float> f0;      ///< (frames) in Hz, 0 where unvoiced
  std::vector<float> energy;  ///< (frames), normalised log-energy
};

/// What the predictors read of a voice's style, kept for as long as it is the same style.
struct StyleMemory {
  core::Frames style;                 ///< that this is of; none at first
  std::array<core::Frames, 6> parts;  ///< key and value of each predictor, (style frames, hidden)
};

/// What the decoder makes a mel of.
struct DecoderInputs {
  core::Frames e_lat;        ///< (frames, hidden), content, pitch and energy
  std::vector<float> e_tim;  ///< (timbre) of the decoder, who speaks
};

/// Tokens to mel, the one speaking pass, in steps that callers combine:
///
///   speaking    encode            -> predict_durations -> shape_melody     -> decode -> match
///   converting  encode_recording  -> heard durations   -> heard, moved     -> decode -> match
///   cloning     encode, no noise  -> heard durations   -> heard            -> decode
///   editing     the rows of the two encodings, joined at the edit; durations and melody heard
///               outside of it and predicted inside     -> decode -> match
///
/// Between the steps everything is plain numbers, so that a caller may change or replace any of it.
/// Each step runs one graph. Arguments are not checked: Tokens::check, Voice::check and
/// SynthesisOptions::check come first.
class AcousticPass {
 public:
  /// The model must outlive this.
  explicit AcousticPass(const model::MuSpeaker& model) : model_(model) {}

  static constexpr int64_t kMaxSeconds = 120;

  /// latent_noise: (tokens, latent). Returns e_con, (tokens, hidden).
  [[nodiscard]] core::Frames encode(core::GraphRunner& runner, const Tokens& tokens,
                                    const core::Frames& latent_noise) const;

  /// The same for a recording of the tokens. mel: (frames, num_mels); durations: (tokens,).
  [[nodiscard]] core::Frames encode_recording(core::GraphRunner& runner, const Tokens& tokens,
                                              const core::Frames& mel,
                                              const std::vector<int32_t>& durations) const;

  /// Makes the memory that of a style, unless it is already.
  void remember(core::GraphRunner& runner, const core::Frames& style, StyleMemory& memory) const;

  /// Returns whole frames, (tokens,), one at least in all. Throws std::invalid_argument if there
  /// would be none, or more than kMaxSeconds of them, which the twin does not check.
  [[nodiscard]] std::vector<int32_t> predict_durations(core::GraphRunner& runner,
                                                       const core::Frames& e_con,
                                                       const StyleMemory& style,
                                                       const SynthesisOptions& options,
                                                       const Delivery& delivery = {}) const;

  /// Predicts F0 and energy of content that lasts as long as durations say.
  [[nodiscard]] Melody shape_melody(core::GraphRunner& runner, const core::Frames& e_con,
                                    const std::vector<int32_t>& durations, const StyleMemory& style,
                                    const SynthesisOptions& options,
                                    const Delivery& delivery = {}) const;

  /// timbre: at least timbre_size values, those that a voice's vector begins with.
  /// decoder: one that has learnt a voice, null for the model's own.
  /// Returns the mel, (frames, num_mels), as the decoder makes it.
  [[nodiscard]] core::Frames decode(core::GraphRunner& runner, const core::Frames& e_con,
                                    const std::vector<int32_t>& durations, const Melody& melody,
                                    const std::vector<float>& timbre,
                                    const model::MelDecoder* decoder = nullptr) const;

  /// What decode() gives to the decoder.
  [[nodiscard]] DecoderInputs decoder_inputs(core::GraphRunner& runner, const core::Frames& e_con,
                                             const std::vector<int32_t>& durations,
                                             const Melody& melody,
                                             const std::vector<float>& timbre) const;

  /// Moves a decoded mel towards the voice: by its spectral map, else to the prompt's moments.
  void match(core::GraphRunner& runner, core::Frames& mel, const Voice& voice,
             float energy_gain) const;

 private:
  const model::MuSpeaker& model_;
};

}  // namespace muspeaker::engine
