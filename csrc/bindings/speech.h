#pragma once

#include <string>
#include <vector>

#include "bindings/array.h"
#include "core/error.h"
#include "engine/synthesizer.h"

namespace muspeaker::bindings {

/// An utterance as NumPy holds it, (tokens) int32 each.
struct TokenArrays {
  const IntArray& phones;
  const IntArray& stresses;
  const IntArray& boundaries;

  /// Throws std::invalid_argument unless the three are of one length.
  [[nodiscard]] engine::Tokens borrow() const {
    require_axes(phones, 1, "phones");
    require_axes(stresses, 1, "stresses");
    require_axes(boundaries, 1, "boundaries");
    const pybind11::ssize_t count = phones.size();
    core::require_input(stresses.size() == count && boundaries.size() == count,
                        "phones, stresses and boundaries must have one length, got " +
                            std::to_string(count) + ", " + std::to_string(stresses.size()) +
                            " and " + std::to_string(boundaries.size()));
    return {phones.data(), stresses.data(), boundaries.data(), count};
  }
};

/// A voice as NumPy holds it: (embedding) and (style frames, hidden) float32.
struct VoiceArrays {
  const FloatArray& timbre;
  const FloatArray& style;

  [[nodiscard]] engine::Voice copy() const {
    require_axes(timbre, 1, "timbre");
    require_axes(style, 2, "style");
    return {
        {timbre.data(), timbre.data() + timbre.size()},
        {style.data(), style.data() + style.size()},
        style.shape(0),
    };
  }
};

}  // namespace muspeaker::bindings
