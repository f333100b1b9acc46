#include "model/variation_adapter.h"

#include <algorithm>
#include <cmath>

namespace muspeaker::model {
namespace {

/// Mean of the first column where the second, the voicing logit, is positive; 0 if it never is.
float voiced_mean(const core::Frames& pitch) {
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t t = 0; t < pitch.rows(); ++t) {
    if (pitch.row(t)[1] > 0.0F) {
      sum += pitch.row(t)[0];
      ++count;
    }
  }
  return count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 0.0F;
}

}  // namespace

VariationAdapter::VariationAdapter(const core::Scope& scope,
                                   const core::VariationAdapterConfig& config, int64_t content,
                                   int64_t style)
    : config_(config),
      duration_predictor_(scope / "duration_predictor", config, content, style),
      pitch_predictor_(scope / "pitch_predictor", config, content, style),
      energy_predictor_(scope / "energy_predictor", config, content, style),
      pitch_embedding_(scope / "pitch_embedding",
                       {/*in_channels=*/2, content, config.embedding_kernel, /*stride=*/1,
                        /*padding=*/config.embedding_kernel / 2}),
      energy_embedding_(scope / "energy_embedding",
                        {/*in_channels=*/1, content, config.embedding_kernel, /*stride=*/1,
                         /*padding=*/config.embedding_kernel / 2}) {}

VariationAdapter::StyleMemory VariationAdapter::remember(ggml_context* graph,
                                                         ggml_tensor* e_sty) const {
  return {duration_predictor_.remember(graph, e_sty), pitch_predictor_.remember(graph, e_sty),
          energy_predictor_.remember(graph, e_sty)};
}

ggml_tensor* VariationAdapter::predict_durations(ggml_context* graph, ggml_tensor* e_con,
                                                 const StyleMemory& style) const {
  return duration_predictor_.forward(graph, e_con, style[0]);
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

ggml_tensor* VariationAdapter::predict_pitch(ggml_context* graph, ggml_tensor* frames,
                                             const StyleMemory& style) const {
  return pitch_predictor_.forward(graph, frames, style[1]);
}

ggml_tensor* VariationAdapter::predict_energy(ggml_context* graph, ggml_tensor* frames,
                                              const StyleMemory& style) const {
  return energy_predictor_.forward(graph, frames, style[2]);
}

std::vector<float> VariationAdapter::decide_f0(const core::Frames& pitch,
                                               const VariationOptions& options) const {
  const float shift = options.pitch_semitones * std::log(2.0F) / kSemitones;
  const float wider = options.expression - 1.0F;  // 0 leaves every bit as it is
  const float mean = voiced_mean(pitch);
  std::vector<float> f0;
  f0.reserve(static_cast<size_t>(pitch.rows()));
  for (int64_t t = 0; t < pitch.rows(); ++t) {
    const float* frame = pitch.row(t);  // normalised log-F0, voicing logit
    const float normal = frame[0] + (wider * (frame[0] - mean));
    const float level = (normal * config_.log_f0_std) + config_.log_f0_mean + shift;
    f0.push_back(frame[1] > 0.0F ? std::exp(level) : 0.0F);
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

core::Frames VariationAdapter::normalize_f0(const std::vector<float>& f0) const {
  core::Frames pitch;
  pitch.width = 2;
  pitch.values.reserve(2 * f0.size());
  for (const float hz : f0) {
    const bool voiced = hz > 0.0F;
    const float level = (std::log(std::max(hz, 1.0F)) - config_.log_f0_mean) / config_.log_f0_std;
    pitch.values.push_back(voiced ? level : 0.0F);
    pitch.values.push_back(voiced ? 1.0F : 0.0F);
  }
  return pitch;
}

ggml_tensor* VariationAdapter::embed(ggml_context* graph, ggml_tensor* frames, ggml_tensor* pitch,
                                     ggml_tensor* energy) const {
  ggml_tensor* e_lat = pitch_embedding_.forward(graph, pitch, nn::plus(frames));
  return energy_embedding_.forward(graph, energy, nn::plus(e_lat));  // (1, frames, hidden)
}

}  // namespace muspeaker::model
