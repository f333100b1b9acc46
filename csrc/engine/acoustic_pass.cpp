#include "engine/acoustic_pass.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "dsp/mel_moments.h"
#include "dsp/spectral_map.h"

namespace muspeaker::engine {
namespace {

model::TokenIds ids_input(core::GraphBuilder& graph, const Tokens& tokens) {
  const auto row = [&](const char* name, Tokens::Row which) {
    return graph.input(name, GGML_TYPE_I32, {tokens.count}, tokens.row(which));
  };
  return {row("phones", Tokens::kPhones), row("stresses", Tokens::kStresses),
          row("boundaries", Tokens::kBoundaries)};
}

/// e_con stretched to frames, (1, frames, hidden).
ggml_tensor* stretched(core::GraphBuilder& graph, const model::VariationAdapter& adapter,
                       const core::Frames& e_con, const std::vector<int32_t>& durations) {
  ggml_tensor* path = graph.input("path", model::make_path(durations));
  return adapter.stretch(graph.context(), graph.input("e_con", e_con), path);
}

/// What the frames of an utterance are made of.
struct FrameParts {
  const core::Frames& e_con;
  const std::vector<int32_t>& durations;
  const core::Frames& normal_f0;
  const std::vector<float>& energy;
};

/// e_lat, (1, frames, hidden).
ggml_tensor* embedded(core::GraphBuilder& graph, const model::VariationAdapter& adapter,
                      const FrameParts& parts) {
  ggml_tensor* frames = stretched(graph, adapter, parts.e_con, parts.durations);
  ggml_tensor* pitch = graph.input("pitch", parts.normal_f0);
  ggml_tensor* energy =
      graph.input("energy", {parts.energy.data(), core::count_of(parts.energy), 1});
  return adapter.embed(graph.context(), frames, pitch, energy);
}

ggml_tensor* timbre_input(core::GraphBuilder& graph, const std::vector<float>& timbre,
                          const core::ModelConfig& config) {
  return graph.input("timbre", {timbre.data(), 1, config.timbre_size()});
}

constexpr std::array<const char*, 6> kStyleParts = {
    "durations.key", "durations.value", "pitch.key", "pitch.value", "energy.key", "energy.value"};

/// A memory's parts as inputs of a graph.
model::VariationAdapter::StyleMemory lent(core::GraphBuilder& graph, const StyleMemory& memory) {
  model::VariationAdapter::StyleMemory read{};
  for (size_t i = 0; i < read.size(); ++i) {
    const size_t key = 2 * i;
    read[i] = {graph.lend(kStyleParts[key], memory.parts[key]),
               graph.lend(kStyleParts[key + 1], memory.parts[key + 1])};
  }
  return read;
}

/// Durations of at most 2 * reach + 1 frames. All frames of a token have the same content, so those
/// farther than `reach` from its ends have the same melody, and one of them is enough.
std::vector<int32_t> without_middles(std::vector<int32_t> durations, int64_t reach) {
  for (int32_t& duration : durations) {
    duration = std::min(duration, static_cast<int32_t>((2 * reach) + 1));
  }
  return durations;
}

/// Frames of durations without_middles() as those of the durations themselves.
core::Frames with_middles(const core::Frames& few, const std::vector<int32_t>& durations,
                          int64_t reach) {
  core::Frames all;
  all.width = few.width;
  const int64_t most = (2 * reach) + 1;
  const float* token = few.data();
  for (const int32_t duration : durations) {
    const int64_t kept = std::min<int64_t>(duration, most);
    const float* middle = token + (std::min(kept, reach) * few.width);
    all.values.insert(all.values.end(), token, middle);
    for (int64_t frame = most; frame < duration; ++frame) {
      all.values.insert(all.values.end(), middle, middle + few.width);
    }
    token += kept * few.width;
    all.values.insert(all.values.end(), middle, token);
  }
  return all;
}

}  // namespace

core::Frames AcousticPass::encode(core::GraphRunner& runner, const Tokens& tokens,
                                  const core::Frames& latent_noise) const {
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* noise = graph.input("noise", latent_noise);
    graph.output("e_con", model_.encode_content(graph.context(), ids_input(graph, tokens), noise));
  });
  return runner.take_frames("e_con");
}

core::Frames AcousticPass::encode_recording(core::GraphRunner& runner, const Tokens& tokens,
                                            const core::Frames& mel,
                                            const std::vector<int32_t>& durations) const {
  runner.run([&](core::GraphBuilder& graph) {
    const model::TokenIds ids = ids_input(graph, tokens);
    ggml_tensor* heard = graph.input("mel", mel);
    ggml_tensor* counts = graph.input("durations", durations);
    graph.output("e_con", model_.encode_recording(graph.context(), ids, heard, counts));
  });
  return runner.take_frames("e_con");
}

void AcousticPass::remember(core::GraphRunner& runner, const core::Frames& style,
                            StyleMemory& memory) const {
  if (memory.style.width == style.width && memory.style.values == style.values) {
    return;
  }
  memory.style = {};  // none, should the graph fail
  runner.run([&](core::GraphBuilder& graph) {
    const auto read =
        model_.variation_adapter().remember(graph.context(), graph.lend("e_sty", style));
    for (size_t i = 0; i < read.size(); ++i) {
      graph.output(kStyleParts[2 * i], read[i].key);
      graph.output(kStyleParts[(2 * i) + 1], read[i].value);
    }
  });
  for (size_t i = 0; i < memory.parts.size(); ++i) {
    memory.parts[i] = runner.take_frames(kStyleParts[i]);
  }
  memory.style = style;
}

