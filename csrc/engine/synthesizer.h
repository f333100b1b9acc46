#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/graph.h"
#include "core/weights.h"
#include "engine/cloner.h"
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
  std::vector<float> samples;      ///< (frames * hop) in (-1, 1)
  std::vector<int32_t> durations;  ///< (tokens) in frames
  std::vector<float> f0;           ///< (frames) in Hz, 0 where unvoiced
  std::vector<float> energy;       ///< (frames), normalised log-energy
  std::vector<float> mel;          ///< (frames, num_mels), natural log
};

/// One loaded model: prompts to voices, token ids and a voice to samples.
///
/// Twin of MuSpeaker.forward in muspeaker.model.muspeaker. Calls may come from any thread and take
/// turns. The same input gives the same bits at any number of threads.
class Synthesizer {
 public:
  /// Throws ModelFileError if the file cannot be used, std::invalid_argument if num_threads is not
  /// 1 to GraphRunner::kMaxThreads.
  Synthesizer(const std::string& path, int num_threads);

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

  [[nodiscard]] const core::ModelConfig& config() const { return config_; }
  [[nodiscard]] const core::WeightFile& file() const { return file_; }

 private:
  void check(const Tokens& tokens) const;
  [[nodiscard]] Noise draw_noise(const Tokens& tokens, const SynthesisOptions& options) const;
  Speech perform(const Tokens& tokens, const Voice& voice, const SynthesisOptions& options,
                 const std::vector<float>& latent_noise);
  std::vector<float> encode(const Tokens& tokens, const Voice& voice,
                            const std::vector<float>& latent_noise,
                            std::vector<float>& log_durations);
  void shape_melody(const std::vector<float>& e_con, const std::vector<int32_t>& path,
                    const Voice& voice, const SynthesisOptions& options, Speech& speech);
  std::vector<float> decode(const std::vector<float>& e_con, const std::vector<int32_t>& path,
                            const Voice& voice, const Speech& speech);

  core::WeightFile file_;
  core::ModelConfig config_;
  model::MuSpeaker model_;
  Cloner cloner_;
  VocoderStream vocoder_;
  std::mutex mutex_;  // over runner_
  core::GraphRunner runner_;
};

}  // namespace muspeaker::engine
