#include <algorithm>

#include "bindings/probe.h"
#include "bindings/probe_model.h"
#include "bindings/speech.h"
#include "model/linguistic_encoder.h"
#include "model/mel_decoder.h"
#include "model/style_encoder.h"
#include "model/variation_adapter.h"
#include "model/vp_flow.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

/// vocoder_noise: as many samples as come out, or more.
py::dict synthesize_stages(engine::Synthesizer& synthesizer, const TokenArrays& token_arrays,
                           const VoiceArrays& voice_arrays, const FloatArray& latent_noise,
                           const FloatArray& vocoder_noise,
                           const engine::SynthesisOptions& options) {
  const float* values = vocoder_noise.data();
  const int64_t available = vocoder_noise.size();
  const engine::Noise noise{
      {latent_noise.data(), latent_noise.data() + latent_noise.size()},
      [values, available](int64_t first_sample, float* out, int64_t count) {
        core::require_input(first_sample + count <= available, "too little vocoder noise");
        std::copy_n(values + first_sample, count, out);
      },
  };
  const engine::Tokens tokens = token_arrays.borrow();
  engine::Speech speech = synthesizer.synthesize(tokens, voice_arrays.copy(), options, noise);
  const auto frames = static_cast<py::ssize_t>(speech.f0.size());
  const auto num_samples = static_cast<py::ssize_t>(speech.samples.size());
  py::dict stages;
  stages["durations"] = to_numpy(std::move(speech.durations), {tokens.count});
  stages["f0"] = to_numpy(std::move(speech.f0), {frames});
  stages["energy"] = to_numpy(std::move(speech.energy), {frames});
  stages["mel"] = to_numpy(std::move(speech.mel), {frames, synthesizer.config().audio.num_mels});
  stages["samples"] = to_numpy(std::move(speech.samples), {num_samples});
  return stages;
}

py::array_t<float> linguistic_encoder(ProbeModel& model, const IntArray& phones,
                                      const IntArray& stresses, const IntArray& boundaries) {
  const engine::Tokens tokens = TokenArrays{phones, stresses, boundaries}.borrow();
  const model::LinguisticEncoder encoder(model.file.root() / "linguistic_encoder",
                                         model.config.linguistic_encoder);
  return model.run([&](core::GraphBuilder& graph) {
    const auto ids = [&](const char* name, const int32_t* values) {
      return graph.input(name, GGML_TYPE_I32, {tokens.count}, values);
    };
    return encoder.forward(graph.context(), ids("phones", tokens.phones),
                           ids("stresses", tokens.stresses), ids("boundaries", tokens.boundaries));
  });
}

py::array_t<float> vp_flow(ProbeModel& model, const FloatArray& x, const FloatArray& e_ling,
                           bool inverse) {
  const model::VPFlow flow(model.file.root() / "vp_flow", model.config.vp_flow,
                           model.config.mel_encoder.latent, model.config.linguistic_encoder.hidden);
  return model.run([&](core::GraphBuilder& graph) {
    ggml_tensor* latent = graph_input(graph, "x", x);
    ggml_tensor* condition = graph_input(graph, "e_ling", e_ling);
    return inverse ? flow.inverse(graph.context(), latent, condition)
                   : flow.forward(graph.context(), latent, condition);
  });
}

py::array_t<float> style_encoder(ProbeModel& model, const FloatArray& mel) {
  const model::StyleEncoder encoder(model.file.root() / "style_encoder", model.config.style_encoder,
                                    model.config.audio.num_mels);
  return model.run([&](core::GraphBuilder& graph) {
    return encoder.forward(graph.context(), graph_input(graph, "mel", mel));
  });
}

py::array_t<float> predictor(ProbeModel& model, const std::string& stem, const FloatArray& x,
                             const FloatArray& e_sty) {
  const core::ModelConfig& config = model.config;
  const model::Predictor part(model.file.root() / "variation_adapter" / stem,
                              config.variation_adapter, config.linguistic_encoder.hidden,
                              config.style_encoder.hidden, stem == "pitch_predictor" ? 2 : 1);
  return model.run([&](core::GraphBuilder& graph) {
    return part.forward(graph.context(), graph_input(graph, "x", x),
                        graph_input(graph, "e_sty", e_sty));
  });
}

py::array_t<float> embed_variation(ProbeModel& model, const FloatArray& frames,
                                   const FloatArray& f0, const FloatArray& energy) {
  const core::ModelConfig& config = model.config;
  const model::VariationAdapter adapter(model.file.root() / "variation_adapter",
                                        config.variation_adapter, config.linguistic_encoder.hidden,
                                        config.style_encoder.hidden);
  const std::vector<float> pitch = adapter.normalize_f0({f0.data(), f0.data() + f0.size()});
  return model.run([&](core::GraphBuilder& graph) {
    return adapter.embed(graph.context(), graph_input(graph, "frames", frames),
                         graph.input("pitch", GGML_TYPE_F32, {2, f0.size()}, pitch.data()),
                         graph.input("energy", GGML_TYPE_F32, {1, energy.size()}, energy.data()));
  });
}

