#include "engine/synthesizer.h"

#include <cmath>
#include <utility>

#include "core/error.h"
#include "dsp/mel_moments.h"
#include "dsp/random.h"
#include "dsp/spectral_map.h"

namespace muspeaker::engine {
namespace {

constexpr uint64_t kLatentStream = 0;
constexpr uint64_t kVocoderStream = 1;
constexpr float kSemitones = 12.0F;  // in an octave

void require_ids(const char* name, const int32_t* ids, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    core::require_input(ids[i] >= 0 && ids[i] < limit,
                        std::string(name) + "[" + std::to_string(i) + "] must be 0 to " +
                            std::to_string(limit - 1) + ", got " + std::to_string(ids[i]));
  }
}

/// An input of (rows, width) float32.
ggml_tensor* matrix(core::GraphBuilder& graph, const char* name, const std::vector<float>& values,
                    int64_t width) {
  const auto rows = static_cast<int64_t>(values.size()) / width;
  return graph.input(name, GGML_TYPE_F32, {width, rows}, values.data());
}

ggml_tensor* path_input(core::GraphBuilder& graph, const std::vector<int32_t>& path) {
  return graph.input("path", GGML_TYPE_I32, {static_cast<int64_t>(path.size())}, path.data());
}

}  // namespace

Synthesizer::Loaded::Loaded(const std::string& path)
    : file(path),
      config(core::read_config(file.header())),
      model(file, config),
      listener(model),
      cloner(model, listener),
      vocoder(model) {}

Synthesizer::Synthesizer(const std::string& path, int num_threads)
    : Synthesizer(std::make_shared<const Loaded>(path), num_threads) {}

Synthesizer::Synthesizer(std::shared_ptr<const Loaded> loaded, int num_threads)
    : loaded_(std::move(loaded)), runner_(num_threads) {}

std::unique_ptr<Synthesizer> Synthesizer::fork(int num_threads) const {
  return std::unique_ptr<Synthesizer>(new Synthesizer(loaded_, num_threads));
}

core::GraphRunner::Timings Synthesizer::timings() {
  const std::scoped_lock lock(mutex_);
  return runner_.timings();
}

Voice Synthesizer::clone(Samples samples, Samples samples_16k) {
  const std::scoped_lock lock(mutex_);
  const core::GraphRunner::Timer timer(runner_, "clone");
  return cloner_.clone(runner_, samples, samples_16k);
}

Speech Synthesizer::synthesize(const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options) {
  return synthesize(tokens, voice, options, draw_noise(tokens, options));
}

Speech Synthesizer::synthesize(const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options, const Noise& noise) {
  const std::scoped_lock lock(mutex_);
  Speech speech = perform(tokens, voice, options, noise.latent);
  speech.samples = vocoder_.vocode(runner_, speech.mel, speech.f0, noise.vocoder);
  return speech;
}

Utterance Synthesizer::start(const Tokens& tokens, const Voice& voice,
                             const SynthesisOptions& options) {
  Noise noise = draw_noise(tokens, options);
  const std::scoped_lock lock(mutex_);
  Speech speech = perform(tokens, voice, options, noise.latent);
  const int64_t num_samples = static_cast<int64_t>(speech.f0.size()) * config_.audio.hop_samples;
  return {std::move(speech.durations),
          num_samples,
          vocoder_.begin(std::move(speech.mel), std::move(speech.f0), std::move(noise.vocoder)),
          vocoder_,
          runner_,
          mutex_};
}

Noise Synthesizer::draw_noise(const Tokens& tokens, const SynthesisOptions& options) const {
  check(tokens);
  options.check();
  Noise noise;
  noise.latent.resize(static_cast<size_t>(tokens.count * config_.mel_encoder.latent));
  dsp::fill_normal(options.seed, kLatentStream, 0, noise.latent.data(),
                   static_cast<int64_t>(noise.latent.size()));
  for (float& value : noise.latent) {
    value *= options.temperature;
  }
  noise.vocoder = [seed = options.seed](int64_t first_sample, float* out, int64_t count) {
    dsp::fill_normal(seed, kVocoderStream, static_cast<uint64_t>(first_sample), out, count);
  };
  return noise;
}

