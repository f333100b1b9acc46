#include "dsp/best_path.h"

#include <algorithm>
#include <limits>
#include <string>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

}  // namespace

std::vector<int32_t> best_path(const std::vector<float>& scores, int64_t tokens,
                               const std::vector<int32_t>& states) {
  const auto num_states = static_cast<int64_t>(states.size());
  const int64_t frames = tokens > 0 ? static_cast<int64_t>(scores.size()) / tokens : 0;
  core::require_input(
      num_states >= 1 && num_states <= frames,
      "a path needs 1 to " + std::to_string(frames) + " states, got " + std::to_string(num_states));
  const auto score = [&](int64_t frame, int64_t state) {
    return scores[static_cast<size_t>((frame * tokens) + states[static_cast<size_t>(state)])];
  };
  // best[state] after the frame at hand; moved: whether that came from the state before.
  std::vector<double> best(states.size(), kNever);
  std::vector<bool> moved(static_cast<size_t>(frames * num_states), false);
  best[0] = score(0, 0);
  for (int64_t t = 1; t < frames; ++t) {
    for (int64_t n = std::min(num_states - 1, t); n >= 0; --n) {
      const double stay = best[static_cast<size_t>(n)];
      const double move = n > 0 ? best[static_cast<size_t>(n - 1)] : kNever;
      const bool moves = n > 0 && move >= stay;
      moved[static_cast<size_t>((t * num_states) + n)] = moves;
      best[static_cast<size_t>(n)] = score(t, n) + (moves ? move : stay);
    }
  }
  std::vector<int32_t> durations(static_cast<size_t>(tokens), 0);
  int64_t n = num_states - 1;
  for (int64_t t = frames - 1; t >= 0; --t) {
    ++durations[static_cast<size_t>(states[static_cast<size_t>(n)])];
    n -= moved[static_cast<size_t>((t * num_states) + n)] ? 1 : 0;
  }
  return durations;
}

}  // namespace muspeaker::dsp