py::array_t<float> adain_res_block(ProbeModel& model, int64_t index, const FloatArray& x,
                                   const FloatArray& e_tim) {
  const core::MelDecoderConfig& config = model.config.mel_decoder;
  const model::AdaINResBlock block(model.file.root() / "mel_decoder" / "blocks" / index,
                                   config.channels, config.timbre, config.kernel);
  return model.run([&](core::GraphBuilder& graph) {
    return block.forward(graph.context(), graph_input(graph, "x", x),
                         graph_input(graph, "e_tim", e_tim));
  });
}

py::array_t<float> mel_decoder(ProbeModel& model, const FloatArray& e_lat,
                               const FloatArray& e_tim) {
  const core::ModelConfig& config = model.config;
  const model::MelDecoder decoder(model.file.root() / "mel_decoder", config.mel_decoder,
                                  config.linguistic_encoder.hidden, config.audio.num_mels);
  return model.run([&](core::GraphBuilder& graph) {
    return decoder.forward(graph.context(), graph_input(graph, "e_lat", e_lat),
                           graph_input(graph, "e_tim", e_tim));
  });
}

py::array_t<int32_t> round_durations(const FloatArray& durations, int64_t max_frames) {
  std::vector<int32_t> rounded =
      model::round_durations({durations.data(), durations.data() + durations.size()}, max_frames);
  return to_numpy(std::move(rounded), {durations.size()});
}

py::array_t<int32_t> make_path(const IntArray& durations) {
  std::vector<int32_t> path =
      model::make_path({durations.data(), durations.data() + durations.size()});
  const auto frames = static_cast<py::ssize_t>(path.size());
  return to_numpy(std::move(path), {frames});
}

void bind_stages(py::module_& probe) {
  probe.def(
      "synthesize_stages",
      [](engine::Synthesizer& synthesizer, const IntArray& phones, const IntArray& stresses,
         const IntArray& boundaries, const FloatArray& timbre, const FloatArray& style,
         const FloatArray& latent_noise, const FloatArray& vocoder_noise, float speed, float pitch,
         float energy) {
        return synthesize_stages(synthesizer, {phones, stresses, boundaries}, {timbre, style},
                                 latent_noise, vocoder_noise, {speed, pitch, energy});
      },
      py::arg("synthesizer"), py::arg("phones"), py::arg("stresses"), py::arg("boundaries"),
      py::arg("timbre"), py::arg("style"), py::arg("latent_noise"), py::arg("vocoder_noise"),
      py::kw_only(), py::arg("speed") = 1.0F, py::arg("pitch") = 0.0F, py::arg("energy") = 1.0F,
      "durations (tokens), f0 (frames), energy (frames), mel (frames, mels), samples (samples)");
  probe.def(
      "vocode",
      [](ProbeModel& model, const FloatArray& mel, const FloatArray& f0, const FloatArray& noise,
         int64_t chunk_frames) {
        const model::MuSpeaker network(model.file, model.config);
        core::GraphRunner runner(1);  // one that has no plan for a network that is gone
        std::vector<float> samples = engine::VocoderStream(network, chunk_frames, chunk_frames)
                                         .vocode(runner, {mel.data(), mel.data() + mel.size()},
                                                 {f0.data(), f0.data() + f0.size()},
                                                 [&](int64_t first, float* out, int64_t count) {
                                                   std::copy_n(noise.data() + first, count, out);
                                                 });
        const auto num_samples = static_cast<py::ssize_t>(samples.size());
        return to_numpy(std::move(samples), {num_samples});
      },
      py::arg("model"), py::arg("mel"), py::arg("f0"), py::arg("noise"), py::arg("chunk_frames"),
      "(frames, mels), (frames), (samples) to (samples), chunk by chunk");
}

}  // namespace

void bind_synthesizer_probe(py::module_& probe) {
  bind_stages(probe);
  probe.def("linguistic_encoder", &linguistic_encoder, py::arg("model"), py::arg("phones"),
            py::arg("stresses"), py::arg("boundaries"), "(tokens) each to (tokens, hidden)");
  probe.def("vp_flow", &vp_flow, py::arg("model"), py::arg("x"), py::arg("e_ling"), py::kw_only(),
            py::arg("inverse"), "(tokens, latent), both ways");
  probe.def("style_encoder", &style_encoder, py::arg("model"), py::arg("mel"),
            "(frames, mels) to (style frames, hidden)");
  probe.def("predictor", &predictor, py::arg("model"), py::arg("stem"), py::arg("x"),
            py::arg("e_sty"), "(frames, content), (style frames, style) to (frames, outputs)");
  probe.def("embed_variation", &embed_variation, py::arg("model"), py::arg("frames"), py::arg("f0"),
            py::arg("energy"), "(frames, hidden) and (frames) to (frames, hidden)");
  probe.def("adain_res_block", &adain_res_block, py::arg("model"), py::arg("index"), py::arg("x"),
            py::arg("e_tim"), "(frames, channels), both ways");
  probe.def("mel_decoder", &mel_decoder, py::arg("model"), py::arg("e_lat"), py::arg("e_tim"),
            "(frames, content) to (frames, mels)");
  probe.def("round_durations", &round_durations, py::arg("durations"), py::arg("max_frames"),
            "(tokens) to (tokens) int32");
  probe.def("make_path", &make_path, py::arg("durations"), "(tokens) to (frames) int32");
}

}  // namespace muspeaker::bindings
