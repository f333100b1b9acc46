#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "bindings/probe.h"
#include "bindings/probe_model.h"
#include "bindings/speech.h"
#include "engine/delivery.h"
#include "engine/edges.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

py::dict stages_of(engine::Speech speech) {
  py::dict stages;
  stages["durations"] = to_numpy(std::move(speech.durations));
  stages["f0"] = to_numpy(std::move(speech.f0));
  stages["energy"] = to_numpy(std::move(speech.energy));
  stages["mel"] = to_numpy(std::move(speech.mel));
  stages["samples"] = to_numpy(std::move(speech.samples));
  return stages;
}

/// vocoder_noise: as many samples as come out, or more; it must outlive the result.
engine::NoiseAt noise_at(const FloatArray& vocoder_noise) {
  const float* values = vocoder_noise.data();
  const int64_t available = vocoder_noise.size();
  return [values, available](int64_t first_sample, float* out, int64_t count) {
    core::require_input(first_sample + count <= available, "too little vocoder noise");
    std::copy_n(values + first_sample, count, out);
  };
}

py::array_t<float> phone_scores(ProbeModel& model, const FloatArray& mel) {
  const model::MuSpeaker network(model.file, model.config);
  return to_numpy(engine::Listener(network).phone_scores(model.runner, to_frames(mel, "mel")));
}

py::dict hear(ProbeModel& model, const FloatArray& samples, const IntArray& phones) {
  require_axes(samples, 1, "samples");
  const model::MuSpeaker network(model.file, model.config);
  engine::Recording recording = engine::Listener(network).hear(
      model.runner, {samples.data(), samples.size()}, to_vector(phones, "phones"));
  py::dict heard;
  heard["mel"] = to_numpy(std::move(recording.mel));
  heard["f0"] = to_numpy(std::move(recording.f0));
  heard["energy"] = to_numpy(std::move(recording.energy));
  heard["durations"] = to_numpy(std::move(recording.durations));
  return heard;
}

py::array_t<float> vocode(ProbeModel& model, const FloatArray& mel, const FloatArray& f0,
                          const FloatArray& noise, int64_t chunk_frames) {
  const model::MuSpeaker network(model.file, model.config);
  return to_numpy(
      engine::VocoderStream(network, chunk_frames, chunk_frames)
          .vocode(model.runner, to_frames(mel, "mel"), to_vector(f0, "f0"), noise_at(noise)));
}

py::tuple shorten_edges(const IntArray& tokens, const IntArray& durations) {
  std::vector<int32_t> left = to_vector(durations, "durations");
  const engine::Tokens borrowed = borrow_tokens(tokens);
  core::require_input(core::count_of(left) == borrowed.count, "one duration a token is needed");
  const engine::Edges edges = engine::shorten_edges(borrowed, left);
  return py::make_tuple(edges.begin, edges.end, to_numpy(std::move(left)));
}

py::dict make_delivery(const FloatArray& noise, float variation, const IntArray& durations) {
  engine::Delivery delivery = engine::make_delivery(to_frames(noise, "noise"), variation);
  py::dict curves;
  curves["frames"] =
      to_numpy(engine::over_frames(delivery.melody, to_vector(durations, "durations")));
  curves["rhythm"] = to_numpy(std::move(delivery.rhythm));
  curves["melody"] = to_numpy(std::move(delivery.melody));
  return curves;
}

py::dict synthesize_stages(engine::Synthesizer& synthesizer, const IntArray& tokens,
                           const engine::Voice& voice, const engine::SynthesisOptions& options,
                           engine::Noise noise, const std::optional<FloatArray>& delivery_noise) {
  if (delivery_noise) {
    noise.delivery = to_frames(*delivery_noise, "delivery_noise");
  }
  return stages_of(synthesizer.synthesize(borrow_tokens(tokens), voice, options, noise));
}

