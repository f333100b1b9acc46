#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// The monotonic path of highest score that gives each state at least one frame.
///
/// Twin of best_path in muspeaker.train.losses.forward_sum, with the states counted by token.
/// scores: (frames, tokens); states: (states,) the token of each, not falling, one at least for
/// each token. Returns the frames of each token, (tokens,).
/// Throws std::invalid_argument if there are more states than frames, or no state.
std::vector<int32_t> best_path(const std::vector<float>& scores, int64_t tokens,
                               const std::vector<int32_t>& states);

}  // namespace muspeaker::dsp
