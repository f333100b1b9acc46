#include "model/variation_adapter.h"

#include <algorithm>
#include <cmath>

namespace muspeaker::model {

VariationAdapter::VariationAdapter(const core::Scope& scope,
                                   const core::VariationAdapterConfig& config, int64_t content,
                                   int64_t style)
    : config_(config),
      duration_predictor_(scope / "duration_predictor", config, content, style),
      pitch_predictor_(scope / "pitch_predictor", config, content, style),
      energy_predictor_(scope / "energy_predictor", config, content, style),
      pitch_embedding_(scope / "pitch_embedding", 2, content, config.embedding_kernel, 1,
                       config.embedding_kernel / 2),
      energy_embedding_(scope / "energy_embedding", 1, content, config.embedding_kernel, 1,
                        config.embedding_kernel / 2) {}

ggml_tensor* VariationAdapter::predict_durations(ggml_context* graph, ggml_tensor* e_con,
                                                 ggml_tensor* e_sty) const {
  return duration_predictor_.forward(graph, e_con, e_sty);
}

std::vector<int32_t> VariationAdapter::decide_durations(std::vector<float> log_durations,
                                                        const VariationOptions& options,
                                                        int64_t max_frames) {
  for (float& value : log_durations) {
    value = std::exp(value) / options.speed;
  }
  return round_durations(log_durations, max_frames);
}

ggml_tensor* VariationAdapter::stretch(ggml_context* graph, ggml_tensor* e_con,
                                       ggml_tensor* path) const {
  return length_regulator_.forward(graph, e_con, path);
}

VariationAdapter::Melody VariationAdapter::predict_melody(ggml_context* graph, ggml_tensor* frames,
                                                          ggml_tensor* e_sty) const {
  return {
      pitch_predictor_.forward(graph, frames, e_sty),
      energy_predictor_.forward(graph, frames, e_sty),
  };
}

std::vector<float> VariationAdapter::decide_f0(const std::vector<float>& pitch,
                                               const VariationOptions& options) const {
  const float shift = options.pitch_semitones * std::log(2.0F) / 12.0F;
  std::vector<float> f0(pitch.size() / 2);
  for (size_t t = 0; t < f0.size(); ++t) {
    const float level = (pitch[2 * t] * config_.log_f0_std) + config_.log_f0_mean + shift;
    f0[t] = pitch[(2 * t) + 1] > 0.0F ? std::exp(level) : 0.0F;
  }
  return f0;
}

std::vector<float> VariationAdapter::decide_energy(std::vector<float> energy,
                                                   const VariationOptions& options) const {
  const float shift = std::log(options.energy_gain) / config_.log_energy_std;
  for (float& value : energy) {
    value += shift;
  }
  return energy;
}

std::vector<float> VariationAdapter::normalize_f0(const std::vector<float>& f0) const {
  std::vector<float> pitch(2 * f0.size());
  for (size_t t = 0; t < f0.size(); ++t) {
    const bool voiced = f0[t] > 0.0F;
    const float level =
        (std::log(std::max(f0[t], 1.0F)) - config_.log_f0_mean) / config_.log_f0_std;
    pitch[2 * t] = voiced ? level : 0.0F;
    pitch[(2 * t) + 1] = voiced ? 1.0F : 0.0F;
  }
  return pitch;
}

ggml_tensor* VariationAdapter::embed(ggml_context* graph, ggml_tensor* frames, ggml_tensor* pitch,
                                     ggml_tensor* energy) const {
  ggml_tensor* e_lat = pitch_embedding_.forward(graph, pitch, {1.0F, frames});
  return energy_embedding_.forward(graph, energy, {1.0F, e_lat});  // (1, frames, hidden)
}

}  // namespace muspeaker::model
