#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/graph.h"
#include "core/weights.h"
#include "engine/cloner.h"
#include "engine/listener.h"
#include "engine/options.h"
#include "engine/stream.h"
#include "engine/utterance.h"
#include "engine/voice.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// One utterance as ids, (count) int32 each, borrowed.
struct Tokens {
  const int32_t* phones = nullptr;
  const int32_t* stresses = nullptr;
  const int32_t* boundaries = nullptr;
  int64_t count = 0;
};

/// Randomness, given from outside.
struct Noise {
  std::vector<float> latent;  ///< (tokens, latent), standard normal times the temperature
  NoiseAt vocoder;
};

/// One spoken utterance and what was decided on the way.
struct Speech {
  std::vector<float> samples;      ///< (frames * hop) in [-1, 1]
  std::vector<int32_t> durations;  ///< (tokens) in frames
  std::vector<float> f0;           ///< (frames) in Hz, 0 where unvoiced
  std::vector<float> energy;       ///< (frames), normalised log-energy
  std::vector<float> mel;          ///< (frames, num_mels), natural log
};

/// One loaded model: prompts to voices, token ids and a voice to samples.
///
/// Twin of MuSpeaker.forward in muspeaker.twin.model.muspeaker. Calls may come from any thread and take
/// turns. The same input gives the same bits at any number of threads.
class Synthesizer {
 public:
  /// Throws ModelFileError if the file cannot be used, std::invalid_argument if num_threads is not
  /// 1 to GraphRunner::kMaxThreads.
  Synthesizer(const std::string& path, int num_threads);

  /// Another of the same model, with threads and memory of its own for what it computes: the two
  /// work at once and share the weights. Throws as the constructor does for num_threads.
  [[nodiscard]] std::unique_ptr<Synthesizer> fork(int num_threads) const;

  static constexpr int64_t kMaxTokens = 2048;
  static constexpr int64_t kMaxSeconds = 120;

  /// As Cloner::clone.
  [[nodiscard]] Voice clone(Samples samples, Samples samples_16k);

  /// Speaks with noise drawn from the seed: the latent's from stream 0, the vocoder's from stream
  /// 1, by absolute index. Throws std::invalid_argument if an input is out of range or the
  /// utterance is longer than kMaxSeconds.
  [[nodiscard]] Speech synthesize(const Tokens& tokens, const Voice& voice,
                                  const SynthesisOptions& options);

  /// The same with the noise given; options.seed and options.temperature do nothing.
  [[nodiscard]] Speech synthesize(const Tokens& tokens, const Voice& voice,
                                  const SynthesisOptions& options, const Noise& noise);

  /// The same as the first, but only up to the mel: the samples are pulled from what is returned,
  /// which the synthesizer must outlive.
  [[nodiscard]] Utterance start(const Tokens& tokens, const Voice& voice,
                                const SynthesisOptions& options);

  /// Says again what a recording says: with its content, durations and loudness, and its melody in
  /// the register of the voice. tokens: its text; of the options, pitch and energy change that, and
  /// the seed is of the vocoder's noise. Twin of convert in muspeaker.twin.engine.synthesizer.
  /// Throws std::invalid_argument as Listener::hear does, or if an input is out of range.
  [[nodiscard]] Speech convert(Samples samples, const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options);

  /// The same with the vocoder's noise given; options.seed does nothing.
  [[nodiscard]] Speech convert(Samples samples, const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options, const NoiseAt& noise);

  /// CPU seconds of each part so far, summed over threads: `content` (text to durations), `melody`,
  /// `mel_decoder`, `vocoder`, `mel_correction`, `clone` and, of conversions, `listener`.
  [[nodiscard]] core::GraphRunner::Timings timings();

  [[nodiscard]] const core::ModelConfig& config() const { return config_; }
  [[nodiscard]] const core::WeightFile& file() const { return loaded_->file; }

 private:
  void check(const Tokens& tokens) const;
  [[nodiscard]] Noise draw_noise(const Tokens& tokens, const SynthesisOptions& options) const;
  Speech perform(const Tokens& tokens, const Voice& voice, const SynthesisOptions& options,
                 const std::vector<float>& latent_noise);
  std::vector<float> encode(const Tokens& tokens, const Voice& voice,
                            const std::vector<float>& latent_noise,
                            std::vector<float>& log_durations);
  Recording hear(Samples samples, const Tokens& tokens);
  std::vector<float> encode(const Tokens& tokens, const Recording& recording);
  void shape_melody(const std::vector<float>& e_con, const std::vector<int32_t>& path,
                    const Voice& voice, const SynthesisOptions& options, Speech& speech);
  std::vector<float> decode(const std::vector<float>& e_con, const std::vector<int32_t>& path,
                            const Voice& voice, const SynthesisOptions& options,
                            const Speech& speech);

  /// What forks share; nothing in it changes once it is loaded.
  struct Loaded {
    explicit Loaded(const std::string& path);

    core::WeightFile file;
    core::ModelConfig config;
    model::MuSpeaker model;
    Listener listener;
    Cloner cloner;
    VocoderStream vocoder;
  };

  Synthesizer(std::shared_ptr<const Loaded> loaded, int num_threads);

  std::shared_ptr<const Loaded> loaded_;
  const core::ModelConfig& config_ = loaded_->config;
  const model::MuSpeaker& model_ = loaded_->model;
  const Cloner& cloner_ = loaded_->cloner;
  const Listener& listener_ = loaded_->listener;
  const VocoderStream& vocoder_ = loaded_->vocoder;
  std::mutex mutex_;  // over runner_
  core::GraphRunner runner_;
};

}  // namespace muspeaker::engine
