#include "engine/edges.h"

#include <algorithm>
#include <numeric>

namespace muspeaker::engine {
namespace {

constexpr int32_t kPause = 2;  // a boundary id

/// Shortens one token after the other by `frames` in all.
template <typename Iterator>
void shorten(Iterator token, int64_t frames) {
  for (; frames > 0; ++token) {
    const int64_t cut = std::min<int64_t>(frames, *token);
    *token -= static_cast<int32_t>(cut);
    frames -= cut;
  }
}

}  // namespace

Edges shorten_edges(const Tokens& tokens, std::vector<int32_t>& durations) {
  const int64_t total = std::accumulate(durations.begin(), durations.end(), int64_t{0});
  const int32_t* boundaries = tokens.row(Tokens::kBoundaries);
  const int32_t* stop = boundaries + tokens.count;
  const auto spoken = [](int32_t boundary) { return boundary != kPause; };
  const int64_t first = std::find_if(boundaries, stop, spoken) - boundaries;
  if (first == tokens.count) {
    return {0, total};
  }
  int64_t last = tokens.count;
  while (!spoken(boundaries[last - 1])) {
    --last;
  }
  const int64_t before = std::accumulate(durations.begin(), durations.begin() + first, int64_t{0});
  const int64_t after = std::accumulate(durations.begin() + last, durations.end(), int64_t{0});
  const int64_t cut_before = std::max<int64_t>(0, before - kSilenceBeforeFrames);
  const int64_t cut_after = std::max<int64_t>(0, after - kSilenceAfterFrames);
  if (total - before - after == 0) {
    return {0, total};
  }
  shorten(durations.begin(), cut_before);
  shorten(durations.rbegin(), cut_after);
  return {cut_before, total - cut_after};
}

}  // namespace muspeaker::engine