/// Everything but the samples.
Speech Synthesizer::perform(const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options,
                            const std::vector<float>& latent_noise) {
  check(tokens);
  voice.check(config_);
  options.check();
  const auto latent_size = static_cast<int64_t>(latent_noise.size());
  core::require_input(latent_size == tokens.count * config_.mel_encoder.latent,
                      "the latent noise must hold " +
                          std::to_string(tokens.count * config_.mel_encoder.latent) +
                          " values, got " + std::to_string(latent_size));
  const int64_t max_frames = kMaxSeconds * config_.audio.sample_rate / config_.audio.hop_samples;

  Speech speech;
  std::vector<float> log_durations;
  const std::vector<float> e_con = encode(tokens, voice, latent_noise, log_durations);
  speech.durations = model::VariationAdapter::decide_durations(std::move(log_durations),
                                                               options.variation(), max_frames);
  const std::vector<int32_t> path = model::make_path(speech.durations);
  core::require_input(!path.empty(), "the utterance is less than one frame long");
  shape_melody(e_con, path, voice, options, speech);
  speech.mel = decode(e_con, path, voice, options, speech);
  return speech;
}

Speech Synthesizer::convert(Samples samples, const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options) {
  return convert(samples, tokens, voice, options,
                 [seed = options.seed](int64_t first_sample, float* out, int64_t count) {
                   dsp::fill_normal(seed, kVocoderStream, static_cast<uint64_t>(first_sample), out,
                                    count);
                 });
}

Speech Synthesizer::convert(Samples samples, const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options, const NoiseAt& noise) {
  check(tokens);
  voice.check(config_);
  options.check();
  const std::scoped_lock lock(mutex_);
  Recording heard = hear(samples, tokens);
  const std::vector<float> e_con = encode(tokens, heard);
  const std::vector<int32_t> path = model::make_path(heard.durations);
  Speech speech;
  shape_melody(e_con, path, voice, {}, speech);  // what the voice would do by itself
  const float factor = register_factor(heard.f0, speech.f0) * std::exp2(options.pitch / kSemitones);
  for (float& value : heard.f0) {
    value *= factor;
  }
  speech.f0 = std::move(heard.f0);
  speech.energy =
      model_.variation_adapter().decide_energy(std::move(heard.energy), options.variation());
  speech.durations = std::move(heard.durations);
  speech.mel = decode(e_con, path, voice, options, speech);
  speech.samples = vocoder_.vocode(runner_, speech.mel, speech.f0, noise);
  return speech;
}

void Synthesizer::check(const Tokens& tokens) const {
  core::require_input(tokens.count >= 1 && tokens.count <= kMaxTokens,
                      "an utterance must have 1 to " + std::to_string(kMaxTokens) +
                          " tokens, got " + std::to_string(tokens.count));
  const core::LinguisticEncoderConfig& sizes = config_.linguistic_encoder;
  require_ids("phones", tokens.phones, tokens.count, sizes.num_phones);
  require_ids("stresses", tokens.stresses, tokens.count, sizes.num_stresses);
  require_ids("boundaries", tokens.boundaries, tokens.count, sizes.num_boundaries);
}

/// The graph over tokens. Returns e_con, (tokens, hidden), and fills log_durations, (tokens).
std::vector<float> Synthesizer::encode(const Tokens& tokens, const Voice& voice,
                                       const std::vector<float>& latent_noise,
                                       std::vector<float>& log_durations) {
  const core::GraphRunner::Timer timer(runner_, "content");
  runner_.run([&](core::GraphBuilder& graph) {
    const auto ids = [&](const char* name, const int32_t* values) {
      return graph.input(name, GGML_TYPE_I32, {tokens.count}, values);
    };
    ggml_tensor* noise = matrix(graph, "noise", latent_noise, config_.mel_encoder.latent);
    ggml_tensor* e_sty = matrix(graph, "e_sty", voice.style, config_.style_encoder.hidden);
    ggml_tensor* e_con = model_.encode_content(graph.context(), ids("phones", tokens.phones),
                                               ids("stresses", tokens.stresses),
                                               ids("boundaries", tokens.boundaries), noise);
    graph.output("log_durations",
                 model_.variation_adapter().predict_durations(graph.context(), e_con, e_sty));
    graph.output("e_con", e_con);
  });
  log_durations = runner_.take("log_durations");
  return runner_.take("e_con");
}

