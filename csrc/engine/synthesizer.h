#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "core/graph.h"
#include "core/weights.h"
#include "dsp/mel_loudness.h"
#include "engine/acoustic_pass.h"
#include "engine/cloner.h"
#include "engine/editor.h"
#include "engine/listener.h"
#include "engine/noise.h"
#include "engine/options.h"
#include "engine/refinement.h"
#include "engine/speaking.h"
#include "engine/stream.h"
#include "engine/tokens.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// One spoken utterance and what was decided on the way.
struct Speech {
  std::vector<float> samples;      ///< (frames * hop) in [-1, 1]
  std::vector<int32_t> durations;  ///< (tokens) in frames
  std::vector<float> f0;           ///< (frames) in Hz, 0 where unvoiced
  std::vector<float> energy;       ///< (frames), normalised log-energy
  core::Frames mel;                ///< (frames, num_mels), natural log
};

/// An edited recording: what is kept of it is spoken again, too, so that it can be joined anywhere.
struct EditedSpeech {
  Speech speech;               ///< of the edited text
  std::vector<int32_t> heard;  ///< (recorded tokens) in frames, the recording's own
};

/// One loaded model: prompts to voices, token ids and a voice to samples.
///
/// Calls may come from any thread and wait for each other. The same input gives the same bits at
/// any number of threads.
class Synthesizer {
 public:
  /// Throws ModelFileError if the file cannot be used, std::invalid_argument if num_threads is not
  /// 1 to GraphRunner::kMaxThreads.
  Synthesizer(const std::string& path, int num_threads);

  /// Another of the same model, with threads and memory of its own for what it computes: the two
  /// work at once and share the weights. Throws as the constructor does for num_threads.
  [[nodiscard]] std::unique_ptr<Synthesizer> fork(int num_threads) const;

  /// As Cloner::clone.
  [[nodiscard]] Voice clone(Samples samples, Samples samples_16k, const CloneOptions& options = {});

  /// As Cloner::refinement_inputs.
  [[nodiscard]] RefinementInputs refinement_inputs(Samples samples, Samples samples_16k);

  /// The weights of the model's decoder, which DecoderChanges are added to, in their order.
  [[nodiscard]] std::vector<core::WeightValues> decoder_weights() const;

  /// Speaks with noise drawn from the seed, by absolute index: the latent's from stream 0, the
  /// vocoder's from stream 1, the delivery's from stream 2. Throws std::invalid_argument if an
  /// input is out of range or the utterance is longer than AcousticPass::kMaxSeconds.
  [[nodiscard]] Speech synthesize(const Tokens& tokens, const Voice& voice,
                                  const SynthesisOptions& options);

  /// The same with the noise given; options.seed and options.temperature do nothing.
  [[nodiscard]] Speech synthesize(const Tokens& tokens, const Voice& voice,
                                  const SynthesisOptions& options, const Noise& noise);

  /// The same as the first, but only up to the mel: the samples are pulled from what is returned,
  /// which the synthesizer must outlive.
  [[nodiscard]] Speaking start(const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options);

  /// Says again what a recording says: with its content, durations and loudness, and its melody in
  /// the register of the voice. tokens: its text; of the options, pitch and energy change that, and
  /// the seed is of the vocoder's noise.
  /// Throws std::invalid_argument as Listener::hear does, or if an input is out of range.
  [[nodiscard]] Speech convert(Samples samples, const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options);

  /// The same with the vocoder's noise given; options.seed does nothing.
  [[nodiscard]] Speech convert(Samples samples, const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options, const NoiseAt& noise);

  /// Says what a recording would say with another text: durations, melody and mel are the
  /// recording's where the edit keeps them, and are led to and from these where it does not.
  /// recorded: the recording's text. Throws std::invalid_argument as Listener::hear and
  /// AcousticPass::predict_durations do, or if an input is out of range.
  [[nodiscard]] EditedSpeech edit(Samples samples, const Tokens& recorded, const Edit& edit,
                                  const Voice& voice, const SynthesisOptions& options);

  /// The same with the noise given; options.seed and options.temperature do nothing.
  [[nodiscard]] EditedSpeech edit(Samples samples, const Tokens& recorded, const Edit& edit,
                                  const Voice& voice, const SynthesisOptions& options,
                                  const Noise& noise);

  /// CPU seconds of each part so far, summed over threads: `content` (text to durations), `melody`,
  /// `mel_decoder`, `vocoder`, `mel_correction`, `clone`, of conversions and edits `listener`, and
  /// of edits `editor`, which is all from content to mel.
  [[nodiscard]] core::Timings timings();

  /// Frames of each chunk that Speaking gives, but the first and the last.
  [[nodiscard]] int64_t chunk_frames() const { return loaded_->model.vocoder().chunk_frames(); }

  [[nodiscard]] const core::ModelConfig& config() const { return loaded_->config; }
  [[nodiscard]] const core::WeightFile& file() const { return loaded_->file; }

 private:
  [[nodiscard]] Noise draw_noise(const Tokens& tokens, const SynthesisOptions& options) const;
  void check_latent(const core::Frames& latent_noise, const Tokens& tokens) const;
  [[nodiscard]] const model::MelDecoder* decoder_of(const Voice& voice);
  [[nodiscard]] Recording hear(Samples samples, const Tokens& tokens);
  Speech perform(const Tokens& tokens, const Voice& voice, const SynthesisOptions& options,
                 const Noise& noise);
  Speech decode(const core::Frames& e_con, std::vector<int32_t> durations, Melody melody,
                const Voice& voice, const SynthesisOptions& options);

  /// What forks share; nothing in it changes once it is loaded.
  struct Loaded {
    explicit Loaded(const std::string& path);

    core::WeightFile file;
    core::ModelConfig config;
    model::MuSpeaker model;
    AcousticPass pass;
    Listener listener;
    Cloner cloner;
    Editor editor;
    dsp::MelLoudness loudness;
    VocoderStream vocoder;
  };

  Synthesizer(std::shared_ptr<const Loaded> loaded, int num_threads);

  std::shared_ptr<const Loaded> loaded_;
  std::mutex mutex_;  // guards what follows
  core::GraphRunner runner_;
  StyleMemory style_;      // of the voice that spoke last
  DecoderMemory decoder_;  // of the last voice with changes
};

}  // namespace muspeaker::engine
