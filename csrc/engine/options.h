#pragma once

#include <cstdint>

#include "model/variation_adapter.h"

namespace muspeaker::engine {

/// How an utterance is to be spoken.
struct SynthesisOptions {
  float speed = 1.0F;        ///< kMinSpeed to kMaxSpeed, above 1 is faster
  float pitch = 0.0F;        ///< semitones added to the melody, at most kMaxPitch either way
  float energy = 1.0F;       ///< gain of the energy contour, above 0, at most kMaxEnergy
  float temperature = 1.0F;  ///< factor of the latent noise, 0 to kMaxTemperature
  uint64_t seed = 0;

  static constexpr float kMinSpeed = 0.25F;
  static constexpr float kMaxSpeed = 4.0F;
  static constexpr float kMaxPitch = 48.0F;
  static constexpr float kMaxEnergy = 100.0F;
  static constexpr float kMaxTemperature = 10.0F;

  /// Throws std::invalid_argument naming the first value that is out of range.
  void check() const;

  /// What the variation adapter takes of these.
  [[nodiscard]] model::VariationOptions variation() const { return {speed, pitch, energy}; }
};

}  // namespace muspeaker::engine
