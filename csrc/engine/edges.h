#pragma once

#include <cstdint>
#include <vector>

#include "engine/tokens.h"

namespace muspeaker::engine {

/// Frames [begin, end) of an utterance that are spoken: all but the silence at its ends, which
/// lasts as long as the prompt was silent. Pauses inside are the speech's own.
struct Edges {
  int64_t begin = 0;
  int64_t end = 0;
};

constexpr int64_t kSilenceBeforeFrames = 2;
constexpr int64_t kSilenceAfterFrames = 3;

/// Shortens the pauses at both ends of an utterance, by whole frames, and leaves the durations of
/// what is left. Nothing changes where an end has no pause, or where all are pauses.
///
/// durations: (tokens), frames. Returns which of the frames are left.
Edges shorten_edges(const Tokens& tokens, std::vector<int32_t>& durations);

}  // namespace muspeaker::engine
