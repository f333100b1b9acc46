#pragma once

#include <cstdint>
#include <optional>

#include "model/variation_adapter.h"

namespace muspeaker::engine {

/// Values that an option may have; `least` itself may be left out.
struct Range {
  float least;
  float most;
  bool above_least = false;  ///< more than `least`, not equal to it
};

/// How an utterance is to be spoken.
struct SynthesisOptions {
  float speed = 1.0F;        ///< above 1 is faster
  float pitch = 0.0F;        ///< semitones added to the melody
  float energy = 1.0F;       ///< gain of the energy contour
  float temperature = 1.0F;  ///< factor of the latent noise
  uint64_t seed = 0;
  float expression = 1.0F;  ///< factor of the melody's distance from its mean
  float variation = 0.0F;   ///< how far the seed changes rhythm and melody
  std::optional<uint32_t> watermark = std::nullopt;  ///< payload of the mark; none: unmarked

  static constexpr Range kSpeed{0.25F, 4.0F};
  static constexpr Range kPitch{-48.0F, 48.0F};
  static constexpr Range kEnergy{0.0F, 100.0F, /*above_least=*/true};
  static constexpr Range kTemperature{0.0F, 10.0F};
  static constexpr Range kExpression{0.0F, 4.0F};
  static constexpr Range kVariation{0.0F, 4.0F};

  /// Throws std::invalid_argument naming the first value that is out of range.
  void check() const;

  /// What the variation adapter takes of these.
  [[nodiscard]] model::VariationOptions adapter() const {
    return {speed, pitch, energy, expression};
  }
};

}  // namespace muspeaker::engine
