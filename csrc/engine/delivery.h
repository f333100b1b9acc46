#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::engine {

/// What a seed changes of rhythm and melody, as smooth curves over the tokens.
struct Delivery {
  std::vector<float> rhythm;  ///< (tokens), added to log durations; none if empty
  std::vector<float> melody;  ///< (tokens), added to log F0; none if empty
};

inline constexpr int64_t kDeliveryReach = 5;      // tokens on either side that a value depends on
inline constexpr float kRhythmDeviation = 0.15F;  // of log durations, at a variation of 1
inline constexpr float kMelodyDeviation = 0.15F;  // of log F0, at a variation of 1: 2.6 semitones

/// Curves of a variation from noise: its running mean under a Hann window of 2 * kDeliveryReach + 1
/// tokens, scaled to the deviations above, which are thus the same at every token.
///
///   noise    n0 n1 n2 ... n9 n10 n11 ...
///   token 0  |---- window ----|
///   token 1     |---- window ----|
///
/// noise: (tokens + 2 * kDeliveryReach, 2), standard normal; column 0 makes the rhythm, 1 the
/// melody.
Delivery make_delivery(const core::Frames& noise, float variation);

/// A value of each token as one of each frame: straight from the middle of a token to that of the
/// next, and level before the first and after the last. values and durations: (tokens,), durations
/// in frames; one frame at least in all. Returns (frames,).
std::vector<float> over_frames(const std::vector<float>& values,
                               const std::vector<int32_t>& durations);

}  // namespace muspeaker::engine
