#include "engine/cloner.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "dsp/heard_phones.h"
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
  require_samples(samples, name);
}

/// Scales a vector to the RMS 1, which is the length sqrt(size).
void scale_to_unit_rms(std::vector<float>& embedding) {
  double square = 0.0;
  for (const float value : embedding) {
    square += static_cast<double>(value) * value;
  }
  const double length = std::max(std::sqrt(square), 1e-12);
  const double factor = std::sqrt(static_cast<double>(embedding.size())) / length;
  for (float& value : embedding) {
    value = static_cast<float>(value * factor);
  }
}

}  // namespace

Cloner::Cloner(const model::MuSpeaker& model, const Listener& listener, const AcousticPass& pass)
    : model_(model),
      listener_(listener),
      pass_(pass),
      fbank_(model.config().timbre_encoder.num_fbanks) {}

Voice Cloner::clone(core::GraphRunner& runner, Samples samples, Samples samples_16k,
                    const CloneOptions& options, const model::MelDecoder* decoder) const {
  require_prompt(samples, samples_16k);
  const Recording prompt = listener_.measure(samples);
  Voice voice = encode(runner, prompt, samples_16k);
  const int64_t map_cepstra = model_.config().map_cepstra();
  if (map_cepstra > 0) {
    const Heard heard = hear(runner, prompt);
    const core::Frames spoken = pass_.decode(runner, heard.e_con, heard.durations,
                                             {prompt.f0, prompt.energy}, voice.vector, decoder);
    const std::vector<float> map =
        dsp::fit_spectral_map(prompt.mel, spoken, map_cepstra, options.spectral_map);
    voice.vector.insert(voice.vector.end(), map.begin(), map.end());
  }
  voice.changes = options.changes;
  return voice;
}

RefinementInputs Cloner::refinement_inputs(core::GraphRunner& runner, Samples samples,
                                           Samples samples_16k) const {
  require_prompt(samples, samples_16k);
  Recording prompt = listener_.measure(samples);
  const Voice voice = encode(runner, prompt, samples_16k);
  const Heard heard = hear(runner, prompt);
  DecoderInputs given = pass_.decoder_inputs(runner, heard.e_con, heard.durations,
                                             {prompt.f0, prompt.energy}, voice.vector);
  return {std::move(given), std::move(prompt.mel)};
}

void Cloner::require_prompt(Samples samples, Samples samples_16k) const {
  using dsp::KaldiFbank;
  const int64_t least_16k = KaldiFbank::kWindowSamples +
                            ((model::TimbreEncoder::kMinFrames - 1) * KaldiFbank::kHopSamples);
  check("samples", samples, listener_.min_samples(), model_.config().audio.sample_rate);
  check("samples_16k", samples_16k, least_16k, KaldiFbank::kSampleRate);
}

/// The voice without a spectral map: its vector are the timbre_size values that decode() takes.
Voice Cloner::encode(core::GraphRunner& runner, const Recording& prompt,
                     Samples samples_16k) const {
  core::Frames fbank = fbank_.fbank(samples_16k.data, samples_16k.count);
  dsp::remove_time_mean(fbank);
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* mel = graph.input("mel", prompt.mel);
    ggml_tensor* banks = graph.input("fbank", fbank);
    graph.output("style", model_.style_encoder().forward(graph.context(), mel));
    graph.output("embedding", model_.timbre_encoder().forward(graph.context(), banks));
  });
  Voice voice;
  voice.style = runner.take_frames("style");
  voice.vector = runner.take("embedding");
  scale_to_unit_rms(voice.vector);
  if (model_.config().mel_decoder.prompt_moments > 0) {
    const std::vector<float> moments = dsp::mel_moments(prompt.mel);
    voice.vector.insert(voice.vector.end(), moments.begin(), moments.end());
  }
  return voice;
}

/// The phones that are heard in the prompt, without noise.
Cloner::Heard Cloner::hear(core::GraphRunner& runner, const Recording& prompt) const {
  dsp::HeardPhones heard = dsp::heard_phones(listener_.phone_logits(runner, prompt.mel));
  const int64_t count = core::count_of(heard.phones);
  std::vector<int32_t> ids = std::move(heard.phones);
  ids.resize(static_cast<size_t>(Tokens::kRows * count), 0);  // the other rows are not known
  const core::Frames no_noise(count, model_.config().mel_encoder.latent);
  return {pass_.encode(runner, {ids.data(), count}, no_noise), std::move(heard.durations)};
}

}  // namespace muspeaker::engine
