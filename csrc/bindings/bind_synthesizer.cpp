#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "bindings/array.h"
#include "bindings/bindings.h"
#include "bindings/speech.h"
#include "core/header.h"
#include "dsp/watermark.h"
#include "engine/synthesizer.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

using Payload = std::optional<uint32_t>;

py::dict config_of(const engine::Synthesizer& synthesizer) {
  py::dict config;
  for (const auto& [key, value] : core::header_values(synthesizer.file().header(), "muspeaker.")) {
    config[py::str(key)] = py::cast(value);
  }
  return config;
}

py::tuple clone(engine::Synthesizer& synthesizer, const FloatArray& samples,
                const FloatArray& samples_16k, bool plain, Changes changes) {
  require_axes(samples, 1, "samples");
  require_axes(samples_16k, 1, "samples_16k");
  engine::Voice voice;
  {
    const py::gil_scoped_release release;
    voice =
        synthesizer.clone({samples.data(), samples.size()},
                          {samples_16k.data(), samples_16k.size()}, {{plain}, std::move(changes)});
  }
  return py::make_tuple(to_numpy(std::move(voice.vector)), to_numpy(std::move(voice.style)));
}

py::tuple refinement_inputs(engine::Synthesizer& synthesizer, const FloatArray& samples,
                            const FloatArray& samples_16k) {
  require_axes(samples, 1, "samples");
  require_axes(samples_16k, 1, "samples_16k");
  engine::RefinementInputs inputs;
  {
    const py::gil_scoped_release release;
    inputs = synthesizer.refinement_inputs({samples.data(), samples.size()},
                                           {samples_16k.data(), samples_16k.size()});
  }
  return py::make_tuple(to_numpy(std::move(inputs.given.e_lat)),
                        to_numpy(std::move(inputs.given.e_tim)), to_numpy(std::move(inputs.mel)));
}

py::dict decoder_weights(const engine::Synthesizer& synthesizer) {
  const size_t prefix = std::strlen(engine::DecoderMemory::kPrefix);
  py::dict weights;
  for (core::WeightValues& weight : synthesizer.decoder_weights()) {
    weights[py::str(weight.name.substr(prefix))] =
        to_numpy(std::move(weight.values), {weight.ne.rbegin(), weight.ne.rend()});
  }
  return weights;
}

void bind_changes(const py::module_& module) {
  using Codes = py::array_t<int8_t, py::array::c_style | py::array::forcecast>;
  py::class_<engine::DecoderChanges, Changes>(module, "DecoderChanges",
                                              "What a voice's decoder has learnt.")
      .def(py::init([](const Codes& codes, const FloatArray& scales) {
             return std::make_shared<engine::DecoderChanges>(to_vector(codes, "codes"),
                                                             to_vector(scales, "scales"));
           }),
           py::arg("codes"), py::arg("scales"));
}

py::tuple samples_and_durations(engine::Speech speech) {
  return py::make_tuple(to_numpy(std::move(speech.samples)), to_numpy(std::move(speech.durations)));
}

py::tuple synthesize(engine::Synthesizer& synthesizer, const IntArray& ids,
                     const engine::Voice& voice, const engine::SynthesisOptions& options) {
  const engine::Tokens tokens = borrow_tokens(ids);
  engine::Speech speech;
  {
    const py::gil_scoped_release release;
    speech = synthesizer.synthesize(tokens, voice, options);
  }
  return samples_and_durations(std::move(speech));
}

py::tuple convert(engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& ids,
                  const engine::Voice& voice, const engine::SynthesisOptions& options) {
  require_axes(samples, 1, "samples");
  const engine::Tokens tokens = borrow_tokens(ids);
  engine::Speech speech;
  {
    const py::gil_scoped_release release;
    speech = synthesizer.convert({samples.data(), samples.size()}, tokens, voice, options);
  }
  return samples_and_durations(std::move(speech));
}

py::tuple edit(engine::Synthesizer& synthesizer, const FloatArray& samples,
               const IntArray& recorded_ids, const IntArray& ids, const IntArray& origins,
               const engine::Voice& voice, const engine::SynthesisOptions& options) {
  require_axes(samples, 1, "samples");
  const engine::Tokens recorded = borrow_tokens(recorded_ids, "recorded");
  const engine::Edit edit{borrow_tokens(ids), to_vector(origins, "origins")};
  engine::EditedSpeech edited;
  {
    const py::gil_scoped_release release;
    edited = synthesizer.edit({samples.data(), samples.size()}, recorded, edit, voice, options);
  }
  return py::make_tuple(to_numpy(std::move(edited.speech.samples)),
                        to_numpy(std::move(edited.speech.durations)),
                        to_numpy(std::move(edited.heard)));
}

engine::Speaking start(engine::Synthesizer& synthesizer, const IntArray& ids,
                       const engine::Voice& voice, const engine::SynthesisOptions& options) {
  const engine::Tokens tokens = borrow_tokens(ids);
  const py::gil_scoped_release release;
  return synthesizer.start(tokens, voice, options);
}

py::object next_chunk(engine::Speaking& speaking, bool whole) {
  std::vector<float> samples;
  {
    const py::gil_scoped_release release;
    samples = whole ? speaking.rest() : speaking.next_chunk();
  }
  if (samples.empty()) {
    return py::none();
  }
  return to_numpy(std::move(samples));
}

/// Row by row.
py::array_t<int8_t> to_grid(const dsp::Watermark::Signs& signs) {
  py::array_t<int8_t> grid({dsp::Watermark::kSlots, dsp::Watermark::kCells});
  std::copy(signs.begin(), signs.end(), grid.mutable_data());
  return grid;
}

