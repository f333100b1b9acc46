#include <pybind11/stl.h>

#include "bindings/array.h"
#include "bindings/bindings.h"
#include "bindings/speech.h"
#include "core/header.h"
#include "engine/synthesizer.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

py::dict config_of(const engine::Synthesizer& synthesizer) {
  py::dict config;
  for (const auto& [key, value] : core::header_values(synthesizer.file().header(), "muspeaker.")) {
    config[py::str(key)] = py::cast(value);
  }
  return config;
}

py::tuple clone(engine::Synthesizer& synthesizer, const FloatArray& samples,
                const FloatArray& samples_16k) {
  require_axes(samples, 1, "samples");
  require_axes(samples_16k, 1, "samples_16k");
  engine::Voice voice;
  {
    const py::gil_scoped_release release;
    voice = synthesizer.clone({samples.data(), samples.size()},
                              {samples_16k.data(), samples_16k.size()});
  }
  const auto embedding = static_cast<py::ssize_t>(voice.timbre.size());
  const py::ssize_t hidden = synthesizer.config().style_encoder.hidden;
  return py::make_tuple(to_numpy(std::move(voice.timbre), {embedding}),
                        to_numpy(std::move(voice.style), {voice.style_frames, hidden}));
}

py::tuple synthesize(engine::Synthesizer& synthesizer, const TokenArrays& arrays,
                     const VoiceArrays& voice_arrays, const engine::SynthesisOptions& options) {
  const engine::Tokens tokens = arrays.borrow();
  const engine::Voice voice = voice_arrays.copy();
  engine::Speech speech;
  {
    const py::gil_scoped_release release;
    speech = synthesizer.synthesize(tokens, voice, options);
  }
  const auto num_samples = static_cast<py::ssize_t>(speech.samples.size());
  return py::make_tuple(to_numpy(std::move(speech.samples), {num_samples}),
                        to_numpy(std::move(speech.durations), {tokens.count}));
}

py::tuple convert(engine::Synthesizer& synthesizer, const FloatArray& samples,
                  const TokenArrays& arrays, const VoiceArrays& voice_arrays,
                  const engine::SynthesisOptions& options) {
  require_axes(samples, 1, "samples");
  const engine::Tokens tokens = arrays.borrow();
  const engine::Voice voice = voice_arrays.copy();
  engine::Speech speech;
  {
    const py::gil_scoped_release release;
    speech = synthesizer.convert({samples.data(), samples.size()}, tokens, voice, options);
  }
  const auto num_samples = static_cast<py::ssize_t>(speech.samples.size());
  return py::make_tuple(to_numpy(std::move(speech.samples), {num_samples}),
                        to_numpy(std::move(speech.durations), {tokens.count}));
}

engine::Utterance start(engine::Synthesizer& synthesizer, const TokenArrays& arrays,
                        const VoiceArrays& voice_arrays, const engine::SynthesisOptions& options) {
  const engine::Tokens tokens = arrays.borrow();
  const engine::Voice voice = voice_arrays.copy();
  const py::gil_scoped_release release;
  return synthesizer.start(tokens, voice, options);
}

py::object next_chunk(engine::Utterance& utterance, bool whole) {
  std::vector<float> samples;
  {
    const py::gil_scoped_release release;
    samples = whole ? utterance.rest() : utterance.next_chunk();
  }
  if (samples.empty()) {
    return py::none();
  }
  const auto num_samples = static_cast<py::ssize_t>(samples.size());
  return to_numpy(std::move(samples), {num_samples});
}

void bind_utterance(const py::module_& module) {
  py::class_<engine::Utterance>(module, "Utterance", "Speech on its way.")
      .def_property_readonly(
          "durations",
          [](const engine::Utterance& utterance) {
            const auto tokens = static_cast<py::ssize_t>(utterance.durations().size());
            return to_numpy(std::vector<int32_t>(utterance.durations()), {tokens});
          })
      .def_property_readonly("num_samples", &engine::Utterance::num_samples)
      .def("next_chunk", &next_chunk, py::arg("whole") = false);
}

}  // namespace

/// muspeaker._core.Synthesizer; the shapes are in _core.pyi.
// NOLINTNEXTLINE(misc-const-correctness): one signature for all
void bind_synthesizer(py::module_& module) {
  bind_utterance(module);
  py::class_<engine::Synthesizer>(module, "Synthesizer", "One loaded model.")
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
      .def("clone", &clone, py::arg("samples"), py::arg("samples_16k"))
      .def(
          "synthesize",
          [](engine::Synthesizer& synthesizer, const IntArray& phones, const IntArray& stresses,
             const IntArray& boundaries, const FloatArray& timbre, const FloatArray& style,
             float speed, float pitch, float energy, float temperature, uint64_t seed) {
            return synthesize(synthesizer, {phones, stresses, boundaries}, {timbre, style},
                              {speed, pitch, energy, temperature, seed});
          },
          py::arg("phones"), py::arg("stresses"), py::arg("boundaries"), py::arg("timbre"),
          py::arg("style"), py::kw_only(), py::arg("speed"), py::arg("pitch"), py::arg("energy"),
          py::arg("temperature"), py::arg("seed"))
      .def(
          "convert",
          [](engine::Synthesizer& synthesizer, const FloatArray& samples, const IntArray& phones,
             const IntArray& stresses, const IntArray& boundaries, const FloatArray& timbre,
             const FloatArray& style, float pitch, float energy, uint64_t seed) {
            engine::SynthesisOptions options;
            options.pitch = pitch;
            options.energy = energy;
            options.seed = seed;
            return convert(synthesizer, samples, {phones, stresses, boundaries}, {timbre, style},
                           options);
          },
          py::arg("samples"), py::arg("phones"), py::arg("stresses"), py::arg("boundaries"),
          py::arg("timbre"), py::arg("style"), py::kw_only(), py::arg("pitch"), py::arg("energy"),
          py::arg("seed"))
      .def(
          "start",
          [](engine::Synthesizer& synthesizer, const IntArray& phones, const IntArray& stresses,
             const IntArray& boundaries, const FloatArray& timbre, const FloatArray& style,
             float speed, float pitch, float energy, float temperature, uint64_t seed) {
            return start(synthesizer, {phones, stresses, boundaries}, {timbre, style},
                         {speed, pitch, energy, temperature, seed});
          },
          py::keep_alive<0, 1>(), py::arg("phones"), py::arg("stresses"), py::arg("boundaries"),
          py::arg("timbre"), py::arg("style"), py::kw_only(), py::arg("speed"), py::arg("pitch"),
          py::arg("energy"), py::arg("temperature"), py::arg("seed"));
}

}  // namespace muspeaker::bindings
