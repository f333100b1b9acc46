#include "bindings/probe.h"
#include "bindings/probe_model.h"
#include "model/mel_encoder.h"
#include "model/timbre_encoder.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

py::array_t<float> timbre_encoder(ProbeModel& model, const FloatArray& fbank) {
  require_axes(fbank, 2, "fbank");
  const model::TimbreEncoder encoder(model.file.root() / "timbre_encoder",
                                     model.config.timbre_encoder);
  return model.run([&](core::GraphBuilder& graph) {
    return encoder.forward(graph.context(), graph_input(graph, "fbank", fbank));
  });
}

py::array_t<float> eres2net_block(ProbeModel& model, int64_t layer, int64_t position,
                                  const FloatArray& x) {
  require_axes(x, 3, "x");
  const int64_t planes = model.config.timbre_encoder.channels << (layer - 1);
  const model::ERes2NetBlock block(
      model.file.root() / "timbre_encoder" / ("layer" + std::to_string(layer)) / position,
      {x.shape(2), planes, layer > 1 && position == 0 ? 2 : 1, layer > 2},
      model.config.timbre_encoder);
  return model.run([&](core::GraphBuilder& graph) {
    return block.forward(graph.context(), graph_input(graph, "x", x));
  });
}

py::tuple mel_encoder(ProbeModel& model, const FloatArray& mel, const IntArray& durations) {
  require_axes(mel, 2, "mel");
  require_axes(durations, 1, "durations");
  const model::MelEncoder encoder(model.file.root() / "mel_encoder", model.config.mel_encoder);
  py::array_t<float> outputs[2];
  for (const bool log_std : {false, true}) {
    outputs[log_std ? 1 : 0] = model.run([&](core::GraphBuilder& graph) {
      ggml_tensor* counts =
          graph.input("durations", GGML_TYPE_I32, {durations.size()}, durations.data());
      const auto posterior =
          encoder.forward(graph.context(), graph_input(graph, "mel", mel), counts);
      return log_std ? posterior.log_std : posterior.mean;
    });
  }
  return py::make_tuple(outputs[0], outputs[1]);
}

}  // namespace

void bind_timbre_probe(py::module_& probe) {
  py::class_<ProbeModel>(probe, "Model", "An open model file, of which single parts can be run.")
      .def(py::init<const std::string&, int>(), py::arg("path"), py::arg("num_threads") = 1);
  probe.def("timbre_encoder", &timbre_encoder, py::arg("model"), py::arg("fbank"),
            "(frames, num_fbanks) to (embedding)");
  probe.def("eres2net_block", &eres2net_block, py::arg("model"), py::arg("layer"),
            py::arg("position"), py::arg("x"), "(mels, frames, channels), both ways");
  probe.def("mel_encoder", &mel_encoder, py::arg("model"), py::arg("mel"), py::arg("durations"),
            "(frames, mels) to mean and log_std, (tokens, latent)");
}

}  // namespace muspeaker::bindings
