#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "core/error.h"
#include "engine/synthesizer.h"

namespace muspeaker::bindings {

/// An utterance as NumPy holds it: (engine::Tokens::kRows, tokens) int32, borrowed. Throws
/// std::invalid_argument if it has other axes.
inline engine::Tokens borrow_tokens(const IntArray& ids, const std::string& name = "tokens") {
  require_axes(ids, 2, name);
  core::require_input(ids.shape(0) == engine::Tokens::kRows,
                      name + " must have " + std::to_string(engine::Tokens::kRows) + " rows, got " +
                          std::to_string(ids.shape(0)));
  return {ids.data(), ids.shape(1)};
}

/// What a voice's decoder has learnt, or null.
using Changes = std::shared_ptr<engine::DecoderChanges>;

/// A voice as NumPy holds it: (voice_size) and (style frames, hidden) float32. Copied.
inline engine::Voice copy_voice(const FloatArray& vector, const FloatArray& style,
                                Changes changes = nullptr) {
  return {to_vector(vector, "vector"), to_frames(style, "style"), std::move(changes)};
}

}  // namespace muspeaker::bindings