std::vector<int32_t> AcousticPass::predict_durations(core::GraphRunner& runner,
                                                     const core::Frames& e_con,
                                                     const StyleMemory& style,
                                                     const SynthesisOptions& options,
                                                     const Delivery& delivery) const {
  const core::AudioConfig& audio = model_.config().audio;
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* content = graph.input("e_con", e_con);
    graph.output("log_durations", model_.variation_adapter().predict_durations(
                                      graph.context(), content, lent(graph, style)));
  });
  std::vector<float> log_durations = runner.take("log_durations");
  for (size_t token = 0; token < delivery.rhythm.size(); ++token) {
    log_durations[token] += delivery.rhythm[token];
  }
  std::vector<int32_t> durations = model::VariationAdapter::decide_durations(
      std::move(log_durations), options.adapter(),
      kMaxSeconds * audio.sample_rate / audio.hop_samples);
  bool any = false;
  for (const int32_t duration : durations) {
    any = any || duration > 0;
  }
  core::require_input(any, "the utterance is less than one frame long");
  return durations;
}

Melody AcousticPass::shape_melody(core::GraphRunner& runner, const core::Frames& e_con,
                                  const std::vector<int32_t>& durations, const StyleMemory& style,
                                  const SynthesisOptions& options, const Delivery& delivery) const {
  const model::VariationAdapter& adapter = model_.variation_adapter();
  const int64_t reach = adapter.melody_reach();
  const std::vector<int32_t> few = without_middles(durations, reach);
  core::Frames pitch;
  core::Frames energy;
  const auto predict = [&](core::GraphRunner& lane, bool with_pitch, bool with_energy) {
    lane.run([&](core::GraphBuilder& graph) {
      ggml_tensor* frames = stretched(graph, adapter, e_con, few);
      const model::VariationAdapter::StyleMemory read = lent(graph, style);
      if (with_pitch) {
        graph.output("pitch", adapter.predict_pitch(graph.context(), frames, read));
      }
      if (with_energy) {
        graph.output("energy", adapter.predict_energy(graph.context(), frames, read));
      }
    });
    if (with_pitch) {
      pitch = with_middles(lane.take_frames("pitch"), durations, reach);
    }
    if (with_energy) {
      energy = with_middles(lane.take_frames("energy"), durations, reach);
    }
  };
  if (runner.num_threads() == 2) {  // which need not meet after each layer of either predictor
    runner.run_lanes(2, [&predict](core::GraphRunner& lane, int64_t which) {
      predict(lane, which == 0, which == 1);
    });
  } else {
    predict(runner, /*with_pitch=*/true, /*with_energy=*/true);
  }
  Melody melody{adapter.decide_f0(pitch, options.adapter()),
                adapter.decide_energy(std::move(energy.values), options.adapter())};
  if (!delivery.melody.empty()) {
    const std::vector<float> shift = over_frames(delivery.melody, durations);
    for (size_t t = 0; t < shift.size(); ++t) {
      melody.f0[t] *= std::exp(shift[t]);
    }
  }
  return melody;
}

core::Frames AcousticPass::decode(core::GraphRunner& runner, const core::Frames& e_con,
                                  const std::vector<int32_t>& durations, const Melody& melody,
                                  const std::vector<float>& timbre,
                                  const model::MelDecoder* decoder) const {
  const core::Frames normal_f0 = model_.variation_adapter().normalize_f0(melody.f0);
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* e_lat =
        embedded(graph, model_.variation_adapter(), {e_con, durations, normal_f0, melody.energy});
    ggml_tensor* vector = timbre_input(graph, timbre, model_.config());
    graph.output("mel", model_.decode_mel(graph.context(), e_lat, vector, decoder));
  });
  return runner.take_frames("mel");
}

DecoderInputs AcousticPass::decoder_inputs(core::GraphRunner& runner, const core::Frames& e_con,
                                           const std::vector<int32_t>& durations,
                                           const Melody& melody,
                                           const std::vector<float>& timbre) const {
  const core::Frames normal_f0 = model_.variation_adapter().normalize_f0(melody.f0);
  runner.run([&](core::GraphBuilder& graph) {
    graph.output("e_lat", embedded(graph, model_.variation_adapter(),
                                   {e_con, durations, normal_f0, melody.energy}));
    ggml_tensor* vector = timbre_input(graph, timbre, model_.config());
    graph.output("e_tim", model_.timbre_projection().forward(graph.context(), vector));
  });
  return {runner.take_frames("e_lat"), runner.take("e_tim")};
}

void AcousticPass::match(core::GraphRunner& runner, core::Frames& mel, const Voice& voice,
                         float energy_gain) const {
  const core::ModelConfig& config = model_.config();
  if (config.map_cepstra() > 0) {
    const float* map = voice.vector.data() + config.timbre_size();
    runner.share([&] { dsp::apply_spectral_map(mel, map, config.map_cepstra()); });
  } else if (config.mel_decoder.prompt_moments > 0) {
    dsp::match_moments(mel, voice.vector.data() + config.timbre_encoder.embedding, energy_gain);
  }
}

}  // namespace muspeaker::engine
