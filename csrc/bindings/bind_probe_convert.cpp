#include "bindings/array.h"
#include "bindings/probe.h"
#include "bindings/probe_model.h"
#include "bindings/speech.h"
#include "dsp/best_path.h"
#include "dsp/cepstra.h"
#include "dsp/heard_phones.h"
#include "dsp/normalized_mel.h"
#include "dsp/pitch.h"
#include "dsp/spectral_map.h"
#include "engine/listener.h"
#include "model/aligner.h"
#include "model/phone_classifier.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

std::vector<int32_t> copy(const IntArray& array, const char* name) {
  require_axes(array, 1, name);
  return {array.data(), array.data() + array.size()};
}

model::Aligner aligner_of(ProbeModel& model) {
  if (!model.config.aligner) {
    throw std::invalid_argument("this model has no aligner");
  }
  return {model.file.root() / "aligner", *model.config.aligner,
          model.config.linguistic_encoder.num_phones};
}

py::array_t<float> aligner(ProbeModel& model, const FloatArray& features, const IntArray& phones) {
  require_axes(features, 2, "features");
  const model::Aligner part = aligner_of(model);
  const std::vector<int32_t> merged =
      model::merge_pauses(copy(phones, "phones"), model.config.aligner->num_pauses);
  return model.run([&](core::GraphBuilder& graph) {
    ggml_tensor* ids = graph.input("phones", GGML_TYPE_I32, {phones.size()}, merged.data());
    return part.forward(graph.context(), graph_input(graph, "features", features), ids);
  });
}

py::array_t<int32_t> states_of(const IntArray& phones, int64_t frames, int64_t num_pauses) {
  std::vector<int32_t> states = model::states_of(copy(phones, "phones"), frames, num_pauses);
  const auto count = static_cast<py::ssize_t>(states.size());
  return to_numpy(std::move(states), {count});
}

py::array_t<float> phone_classifier(ProbeModel& model, const FloatArray& x) {
  require_axes(x, 2, "x");
  if (!model.config.phone_classifier) {
    throw std::invalid_argument("this model has no phone classifier");
  }
  const model::PhoneClassifier part(model.file.root() / "phone_classifier",
                                    *model.config.phone_classifier, model.config.audio.num_mels,
                                    model.config.linguistic_encoder.num_phones);
  return model.run([&](core::GraphBuilder& graph) {
    return part.forward(graph.context(), graph_input(graph, "x", x));
  });
}

std::vector<float> copy(const FloatArray& mel) {
  require_axes(mel, 2, "mel");
  return {mel.data(), mel.data() + mel.size()};
}

py::array_t<float> phone_scores(ProbeModel& model, const FloatArray& mel) {
  const model::MuSpeaker network(model.file, model.config);
  std::vector<float> scores = engine::Listener(network).phone_scores(model.runner, copy(mel));
  return to_numpy(std::move(scores), {mel.shape(0), model.config.linguistic_encoder.num_phones});
}

py::array_t<float> normalized_mel(const FloatArray& mel) {
  std::vector<float> normalized = dsp::normalized_mel(copy(mel), mel.shape(1));
  return to_numpy(std::move(normalized), {mel.shape(0), mel.shape(1)});
}

py::array_t<float> cepstral_features(const FloatArray& mel, int64_t num_cepstra) {
  require_axes(mel, 2, "mel");
  std::vector<float> features =
      dsp::cepstral_features({mel.data(), mel.data() + mel.size()}, mel.shape(1), num_cepstra);
  return to_numpy(std::move(features), {mel.shape(0), 2 * num_cepstra});
}

py::array_t<int32_t> best_path(const FloatArray& scores, const IntArray& states) {
  require_axes(scores, 2, "scores");
  std::vector<int32_t> durations = dsp::best_path({scores.data(), scores.data() + scores.size()},
                                                  scores.shape(1), copy(states, "states"));
  return to_numpy(std::move(durations), {scores.shape(1)});
}

py::tuple heard_phones(const FloatArray& log_posterior) {
  require_axes(log_posterior, 2, "log_posterior");
  dsp::HeardPhones heard = dsp::heard_phones(
      {log_posterior.data(), log_posterior.data() + log_posterior.size()}, log_posterior.shape(1));
  const auto tokens = static_cast<py::ssize_t>(heard.phones.size());
  return py::make_tuple(to_numpy(std::move(heard.phones), {tokens}),
                        to_numpy(std::move(heard.durations), {tokens}));
}

py::array_t<float> fit_spectral_map(const FloatArray& prompt, const FloatArray& spoken,
                                    int64_t num_cepstra) {
  require_axes(prompt, 2, "prompt");
  require_axes(spoken, 2, "spoken");
  std::vector<float> values = dsp::fit_spectral_map({prompt.data(), prompt.data() + prompt.size()},
                                                    {spoken.data(), spoken.data() + spoken.size()},
                                                    prompt.shape(1), num_cepstra);
  const auto count = static_cast<py::ssize_t>(values.size());
  return to_numpy(std::move(values), {count});
}

