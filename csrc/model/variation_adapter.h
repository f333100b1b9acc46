#pragma once

#include <ggml.h>

#include <array>
#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "core/weights.h"
#include "model/duration_predictor.h"
#include "model/energy_predictor.h"
#include "model/length_regulator.h"
#include "model/pitch_predictor.h"
#include "nn/conv1d.h"

namespace muspeaker::model {

inline constexpr float kSemitones = 12.0F;  // semitones in an octave

/// What a caller may change about the delivery.
struct VariationOptions {
  float speed = 1.0F;            ///< above 1 is faster
  float pitch_semitones = 0.0F;  ///< added to the melody
  float energy_gain = 1.0F;      ///< factor of the energy contour
  float expression = 1.0F;       ///< factor of log F0's distance from its mean where voiced
};

/// Predicts durations, stretches the content, predicts pitch and energy and adds both.
///
/// The forward pass is cut where a size, or a threshold, depends on what was predicted:
/// predict_durations, then predict_pitch and predict_energy, then embed are described in one graph
/// each, with decide_* on plain arrays between them. Source: the paper's variation adapter; after
/// Ren et al. 2020 (arXiv:2006.04558), Section 2.3. Throws ModelFileError from the constructor if a
/// tensor is absent or misshapen.
class VariationAdapter {
 public:
  VariationAdapter(const core::Scope& scope, const core::VariationAdapterConfig& config,
                   int64_t content, int64_t style);

  /// What the predictors of durations, pitch and energy, in this order, read of a style.
  using StyleMemory = std::array<Predictor::StyleMemory, 3>;

  /// e_sty: (1, style frames, style) float32.
  StyleMemory remember(ggml_context* graph, ggml_tensor* e_sty) const;

  /// e_con: (1, tokens, hidden) float32; style: from remember().
  /// Returns the natural log of durations in frames, (1, tokens, 1).
  ggml_tensor* predict_durations(ggml_context* graph, ggml_tensor* e_con,
                                 const StyleMemory& style) const;

  /// log_durations: (tokens,). Returns whole frames, (tokens,), at any sum from 0 to max_frames;
  /// throws std::invalid_argument beyond.
  [[nodiscard]] static std::vector<int32_t> decide_durations(std::vector<float> log_durations,
                                                             const VariationOptions& options,
                                                             int64_t max_frames);

  /// Content stretched along a path from make_path, (1, frames, hidden).
  ggml_tensor* stretch(ggml_context* graph, ggml_tensor* e_con, ggml_tensor* path) const;

  /// frames: (1, frames, hidden) from stretch. Returns normalised log-F0 and the voicing logit,
  /// (1, frames, 2).
  ggml_tensor* predict_pitch(ggml_context* graph, ggml_tensor* frames,
                             const StyleMemory& style) const;

  /// The same for normalised log-energy, (1, frames, 1).
  ggml_tensor* predict_energy(ggml_context* graph, ggml_tensor* frames,
                              const StyleMemory& style) const;

  /// Frames to either side whose content the pitch and the energy of a frame depend on.
  [[nodiscard]] int64_t melody_reach() const {
    return 2 * config_.num_layers * (config_.kernel / 2);
  }

  /// pitch: (frames, 2) from predict_pitch. Returns (frames,) in Hz, 0 where unvoiced.
  [[nodiscard]] std::vector<float> decide_f0(const core::Frames& pitch,
                                             const VariationOptions& options) const;

  /// energy: (frames,) normalised log-energy. Returns it with the gain applied.
  [[nodiscard]] std::vector<float> decide_energy(std::vector<float> energy,
                                                 const VariationOptions& options) const;

  /// (frames,) Hz to (frames, 2): normalised log-F0, 0 where unvoiced, and the voiced flag.
  [[nodiscard]] core::Frames normalize_f0(const std::vector<float>& f0) const;

  /// frames: (1, frames, hidden); pitch: (1, 2, frames) from normalize_f0; energy: (1, 1, frames),
  /// all float32 and channels contiguous in memory. Returns e_lat, (1, frames, hidden).
  ggml_tensor* embed(ggml_context* graph, ggml_tensor* frames, ggml_tensor* pitch,
                     ggml_tensor* energy) const;

 private:
  core::VariationAdapterConfig config_;
  DurationPredictor duration_predictor_;
  LengthRegulator length_regulator_;
  PitchPredictor pitch_predictor_;
  EnergyPredictor energy_predictor_;
  nn::Conv1d pitch_embedding_;
  nn::Conv1d energy_embedding_;
};

}  // namespace muspeaker::model
