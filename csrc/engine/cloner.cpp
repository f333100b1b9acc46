#include "engine/cloner.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "dsp/heard_phones.h"
#include "dsp/mel_moments.h"
#include "dsp/spectral_map.h"

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

/// Gives the vector the length sqrt(size). Twin of scale_timbre in muspeaker.twin.model.muspeaker.
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

Cloner::Cloner(const model::MuSpeaker& model, const Listener& listener)
    : model_(model), listener_(listener), fbank_(model.config().timbre_encoder.num_fbanks) {}

Voice Cloner::clone(core::GraphRunner& runner, Samples samples, Samples samples_16k) const {
  using dsp::KaldiFbank;
  const core::ModelConfig& config = model_.config();
  const int64_t least_16k = KaldiFbank::kWindowSamples +
                            ((model::TimbreEncoder::kMinFrames - 1) * KaldiFbank::kHopSamples);
  check("samples", samples, listener_.min_samples(), config.audio.sample_rate);
  check("samples_16k", samples_16k, least_16k, KaldiFbank::kSampleRate);

  const int64_t num_fbanks = config.timbre_encoder.num_fbanks;
  const Recording prompt = listener_.measure(samples);
  const std::vector<float>& mel = prompt.mel;
  std::vector<float> fbank = fbank_.fbank(samples_16k.data, samples_16k.count);
  dsp::remove_time_mean(fbank, num_fbanks);

  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* mel_in =
        graph.input("mel", GGML_TYPE_F32,
                    {config.audio.num_mels, static_cast<int64_t>(prompt.f0.size())}, mel.data());
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
  if (config.map_cepstra() > 0) {
    const std::vector<float> spoken = speak_again(runner, prompt, voice.timbre);
    const std::vector<float> map =
        dsp::fit_spectral_map(mel, spoken, config.audio.num_mels, config.map_cepstra());
    voice.timbre.insert(voice.timbre.end(), map.begin(), map.end());
  }
  return voice;
}

/// The prompt's phones with its durations, F0 and energy in the voice that the model takes from it.
/// Returns the mel, (frames, num_mels).
std::vector<float> Cloner::speak_again(core::GraphRunner& runner, const Recording& prompt,
                                       const std::vector<float>& timbre) const {
  const core::ModelConfig& config = model_.config();
  const model::VariationAdapter& adapter = model_.variation_adapter();
  const dsp::HeardPhones heard = dsp::heard_phones(listener_.phone_logits(runner, prompt.mel),
                                                   config.linguistic_encoder.num_phones);
  const auto tokens = static_cast<int64_t>(heard.phones.size());
  const auto frames = static_cast<int64_t>(prompt.f0.size());
  const std::vector<int32_t> plain(heard.phones.size(), 0);  // no stress and no boundary is known
  const std::vector<float> noise(static_cast<size_t>(tokens * config.mel_encoder.latent), 0.0F);
  const std::vector<int32_t> path = model::make_path(heard.durations);
  const std::vector<float> pitch = adapter.normalize_f0(prompt.f0);
  runner.run([&](core::GraphBuilder& graph) {
    const auto ids = [&](const char* name, const std::vector<int32_t>& values) {
      return graph.input(name, GGML_TYPE_I32, {static_cast<int64_t>(values.size())}, values.data());
    };
    const auto matrix = [&](const char* name, const std::vector<float>& values, int64_t rows) {
      const int64_t width = static_cast<int64_t>(values.size()) / rows;
      return graph.input(name, GGML_TYPE_F32, {width, rows}, values.data());
    };
    ggml_tensor* e_con =
        model_.encode_content(graph.context(), ids("phones", heard.phones), ids("stresses", plain),
                              ids("boundaries", plain), matrix("noise", noise, tokens));
    ggml_tensor* stretched = adapter.stretch(graph.context(), e_con, ids("path", path));
    ggml_tensor* e_lat = adapter.embed(graph.context(), stretched, matrix("pitch", pitch, frames),
                                       matrix("energy", prompt.energy, frames));
    graph.output("mel", model_.decode_mel(graph.context(), e_lat, matrix("timbre", timbre, 1)));
  });
  return runner.take("mel");
}

}  // namespace muspeaker::engine