py::array_t<float> apply_spectral_map(const FloatArray& mel, const FloatArray& values) {
  require_axes(mel, 2, "mel");
  require_axes(values, 1, "values");
  std::vector<float> moved(mel.data(), mel.data() + mel.size());
  dsp::apply_spectral_map(moved, mel.shape(1), values.data(), (values.size() / mel.shape(1)) - 2);
  return to_numpy(std::move(moved), {mel.shape(0), mel.shape(1)});
}

py::array_t<float> track_pitch(const FloatArray& samples, int64_t sample_rate,
                               int64_t hop_samples) {
  require_axes(samples, 1, "samples");
  core::AudioConfig audio;
  audio.sample_rate = sample_rate;
  audio.hop_samples = hop_samples;
  std::vector<float> f0 = dsp::PitchTracker(audio).track(samples.data(), samples.size());
  const auto frames = static_cast<py::ssize_t>(f0.size());
  return to_numpy(std::move(f0), {frames});
}

py::dict hear(ProbeModel& model, const FloatArray& samples, const IntArray& phones) {
  require_axes(samples, 1, "samples");
  const model::MuSpeaker network(model.file, model.config);
  engine::Recording recording = engine::Listener(network).hear(
      model.runner, {samples.data(), samples.size()}, copy(phones, "phones"));
  const auto frames = static_cast<py::ssize_t>(recording.f0.size());
  py::dict heard;
  heard["mel"] = to_numpy(std::move(recording.mel), {frames, model.config.audio.num_mels});
  heard["f0"] = to_numpy(std::move(recording.f0), {frames});
  heard["energy"] = to_numpy(std::move(recording.energy), {frames});
  heard["durations"] = to_numpy(std::move(recording.durations), {phones.size()});
  return heard;
}

py::dict convert_stages(engine::Synthesizer& synthesizer, const FloatArray& samples,
                        const TokenArrays& token_arrays, const VoiceArrays& voice_arrays,
                        const engine::SynthesisOptions& options) {
  const engine::Tokens tokens = token_arrays.borrow();
  engine::Speech speech =
      synthesizer.convert({samples.data(), samples.size()}, tokens, voice_arrays.copy(), options);
  const auto frames = static_cast<py::ssize_t>(speech.f0.size());
  const auto num_samples = static_cast<py::ssize_t>(speech.samples.size());
  py::dict stages;
  stages["f0"] = to_numpy(std::move(speech.f0), {frames});
  stages["energy"] = to_numpy(std::move(speech.energy), {frames});
  stages["mel"] = to_numpy(std::move(speech.mel), {frames, synthesizer.config().audio.num_mels});
  stages["samples"] = to_numpy(std::move(speech.samples), {num_samples});
  return stages;
}

}  // namespace

void bind_convert_probe(py::module_& probe) {
  probe.def("aligner", &aligner, py::arg("model"), py::arg("features"), py::arg("phones"),
            "(frames, features), (tokens) to (frames, tokens)");
  probe.def("states_of", &states_of, py::arg("phones"), py::arg("frames"), py::arg("num_pauses"),
            "(tokens) to (states)");
  probe.def("phone_classifier", &phone_classifier, py::arg("model"), py::arg("x"),
            "(frames, mels) to (1, 1, frames, phones), logits");
  probe.def("phone_scores", &phone_scores, py::arg("model"), py::arg("mel"),
            "(frames, mels) to (frames, phones)");
  probe.def("normalized_mel", &normalized_mel, py::arg("mel"), "(frames, mels) to (frames, mels)");
  probe.def("cepstral_features", &cepstral_features, py::arg("mel"), py::arg("num_cepstra"),
            "(frames, mels) to (frames, features)");
  probe.def("best_path", &best_path, py::arg("scores"), py::arg("states"),
            "(frames, tokens), (states) to (tokens)");
  probe.def("heard_phones", &heard_phones, py::arg("log_posterior"),
            "(frames, phones) to phones and durations, (tokens) each");
  probe.def("fit_spectral_map", &fit_spectral_map, py::arg("prompt"), py::arg("spoken"),
            py::arg("num_cepstra"), "(frames, mels) twice to (map)");
  probe.def("apply_spectral_map", &apply_spectral_map, py::arg("mel"), py::arg("values"),
            "(frames, mels), (map) to (frames, mels)");
  probe.def("track_pitch", &track_pitch, py::arg("samples"), py::arg("sample_rate"),
            py::arg("hop_samples"), "(samples) to (frames) in Hz");
  probe.def("hear", &hear, py::arg("model"), py::arg("samples"), py::arg("phones"),
            "mel (frames, mels), f0 and energy (frames), durations (tokens)");
  probe.def(
      "convert_stages",
      [](engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& phones,
         const IntArray& stresses, const IntArray& boundaries, const FloatArray& timbre,
         const FloatArray& style, float pitch, float energy) {
        engine::SynthesisOptions options;
        options.pitch = pitch;
        options.energy = energy;
        return convert_stages(synthesizer, samples, {phones, stresses, boundaries}, {timbre, style},
                              options);
      },
      py::arg("synthesizer"), py::arg("samples"), py::arg("phones"), py::arg("stresses"),
      py::arg("boundaries"), py::arg("timbre"), py::arg("style"), py::kw_only(),
      py::arg("pitch") = 0.0F, py::arg("energy") = 1.0F,
      "f0 and energy (frames), mel (frames, mels), samples (samples)");
}

}  // namespace muspeaker::bindings
