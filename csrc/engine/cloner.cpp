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
                    const CloneOptions& options) const {
  using dsp::KaldiFbank;
  const core::ModelConfig& config = model_.config();
  const int64_t least_16k = KaldiFbank::kWindowSamples +
                            ((model::TimbreEncoder::kMinFrames - 1) * KaldiFbank::kHopSamples);
  check("samples", samples, listener_.min_samples(), config.audio.sample_rate);
  check("samples_16k", samples_16k, least_16k, KaldiFbank::kSampleRate);

  const Recording prompt = listener_.measure(samples);
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
  const auto append = [&voice](const std::vector<float>& values) {
    voice.vector.insert(voice.vector.end(), values.begin(), values.end());
  };
  if (config.mel_decoder.prompt_moments > 0) {
    append(dsp::mel_moments(prompt.mel));
  }
  if (config.map_cepstra() > 0) {
    const core::Frames spoken = speak_again(runner, prompt, voice.vector);
    append(dsp::fit_spectral_map(prompt.mel, spoken, config.map_cepstra(), options.spectral_map));
  }
  return voice;
}

/// The phones that are heard in the prompt with its durations, F0 and energy, in the timbre that
/// the model takes from it. Returns the mel, (frames, num_mels).
core::Frames Cloner::speak_again(core::GraphRunner& runner, const Recording& prompt,
                                 const std::vector<float>& timbre) const {
  dsp::HeardPhones heard = dsp::heard_phones(listener_.phone_logits(runner, prompt.mel));
  const int64_t count = core::count_of(heard.phones);
  std::vector<int32_t> ids = std::move(heard.phones);
  ids.resize(static_cast<size_t>(Tokens::kRows * count), 0);  // the other rows are not known
  const core::Frames no_noise(count, model_.config().mel_encoder.latent);
  const core::Frames e_con = pass_.encode(runner, {ids.data(), count}, no_noise);
  return pass_.decode(runner, e_con, heard.durations, {prompt.f0, prompt.energy}, timbre);
}

}  // namespace muspeaker::engine