Recording Synthesizer::hear(Samples samples, const Tokens& tokens) {
  const core::GraphRunner::Timer timer(runner_, "listener");
  return listener_.hear(runner_, samples, {tokens.phones, tokens.phones + tokens.count});
}

/// The graph over tokens of a recording. Returns e_con, (tokens, hidden).
std::vector<float> Synthesizer::encode(const Tokens& tokens, const Recording& recording) {
  const core::GraphRunner::Timer timer(runner_, "content");
  runner_.run([&](core::GraphBuilder& graph) {
    const auto ids = [&](const char* name, const int32_t* values) {
      return graph.input(name, GGML_TYPE_I32, {tokens.count}, values);
    };
    ggml_tensor* mel = matrix(graph, "mel", recording.mel, config_.audio.num_mels);
    graph.output("e_con", model_.encode_recording(graph.context(), ids("phones", tokens.phones),
                                                  ids("stresses", tokens.stresses),
                                                  ids("boundaries", tokens.boundaries), mel,
                                                  ids("durations", recording.durations.data())));
  });
  return runner_.take("e_con");
}

/// The first graph over frames: fills speech.f0 and speech.energy.
void Synthesizer::shape_melody(const std::vector<float>& e_con, const std::vector<int32_t>& path,
                               const Voice& voice, const SynthesisOptions& options,
                               Speech& speech) {
  const core::GraphRunner::Timer timer(runner_, "melody");
  const model::VariationAdapter& adapter = model_.variation_adapter();
  runner_.run([&](core::GraphBuilder& graph) {
    ggml_tensor* content = matrix(graph, "e_con", e_con, config_.linguistic_encoder.hidden);
    ggml_tensor* e_sty = matrix(graph, "e_sty", voice.style, config_.style_encoder.hidden);
    ggml_tensor* frames = adapter.stretch(graph.context(), content, path_input(graph, path));
    const auto melody = adapter.predict_melody(graph.context(), frames, e_sty);
    graph.output("pitch", melody.pitch);
    graph.output("energy", melody.energy);
  });
  speech.f0 = adapter.decide_f0(runner_.take("pitch"), options.variation());
  speech.energy = adapter.decide_energy(runner_.take("energy"), options.variation());
}

/// The second graph over frames. Returns the mel, (frames, num_mels).
std::vector<float> Synthesizer::decode(const std::vector<float>& e_con,
                                       const std::vector<int32_t>& path, const Voice& voice,
                                       const SynthesisOptions& options, const Speech& speech) {
  const core::GraphRunner::Timer timer(runner_, "mel_decoder");
  const model::VariationAdapter& adapter = model_.variation_adapter();
  const std::vector<float> normal_f0 = adapter.normalize_f0(speech.f0);
  runner_.run([&](core::GraphBuilder& graph) {
    ggml_tensor* content = matrix(graph, "e_con", e_con, config_.linguistic_encoder.hidden);
    ggml_tensor* frames = adapter.stretch(graph.context(), content, path_input(graph, path));
    ggml_tensor* pitch = matrix(graph, "pitch", normal_f0, 2);
    ggml_tensor* energy = matrix(graph, "energy", speech.energy, 1);
    ggml_tensor* timbre =
        graph.input("timbre", GGML_TYPE_F32, {config_.timbre_size(), 1}, voice.timbre.data());
    ggml_tensor* e_lat = adapter.embed(graph.context(), frames, pitch, energy);
    graph.output("mel", model_.decode_mel(graph.context(), e_lat, timbre));
  });
  std::vector<float> mel = runner_.take("mel");
  if (config_.map_cepstra() > 0) {
    dsp::apply_spectral_map(mel, config_.audio.num_mels,
                            voice.timbre.data() + config_.timbre_size(), config_.map_cepstra());
  } else if (config_.mel_decoder.prompt_moments > 0) {
    dsp::match_moments(mel, config_.audio.num_mels,
                       voice.timbre.data() + config_.timbre_encoder.embedding, options.energy);
  }
  return mel;
}

}  // namespace muspeaker::engine
