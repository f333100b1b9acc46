#include "engine/cloner.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "dsp/mel_moments.h"

namespace muspeaker::engine {
namespace {

void check(const char* name, Samples samples, int64_t least, int64_t rate_hz) {
  core::require_input(samples.count >= least, std::string(name) + " must hold at least " +
                                                  std::to_string(least) + " samples, got " +
                                                  std::to_string(samples.count));
  const int64_t most = kMaxPromptSeconds * rate_hz;
  core::require_input(samples.count <= most, std::string(name) + " must hold at most " +
                                                 std::to_string(most) + " samples, got " +
                                                 std::to_string(samples.count));
  require_finite(samples.data, samples.count, name);
}

/// Gives the vector the length sqrt(size). Twin of scale_timbre in muspeaker.model.muspeaker.
void scale_timbre(std::vector<float>& timbre) {
  double square = 0.0;
  for (const float value : timbre) {
    square += static_cast<double>(value) * value;
  }
  const double length = std::max(std::sqrt(square), 1e-12);
  const double factor = std::sqrt(static_cast<double>(timbre.size())) / length;
  for (float& value : timbre) {
    value = static_cast<float>(value * factor);
  }
}

}  // namespace

Cloner::Cloner(const model::MuSpeaker& model)
    : model_(model),
      log_mel_(model.config().audio),
      fbank_(model.config().timbre_encoder.num_fbanks) {}

Voice Cloner::clone(core::GraphRunner& runner, Samples samples, Samples samples_16k) const {
  using dsp::KaldiFbank;
  const core::ModelConfig& config = model_.config();
  const int64_t least_16k = KaldiFbank::kWindowSamples +
                            ((model::TimbreEncoder::kMinFrames - 1) * KaldiFbank::kHopSamples);
  check("samples", samples, log_mel_.min_samples(), config.audio.sample_rate);
  check("samples_16k", samples_16k, least_16k, KaldiFbank::kSampleRate);

  const int64_t num_fbanks = config.timbre_encoder.num_fbanks;
  const std::vector<float> mel = log_mel_.log_mel(samples.data, samples.count);
  std::vector<float> fbank = fbank_.fbank(samples_16k.data, samples_16k.count);
  dsp::remove_time_mean(fbank, num_fbanks);

  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* mel_in =
        graph.input("mel", GGML_TYPE_F32,
                    {config.audio.num_mels, log_mel_.num_frames(samples.count)}, mel.data());
    ggml_tensor* fbank_in =
        graph.input("fbank", GGML_TYPE_F32, {num_fbanks, KaldiFbank::num_frames(samples_16k.count)},
                    fbank.data());
    graph.output("style", model_.style_encoder().forward(graph.context(), mel_in));
    graph.output("timbre", model_.timbre_encoder().forward(graph.context(), fbank_in));
  });
  Voice voice;
  voice.style = runner.take("style");
  voice.style_frames = static_cast<int64_t>(voice.style.size()) / config.style_encoder.hidden;
  voice.timbre = runner.take("timbre");
  scale_timbre(voice.timbre);
  if (config.mel_decoder.prompt_moments > 0) {
    const std::vector<float> moments = dsp::mel_moments(mel, config.audio.num_mels);
    voice.timbre.insert(voice.timbre.end(), moments.begin(), moments.end());
  }
  return voice;
}

}  // namespace muspeaker::engine
