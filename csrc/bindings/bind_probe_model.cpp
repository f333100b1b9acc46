#include "bindings/array.h"
#include "bindings/probe.h"
#include "bindings/probe_model.h"
#include "bindings/speech.h"
#include "dsp/best_path.h"
#include "model/muspeaker.h"
#include "model/nsf_hifigan.h"
#include "model/spectral_vocoder.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

nn::Arithmetic arithmetic_of(bool int8) {
  return int8 ? nn::Arithmetic::kInt8 : nn::Arithmetic::kFloat;
}

py::array_t<float> linguistic_encoder(ProbeModel& model, const IntArray& ids) {
  const engine::Tokens tokens = borrow_tokens(ids);
  const model::LinguisticEncoder encoder(model.file.root() / "linguistic_encoder",
                                         model.config.linguistic_encoder);
  return model.run([&](core::GraphBuilder& graph) {
    const auto row = [&](const char* name, engine::Tokens::Row which) {
      return graph.input(name, GGML_TYPE_I32, {tokens.count}, tokens.row(which));
    };
    return encoder.forward(graph.context(), {row("phones", engine::Tokens::kPhones),
                                             row("stresses", engine::Tokens::kStresses),
                                             row("boundaries", engine::Tokens::kBoundaries)});
  });
}

py::tuple mel_encoder(ProbeModel& model, const FloatArray& mel, const IntArray& durations) {
  require_axes(mel, 2, "mel");
  require_axes(durations, 1, "durations");
  const model::MelEncoder encoder(model.file.root() / "mel_encoder", model.config.mel_encoder);
  const auto part = [&](bool log_std) {
    return model.run([&](core::GraphBuilder& graph) {
      const auto posterior = encoder.forward(graph.context(), graph_input(graph, "mel", mel),
                                             graph_input(graph, "durations", durations));
      return log_std ? posterior.log_std : posterior.mean;
    });
  };
  return py::make_tuple(part(false), part(true));
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

py::array_t<float> predictor(ProbeModel& model, const std::string& stem, const FloatArray& x,
                             const FloatArray& e_sty) {
  const core::ModelConfig& config = model.config;
  const model::Predictor part(model.file.root() / "variation_adapter" / stem,
                              config.variation_adapter, config.linguistic_encoder.hidden,
                              config.style_encoder.hidden, stem == "pitch_predictor" ? 2 : 1);
  return model.run([&](core::GraphBuilder& graph) {
    return part.forward(graph.context(), graph_input(graph, "x", x),
                        part.remember(graph.context(), graph_input(graph, "e_sty", e_sty)));
  });
}

py::array_t<int32_t> round_durations(const FloatArray& durations, int64_t max_frames) {
  return to_numpy(model::round_durations(to_vector(durations, "durations"), max_frames));
}

py::array_t<int32_t> make_path(const IntArray& durations) {
  return to_numpy(model::make_path(to_vector(durations, "durations")));
}

py::array_t<float> embed_variation(ProbeModel& model, const FloatArray& frames,
                                   const FloatArray& f0, const FloatArray& energy) {
  const core::ModelConfig& config = model.config;
  const model::VariationAdapter adapter(model.file.root() / "variation_adapter",
                                        config.variation_adapter, config.linguistic_encoder.hidden,
                                        config.style_encoder.hidden);
  const core::Frames pitch = adapter.normalize_f0(to_vector(f0, "f0"));
  return model.run([&](core::GraphBuilder& graph) {
    return adapter.embed(graph.context(), graph_input(graph, "frames", frames),
                         graph.input("pitch", pitch),
                         graph.input("energy", {energy.data(), energy.size(), 1}));
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

py::tuple integrate_phase(const FloatArray& f0, int64_t sample_rate, int64_t hop_samples,
                          double start) {
  require_axes(f0, 1, "f0");
  core::AudioConfig audio;
  audio.sample_rate = sample_rate;
  audio.hop_samples = hop_samples;
  std::vector<float> phase(static_cast<size_t>(f0.size() * hop_samples));
  const double end = model::integrate_phase(f0.data(), f0.size(), audio, phase.data(), start);
  return py::make_tuple(to_numpy(std::move(phase)), end);
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
      model::NsfHifigan::block_arithmetic(arithmetic_of(int8), x.shape(1), frame_rows));
  return model.run([&](core::GraphBuilder& graph) {
    return block.forward(graph.context(), graph_input(graph, "x", x));
  });
}

py::array_t<float> nsf_hifigan(ProbeModel& model, const FloatArray& mel, const FloatArray& f0,
                               const FloatArray& phase, const FloatArray& noise, bool int8) {
  require_axes(mel, 2, "mel");
  const model::NsfHifigan vocoder(model.file.root() / "vocoder", model.config.vocoder,
                                  model.config.audio, arithmetic_of(int8));
  return model.run([&](core::GraphBuilder& graph) {
    return vocoder.forward(graph.context(), graph_input(graph, "mel", mel),
                           graph_input(graph, "f0", f0), graph_input(graph, "phase", phase),
                           graph_input(graph, "noise", noise), /*margins=*/{});
  });
}

py::array_t<float> convnext_block(ProbeModel& model, int64_t index, const FloatArray& x,
                                  int64_t begin, int64_t count) {
  require_axes(x, 2, "x");
  const core::VocoderConfig& config = model.config.vocoder;
  const model::ConvNextBlock block(model.file.root() / "vocoder" / "blocks" / index,
                                   config.channels, config.hidden, config.kernel,
                                   nn::Arithmetic::kInt8);
  return model.run([&](core::GraphBuilder& graph) {
    return block.forward(graph.context(), graph_input(graph, "x", x), {begin, count});
  });
}

py::array_t<float> spectral_vocoder(ProbeModel& model, const FloatArray& mel, const FloatArray& f0,
                                    const FloatArray& phase, const FloatArray& noise) {
  require_axes(mel, 2, "mel");
  const model::SpectralVocoder vocoder(model.file.root() / "vocoder", model.config.vocoder,
                                       model.config.audio);
  return model.run([&](core::GraphBuilder& graph) {
    return vocoder.forward(graph.context(), graph_input(graph, "mel", mel),
                           graph_input(graph, "f0", f0), graph_input(graph, "phase", phase),
                           graph_input(graph, "noise", noise), /*margins=*/{});
  });
}

py::array_t<float> aligner(ProbeModel& model, const FloatArray& features, const IntArray& phones) {
  require_axes(features, 2, "features");
  if (!model.config.aligner) {
    throw std::invalid_argument("this model has no aligner");
  }
  const model::Aligner part(model.file.root() / "aligner", *model.config.aligner,
                            model.config.linguistic_encoder.num_phones);
  const std::vector<int32_t> merged =
      dsp::merge_pauses(to_vector(phones, "phones"), model.config.aligner->num_pauses);
  return model.run([&](core::GraphBuilder& graph) {
    return part.forward(graph.context(), graph_input(graph, "features", features),
                        graph.input("phones", merged));
  });
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

void bind_encoders(py::module_& probe) {
  probe.def("linguistic_encoder", &linguistic_encoder, py::arg("model"), py::arg("tokens"),
            "(rows, tokens) to (tokens, hidden)");
  probe.def("mel_encoder", &mel_encoder, py::arg("model"), py::arg("mel"), py::arg("durations"),
            "(frames, mels) to mean and log_std, (tokens, latent)");
  probe.def("vp_flow", &vp_flow, py::arg("model"), py::arg("x"), py::arg("e_ling"), py::kw_only(),
            py::arg("inverse"), "(tokens, latent), both ways");
  probe.def("style_encoder", &style_encoder, py::arg("model"), py::arg("mel"),
            "(frames, mels) to (style frames, hidden)");
  probe.def("timbre_encoder", &timbre_encoder, py::arg("model"), py::arg("fbank"),
            "(frames, num_fbanks) to (embedding)");
  probe.def("eres2net_block", &eres2net_block, py::arg("model"), py::arg("layer"),
            py::arg("position"), py::arg("x"), "(mels, frames, channels), both ways");
  probe.def("aligner", &aligner, py::arg("model"), py::arg("features"), py::arg("phones"),
            "(frames, features), (tokens) to (frames, tokens)");
  probe.def("phone_classifier", &phone_classifier, py::arg("model"), py::arg("x"),
            "(frames, mels) to (1, 1, frames, phones), logits");
}

void bind_decoders(py::module_& probe) {
  probe.def("predictor", &predictor, py::arg("model"), py::arg("stem"), py::arg("x"),
            py::arg("e_sty"), "(frames, content), (style frames, style) to (frames, outputs)");
  probe.def("round_durations", &round_durations, py::arg("durations"), py::arg("max_frames"),
            "(tokens) to (tokens) int32");
  probe.def("make_path", &make_path, py::arg("durations"), "(tokens) to (frames) int32");
  probe.def("embed_variation", &embed_variation, py::arg("model"), py::arg("frames"), py::arg("f0"),
            py::arg("energy"), "(frames, hidden) and (frames) to (frames, hidden)");
  probe.def("adain_res_block", &adain_res_block, py::arg("model"), py::arg("index"), py::arg("x"),
            py::arg("e_tim"), "(frames, channels), both ways");
  probe.def("mel_decoder", &mel_decoder, py::arg("model"), py::arg("e_lat"), py::arg("e_tim"),
            "(frames, content) to (frames, mels)");
  probe.def("integrate_phase", &integrate_phase, py::arg("f0"), py::arg("sample_rate"),
            py::arg("hop_samples"), py::arg("start") = 0.0, "(samples), and the phase at the end");
  probe.def("harmonic_source", &harmonic_source, py::arg("model"), py::arg("f0"), py::arg("phase"),
            py::arg("noise"), "(samples, 1)");
  probe.def("mrf_block", &mrf_block, py::arg("model"), py::arg("scale"), py::arg("x"),
            py::kw_only(), py::arg("int8") = true, "(samples, channels), both ways");
  probe.def("nsf_hifigan", &nsf_hifigan, py::arg("model"), py::arg("mel"), py::arg("f0"),
            py::arg("phase"), py::arg("noise"), py::kw_only(), py::arg("int8") = true,
            "(frames, mels) and (frames), (samples), (samples) to (samples)");
  probe.def("convnext_block", &convnext_block, py::arg("model"), py::arg("index"), py::arg("x"),
            py::arg("begin"), py::arg("count"), "(frames, channels) to (count, channels)");
  probe.def("spectral_vocoder", &spectral_vocoder, py::arg("model"), py::arg("mel"), py::arg("f0"),
            py::arg("phase"), py::arg("noise"),
            "(frames, mels) and (frames), (samples), (samples) to (samples)");
}

}  // namespace

void bind_model_probe(py::module_& probe) {
  py::class_<ProbeModel>(probe, "Model", "An open model file, of which single parts can be run.")
      .def(py::init<const std::string&, int>(), py::arg("path"), py::arg("num_threads") = 1);
  bind_encoders(probe);
  bind_decoders(probe);
}

}  // namespace muspeaker::bindings