/// What a detector looks for.
void bind_watermark(py::module_& module) {
  module.def("watermark_symbols", [] { return to_grid(dsp::Watermark::symbols()); });
  module.def(
      "watermark_code", [](int64_t value) { return to_grid(dsp::Watermark::code(value)); },
      py::arg("value"));
}

void bind_speaking(const py::module_& module) {
  py::class_<engine::Speaking>(module, "Speaking", "Speech on its way.")
      .def_property_readonly("durations",
                             [](const engine::Speaking& speaking) {
                               return to_numpy(std::vector<int32_t>(speaking.durations()));
                             })
      .def_property_readonly("num_samples", &engine::Speaking::num_samples)
      .def("next_chunk", &next_chunk, py::arg("whole") = false);
}

/// What takes a recording and its text.
void bind_recordings(py::class_<engine::Synthesizer>& speaker) {
  speaker
      .def(
          "convert",
          [](engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& tokens,
             const FloatArray& vector, const FloatArray& style, float pitch, float energy,
             uint64_t seed, Payload watermark, const Changes& changes) {
            engine::SynthesisOptions options;
            options.pitch = pitch;
            options.energy = energy;
            options.seed = seed;
            options.watermark = watermark;
            return convert(synthesizer, samples, tokens, copy_voice(vector, style, changes),
                           options);
          },
          py::arg("samples"), py::arg("tokens"), py::arg("vector"), py::arg("style"), py::kw_only(),
          py::arg("pitch"), py::arg("energy"), py::arg("seed"), py::arg("watermark") = py::none(),
          py::arg("changes") = py::none())
      .def(
          "edit",
          [](engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& recorded,
             const IntArray& tokens, const IntArray& origins, const FloatArray& vector,
             const FloatArray& style, float speed, float temperature, uint64_t seed,
             Payload watermark, const Changes& changes) {
            engine::SynthesisOptions options;
            options.speed = speed;
            options.temperature = temperature;
            options.seed = seed;
            options.watermark = watermark;
            return edit(synthesizer, samples, recorded, tokens, origins,
                        copy_voice(vector, style, changes), options);
          },
          py::arg("samples"), py::arg("recorded"), py::arg("tokens"), py::arg("origins"),
          py::arg("vector"), py::arg("style"), py::kw_only(), py::arg("speed"),
          py::arg("temperature"), py::arg("seed"), py::arg("watermark") = py::none(),
          py::arg("changes") = py::none());
}

}  // namespace

/// muspeaker._core.Synthesizer; the shapes are in _core.pyi.
// NOLINTNEXTLINE(misc-const-correctness): one signature for all
void bind_synthesizer(py::module_& module) {
  bind_watermark(module);
  bind_speaking(module);
  bind_changes(module);
  py::class_<engine::Synthesizer> speaker(module, "Synthesizer", "One loaded model.");
  bind_recordings(speaker);
  speaker
      .def(py::init<const std::string&, int>(), py::arg("path"), py::arg("num_threads"),
           py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("config", &config_of)
      .def_property_readonly("num_parameters",
                             [](const engine::Synthesizer& synthesizer) {
                               return synthesizer.file().num_parameters();
                             })
      .def("fork", &engine::Synthesizer::fork, py::arg("num_threads"),
           py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("timings",
                             [](engine::Synthesizer& synthesizer) {
                               const py::gil_scoped_release release;
                               return synthesizer.timings();
                             })
      .def("clone", &clone, py::arg("samples"), py::arg("samples_16k"), py::kw_only(),
           py::arg("plain") = false, py::arg("changes") = py::none())
      .def("refinement_inputs", &refinement_inputs, py::arg("samples"), py::arg("samples_16k"))
      .def("decoder_weights", &decoder_weights)
      .def(
          "synthesize",
          [](engine::Synthesizer& synthesizer, const IntArray& tokens, const FloatArray& vector,
             const FloatArray& style, float speed, float pitch, float energy, float temperature,
             uint64_t seed, float expression, float variation, Payload watermark,
             const Changes& changes) {
            return synthesize(
                synthesizer, tokens, copy_voice(vector, style, changes),
                {speed, pitch, energy, temperature, seed, expression, variation, watermark});
          },
          py::arg("tokens"), py::arg("vector"), py::arg("style"), py::kw_only(), py::arg("speed"),
          py::arg("pitch"), py::arg("energy"), py::arg("temperature"), py::arg("seed"),
          py::arg("expression") = 1.0F, py::arg("variation") = 0.0F,
          py::arg("watermark") = py::none(), py::arg("changes") = py::none())
      .def(
          "start",
          [](engine::Synthesizer& synthesizer, const IntArray& tokens, const FloatArray& vector,
             const FloatArray& style, float speed, float pitch, float energy, float temperature,
             uint64_t seed, float expression, float variation, Payload watermark,
             const Changes& changes) {
            return start(
                synthesizer, tokens, copy_voice(vector, style, changes),
                {speed, pitch, energy, temperature, seed, expression, variation, watermark});
          },
          py::keep_alive<0, 1>(), py::arg("tokens"), py::arg("vector"), py::arg("style"),
          py::kw_only(), py::arg("speed"), py::arg("pitch"), py::arg("energy"),
          py::arg("temperature"), py::arg("seed"), py::arg("expression") = 1.0F,
          py::arg("variation") = 0.0F, py::arg("watermark") = py::none(),
          py::arg("changes") = py::none());
}

}  // namespace muspeaker::bindings
