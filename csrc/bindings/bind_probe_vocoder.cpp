#include "bindings/probe.h"
#include "bindings/probe_model.h"
#include "model/harmonic_source.h"
#include "model/mrf_block.h"
#include "model/vocoder.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

nn::Arithmetic arithmetic_of(bool int8) {
  return int8 ? nn::Arithmetic::kInt8 : nn::Arithmetic::kFloat;
}

py::tuple integrate_phase(const FloatArray& f0, int64_t sample_rate, int64_t hop_samples,
                          double start) {
  require_axes(f0, 1, "f0");
  core::AudioConfig audio;
  audio.sample_rate = sample_rate;
  audio.hop_samples = hop_samples;
  std::vector<float> phase(static_cast<size_t>(f0.size() * hop_samples));
  const double end = model::integrate_phase(f0.data(), f0.size(), audio, phase.data(), start);
  const auto samples = static_cast<py::ssize_t>(phase.size());
  return py::make_tuple(to_numpy(std::move(phase), {samples}), end);
}

py::array_t<float> harmonic_source(ProbeModel& model, const FloatArray& f0, const FloatArray& phase,
                                   const FloatArray& noise) {
  const model::HarmonicSource source(model.file.root() / "vocoder" / "harmonic_source",
                                     model.config.vocoder, model.config.audio);
  return model.run([&](core::GraphBuilder& graph) {
    return source.forward(graph.context(), graph_input(graph, "f0", f0),
                          graph_input(graph, "phase", phase), graph_input(graph, "noise", noise));
  });
}

py::array_t<float> mrf_block(ProbeModel& model, int64_t scale, const FloatArray& x, bool int8) {
  require_axes(x, 2, "x");
  int64_t frame_rows = 1;
  for (int64_t i = 0; i <= scale; ++i) {
    frame_rows *= model.config.vocoder.upsample_rates.at(static_cast<size_t>(i));
  }
  const model::MRFBlock block(
      model.file.root() / "vocoder" / "mrf_blocks" / scale, x.shape(1),
      model.config.vocoder.resblock_kernels, model.config.vocoder.resblock_dilations,
      model::Vocoder::block_arithmetic(arithmetic_of(int8), x.shape(1), frame_rows));
  return model.run([&](core::GraphBuilder& graph) {
    return block.forward(graph.context(), graph_input(graph, "x", x));
  });
}

py::array_t<float> vocode(ProbeModel& model, const FloatArray& mel, const FloatArray& f0,
                          const FloatArray& phase, const FloatArray& noise, bool int8) {
  require_axes(mel, 2, "mel");
  const model::Vocoder vocoder(model.file.root() / "vocoder", model.config.vocoder,
                               model.config.audio, arithmetic_of(int8));
  return model.run([&](core::GraphBuilder& graph) {
    return vocoder.forward(graph.context(), graph_input(graph, "mel", mel),
                           graph_input(graph, "f0", f0), graph_input(graph, "phase", phase),
                           graph_input(graph, "noise", noise));
  });
}

}  // namespace

void bind_vocoder_probe(py::module_& probe) {
  probe.def("integrate_phase", &integrate_phase, py::arg("f0"), py::arg("sample_rate"),
            py::arg("hop_samples"), py::arg("start") = 0.0, "(samples), and the phase at the end");
  probe.def("harmonic_source", &harmonic_source, py::arg("model"), py::arg("f0"), py::arg("phase"),
            py::arg("noise"), "(samples, 1)");
  probe.def("mrf_block", &mrf_block, py::arg("model"), py::arg("scale"), py::arg("x"),
            py::kw_only(), py::arg("int8") = true, "(samples, channels), both ways");
  probe.def("vocoder", &vocode, py::arg("model"), py::arg("mel"), py::arg("f0"), py::arg("phase"),
            py::arg("noise"), py::kw_only(), py::arg("int8") = true,
            "(frames, mels) and (frames), (samples), (samples) to (samples)");
}

}  // namespace muspeaker::bindings
