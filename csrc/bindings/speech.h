#pragma once

#include <string>
#include <vector>

#include "bindings/array.h"
#include "core/error.h"
#include "engine/synthesizer.h"

namespace muspeaker::bindings {

/// An utterance as NumPy holds it, (tokens,) int32 each, one array for each row of engine::Tokens.
struct TokenArrays {
  const IntArray& phones;
  const IntArray& stresses;
  const IntArray& boundaries;

  /// The rows one after the other. Throws std::invalid_argument unless they are of one length.
  [[nodiscard]] std::vector<int32_t> ids() const {
    require_axes(phones, 1, "phones");
    require_axes(stresses, 1, "stresses");
    require_axes(boundaries, 1, "boundaries");
    const pybind11::ssize_t count = phones.size();
    core::require_input(stresses.size() == count && boundaries.size() == count,
                        "phones, stresses and boundaries must have one length, got " +
                            std::to_string(count) + ", " + std::to_string(stresses.size()) +
                            " and " + std::to_string(boundaries.size()));
    std::vector<int32_t> rows;
    for (const IntArray* row : {&phones, &stresses, &boundaries}) {
      rows.insert(rows.end(), row->data(), row->data() + count);
    }
    return rows;
  }
};

/// The ids of TokenArrays, borrowed.
inline engine::Tokens borrow_tokens(const std::vector<int32_t>& ids) {
  return {ids.data(), core::count_of(ids) / engine::Tokens::kRows};
}

/// A voice as NumPy holds it: (voice_size) and (style frames, hidden) float32. Copied.
inline engine::Voice copy_voice(const FloatArray& vector, const FloatArray& style) {
  return {to_vector(vector, "vector"), to_frames(style, "style")};
}

}  // namespace muspeaker::bindings
