#include "engine/synthesizer.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"
#include "engine/delivery.h"
#include "engine/edges.h"

namespace muspeaker::engine {
namespace {

/// Leaves frames [begin, end), each of so many values.
void cut(std::vector<float>& values, const Edges& edges, int64_t width) {
  values.erase(values.begin() + (edges.end * width), values.end());
  values.erase(values.begin(), values.begin() + (edges.begin * width));
}

/// Throws std::invalid_argument if there is noise, but not for these tokens.
Delivery delivery_of(const core::Frames& noise, const Tokens& tokens,
                     const SynthesisOptions& options) {
  if (noise.empty()) {
    return {};
  }
  const int64_t rows = tokens.count + (2 * kDeliveryReach);
  core::require_input(noise.rows() == rows && noise.width == 2,
                      "the noise of the delivery must hold " + std::to_string(2 * rows) +
                          " values, got " + std::to_string(noise.size()));
  return make_delivery(noise, options.variation);
}

}  // namespace

Synthesizer::Loaded::Loaded(const std::string& path)
    : file(path),
      config(core::read_config(file.header())),
      model(file, config),
      pass(model),
      listener(model),
      cloner(model, listener, pass),
      editor(pass),
      loudness(config.audio),
      vocoder(model) {}

Synthesizer::Synthesizer(const std::string& path, int num_threads)
    : Synthesizer(std::make_shared<const Loaded>(path), num_threads) {}

Synthesizer::Synthesizer(std::shared_ptr<const Loaded> loaded, int num_threads)
    : loaded_(std::move(loaded)), runner_(num_threads) {}

std::unique_ptr<Synthesizer> Synthesizer::fork(int num_threads) const {
  return std::unique_ptr<Synthesizer>(new Synthesizer(loaded_, num_threads));
}

core::Timings Synthesizer::timings() {
  const std::scoped_lock lock(mutex_);
  return runner_.timings();
}

Voice Synthesizer::clone(Samples samples, Samples samples_16k, const CloneOptions& options) {
  const std::scoped_lock lock(mutex_);
  const core::Timer timer = runner_.timer("clone");
  const model::MelDecoder* decoder = decoder_.recall(options.changes, loaded_->file, config());
  return loaded_->cloner.clone(runner_, samples, samples_16k, options, decoder);
}

RefinementInputs Synthesizer::refinement_inputs(Samples samples, Samples samples_16k) {
  const std::scoped_lock lock(mutex_);
  const core::Timer timer = runner_.timer("clone");
  return loaded_->cloner.refinement_inputs(runner_, samples, samples_16k);
}

std::vector<core::WeightValues> Synthesizer::decoder_weights() const {
  return loaded_->file.values_of(DecoderMemory::kPrefix);
}

/// The voice's own decoder, or null if it has the model's. Under the lock.
const model::MelDecoder* Synthesizer::decoder_of(const Voice& voice) {
  return decoder_.recall(voice.changes, loaded_->file, config());
}

Speech Synthesizer::synthesize(const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options) {
  return synthesize(tokens, voice, options, draw_noise(tokens, options));
}

Speech Synthesizer::synthesize(const Tokens& tokens, const Voice& voice,
                               const SynthesisOptions& options, const Noise& noise) {
  const std::scoped_lock lock(mutex_);
  Speech speech = perform(tokens, voice, options, noise);
  speech.samples =
      loaded_->vocoder.vocode(runner_, speech.mel, speech.f0, noise.vocoder, options.watermark);
  return speech;
}

Speaking Synthesizer::start(const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options) {
  Noise noise = draw_noise(tokens, options);
  const VocoderStream& vocoder = loaded_->vocoder;
  const std::scoped_lock lock(mutex_);
  Speech speech = perform(tokens, voice, options, noise);
  const int64_t num_samples = speech.mel.rows() * loaded_->model.vocoder().samples_a_frame();
  return {std::move(speech.durations),
          num_samples,
          vocoder.begin(std::move(speech.mel), std::move(speech.f0), std::move(noise.vocoder),
                        options.watermark),
          vocoder,
          runner_,
          mutex_};
}

Noise Synthesizer::draw_noise(const Tokens& tokens, const SynthesisOptions& options) const {
  tokens.check(config().linguistic_encoder);
  options.check();
  return {
      latent_noise(options.seed, tokens.count, config().mel_encoder.latent, options.temperature),
      vocoder_noise(options.seed),
      options.variation > 0.0F ? delivery_noise(options.seed, tokens.count) : core::Frames{}};
}

void Synthesizer::check_latent(const core::Frames& latent_noise, const Tokens& tokens) const {
  const int64_t latent = config().mel_encoder.latent;
  core::require_input(latent_noise.rows() == tokens.count && latent_noise.width == latent,
                      "the latent noise must hold " + std::to_string(tokens.count * latent) +
                          " values, got " + std::to_string(latent_noise.size()));
}

/// Everything but the samples.
Speech Synthesizer::perform(const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options, const Noise& noise) {
  tokens.check(config().linguistic_encoder);
  voice.check(config());
  options.check();
  check_latent(noise.latent, tokens);
  const Delivery delivery = delivery_of(noise.delivery, tokens, options);
  const AcousticPass& pass = loaded_->pass;
  core::Frames e_con;
  std::vector<int32_t> durations;
  {
    const core::Timer timer = runner_.timer("content");
    e_con = pass.encode(runner_, tokens, noise.latent);
    pass.remember(runner_, voice.style, style_);
    durations = pass.predict_durations(runner_, e_con, style_, options, delivery);
  }
  Melody melody;
  {
    const core::Timer timer = runner_.timer("melody");
    melody = pass.shape_melody(runner_, e_con, durations, style_, options, delivery);
  }
  Speech speech = decode(e_con, std::move(durations), std::move(melody), voice, options);
  const Edges edges = shorten_edges(tokens, speech.durations);
  cut(speech.f0, edges, 1);
  cut(speech.energy, edges, 1);
  cut(speech.mel.values, edges, speech.mel.width);
  return speech;
}

/// Speech whose durations and melody are decided; all but its samples.
Speech Synthesizer::decode(const core::Frames& e_con, std::vector<int32_t> durations, Melody melody,
                           const Voice& voice, const SynthesisOptions& options) {
  const core::Timer timer = runner_.timer("mel_decoder");
  Speech speech;
  speech.mel =
      loaded_->pass.decode(runner_, e_con, durations, melody, voice.vector, decoder_of(voice));
  loaded_->pass.match(runner_, speech.mel, voice, options.energy);
  loaded_->loudness.level(speech.mel, options.energy);
  speech.durations = std::move(durations);
  speech.f0 = std::move(melody.f0);
  speech.energy = std::move(melody.energy);
  return speech;
}

Speech Synthesizer::convert(Samples samples, const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options) {
  return convert(samples, tokens, voice, options, vocoder_noise(options.seed));
}

Speech Synthesizer::convert(Samples samples, const Tokens& tokens, const Voice& voice,
                            const SynthesisOptions& options, const NoiseAt& noise) {
  tokens.check(config().linguistic_encoder);
  voice.check(config());
  options.check();
  const AcousticPass& pass = loaded_->pass;
  const std::scoped_lock lock(mutex_);
  Recording heard = hear(samples, tokens);
  core::Frames e_con;
  {
    const core::Timer timer = runner_.timer("content");
    e_con = pass.encode_recording(runner_, tokens, heard.mel, heard.durations);
  }
  Melody own;  // what the voice would do by itself
  {
    const core::Timer timer = runner_.timer("melody");
    pass.remember(runner_, voice.style, style_);
    own = pass.shape_melody(runner_, e_con, heard.durations, style_, {});
  }
  const float factor =
      register_factor(heard.f0, own.f0) * std::exp2(options.pitch / model::kSemitones);
  for (float& value : heard.f0) {
    value *= factor;
  }
  heard.energy =
      loaded_->model.variation_adapter().decide_energy(std::move(heard.energy), options.adapter());
  Speech speech = decode(e_con, std::move(heard.durations),
                         {std::move(heard.f0), std::move(heard.energy)}, voice, options);
  speech.samples =
      loaded_->vocoder.vocode(runner_, speech.mel, speech.f0, noise, options.watermark);
  return speech;
}

Recording Synthesizer::hear(Samples samples, const Tokens& tokens) {
  const core::Timer timer = runner_.timer("listener");
  const int32_t* phones = tokens.row(Tokens::kPhones);
  return loaded_->listener.hear(runner_, samples, {phones, phones + tokens.count});
}

EditedSpeech Synthesizer::edit(Samples samples, const Tokens& recorded, const Edit& edit,
                               const Voice& voice, const SynthesisOptions& options) {
  return this->edit(samples, recorded, edit, voice, options, draw_noise(edit.tokens, options));
}

EditedSpeech Synthesizer::edit(Samples samples, const Tokens& recorded, const Edit& edit,
                               const Voice& voice, const SynthesisOptions& options,
                               const Noise& noise) {
  recorded.check(config().linguistic_encoder);
  edit.tokens.check(config().linguistic_encoder);
  edit.check(recorded.count);
  voice.check(config());
  options.check();
  check_latent(noise.latent, edit.tokens);
  const std::scoped_lock lock(mutex_);
  Recording heard = hear(samples, recorded);
  Speech speech;
  {
    const core::Timer timer = runner_.timer("editor");
    Edited edited = loaded_->editor.edit(runner_, heard, recorded, edit, voice, options,
                                         noise.latent, decoder_of(voice));
    speech.durations = std::move(edited.durations);
    speech.f0 = std::move(edited.melody.f0);
    speech.energy = std::move(edited.melody.energy);
    speech.mel = std::move(edited.mel);
  }
  speech.samples =
      loaded_->vocoder.vocode(runner_, speech.mel, speech.f0, noise.vocoder, options.watermark);
  return {std::move(speech), std::move(heard.durations)};
}

}  // namespace muspeaker::engine