/// Speaking, converting and editing with all that was decided on the way.
void bind_stages(py::module_& probe) {
  probe.def(
      "synthesize_stages",
      [](engine::Synthesizer& synthesizer, const IntArray& tokens, const FloatArray& vector,
         const FloatArray& style, const FloatArray& latent_noise, const FloatArray& vocoder_noise,
         float speed, float pitch, float energy, float expression, float variation,
         const std::optional<FloatArray>& delivery_noise, const Changes& changes) {
        engine::SynthesisOptions options{speed, pitch, energy};
        options.expression = expression;
        options.variation = variation;
        return synthesize_stages(synthesizer, tokens, copy_voice(vector, style, changes), options,
                                 {to_frames(latent_noise, "latent_noise"), noise_at(vocoder_noise)},
                                 delivery_noise);
      },
      py::arg("synthesizer"), py::arg("tokens"), py::arg("vector"), py::arg("style"),
      py::arg("latent_noise"), py::arg("vocoder_noise"), py::kw_only(), py::arg("speed") = 1.0F,
      py::arg("pitch") = 0.0F, py::arg("energy") = 1.0F, py::arg("expression") = 1.0F,
      py::arg("variation") = 0.0F, py::arg("delivery_noise") = py::none(),
      py::arg("changes") = py::none(),
      "durations (tokens), f0 (frames), energy (frames), mel (frames, mels), samples (samples)");
  probe.def(
      "convert_stages",
      [](engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& tokens,
         const FloatArray& vector, const FloatArray& style, float pitch, float energy) {
        engine::SynthesisOptions options;
        options.pitch = pitch;
        options.energy = energy;
        return stages_of(synthesizer.convert({samples.data(), samples.size()},
                                             borrow_tokens(tokens), copy_voice(vector, style),
                                             options));
      },
      py::arg("synthesizer"), py::arg("samples"), py::arg("tokens"), py::arg("vector"),
      py::arg("style"), py::kw_only(), py::arg("pitch") = 0.0F, py::arg("energy") = 1.0F,
      "as synthesize_stages");
  probe.def(
      "edit_stages",
      [](engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& recorded,
         const IntArray& tokens, const IntArray& origins, const FloatArray& vector,
         const FloatArray& style, const FloatArray& latent_noise, const FloatArray& vocoder_noise,
         float speed, float pitch, float energy) {
        engine::EditedSpeech edited =
            synthesizer.edit({samples.data(), samples.size()}, borrow_tokens(recorded, "recorded"),
                             {borrow_tokens(tokens), to_vector(origins, "origins")},
                             copy_voice(vector, style), {speed, pitch, energy},
                             {to_frames(latent_noise, "latent_noise"), noise_at(vocoder_noise)});
        py::dict stages = stages_of(std::move(edited.speech));
        stages["heard"] = to_numpy(std::move(edited.heard));
        return stages;
      },
      py::arg("synthesizer"), py::arg("samples"), py::arg("recorded"), py::arg("tokens"),
      py::arg("origins"), py::arg("vector"), py::arg("style"), py::arg("latent_noise"),
      py::arg("vocoder_noise"), py::kw_only(), py::arg("speed") = 1.0F, py::arg("pitch") = 0.0F,
      py::arg("energy") = 1.0F, "as synthesize_stages, and heard (recorded tokens)");
}

}  // namespace

void bind_engine_probe(py::module_& probe) {
  probe.def("make_delivery", &make_delivery, py::arg("noise"), py::arg("variation"),
            py::arg("durations"),
            "(tokens + 2 reach, 2) to rhythm and melody (tokens), and the melody's frames");
  probe.def("phone_scores", &phone_scores, py::arg("model"), py::arg("mel"),
            "(frames, mels) to (frames, phones)");
  probe.def("shorten_edges", &shorten_edges, py::arg("tokens"), py::arg("durations"),
            "first frame left, the one after the last, and durations (tokens)");
  probe.def("hear", &hear, py::arg("model"), py::arg("samples"), py::arg("phones"),
            "mel (frames, mels), f0 and energy (frames), durations (tokens)");
  probe.def("vocode", &vocode, py::arg("model"), py::arg("mel"), py::arg("f0"), py::arg("noise"),
            py::arg("chunk_frames"), "(frames, mels), (frames), (samples) to (samples)");
  bind_stages(probe);
}

}  // namespace muspeaker::bindings
