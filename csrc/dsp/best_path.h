#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::dsp {

/// The phones with every pause, the first num_pauses symbols, as 0. phones: (tokens,).
std::vector<int32_t> merge_pauses(std::vector<int32_t> phones, int64_t num_pauses);

/// Token number of each state: two states a phone, one a pause; one each in a very short clip.
/// phones: (tokens,). Returns (states,), at most `frames` of them unless there are more tokens.
std::vector<int32_t> states_of(const std::vector<int32_t>& phones, int64_t frames,
                               int64_t num_pauses);

/// The monotonic path of highest score that gives each state at least one frame.
///
/// scores: (frames, tokens); states: (states,) the token of each, not falling, one at least for
/// each token. Returns the frames of each token, (tokens,).
/// Throws std::invalid_argument if there are more states than frames, or no state.
std::vector<int32_t> best_path(const core::Frames& scores, const std::vector<int32_t>& states);

}  // namespace muspeaker::dsp
