#include "dsp/best_path.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr size_t kStatesAPhone = 2;  // so a phone lasts at least two frames; a pause has one

}  // namespace

std::vector<int32_t> merge_pauses(std::vector<int32_t> phones, int64_t num_pauses) {
  std::replace_if(
      phones.begin(), phones.end(), [=](int32_t phone) { return phone < num_pauses; }, 0);
  return phones;
}

std::vector<int32_t> states_of(const std::vector<int32_t>& phones, int64_t frames,
                               int64_t num_pauses) {
  std::vector<int32_t> states;
  int32_t token = 0;
  for (const int32_t phone : phones) {
    states.insert(states.end(), phone < num_pauses ? 1 : kStatesAPhone, token);
    ++token;
  }
  if (core::count_of(states) > frames) {
    states.resize(phones.size());
    std::iota(states.begin(), states.end(), 0);
  }
  return states;
}

std::vector<int32_t> best_path(const core::Frames& scores, const std::vector<int32_t>& states) {
  const int64_t num_states = core::count_of(states);
  const int64_t tokens = scores.width;
  const int64_t frames = tokens > 0 ? scores.rows() : 0;
  core::require_input(
      num_states >= 1 && num_states <= frames,
      "a path needs 1 to " + std::to_string(frames) + " states, got " + std::to_string(num_states));
  const int32_t* token_of = states.data();
  // best[state] after the frame at hand; moved: whether that came from the state before.
  std::vector<double> best_scores(states.size(), kNever);
  double* best = best_scores.data();
  core::Matrix<char> moved(frames, num_states);
  best[0] = scores.row(0)[token_of[0]];
  for (int64_t t = 1; t < frames; ++t) {
    for (int64_t n = std::min(num_states - 1, t); n >= 0; --n) {
      const double stay = best[n];
      double move = kNever;
      if (n > 0) {
        move = best[n - 1];
      }
      const bool moves = n > 0 && move >= stay;
      moved.row(t)[n] = moves ? 1 : 0;
      best[n] = scores.row(t)[token_of[n]] + (moves ? move : stay);
    }
  }
  std::vector<int32_t> durations(static_cast<size_t>(tokens), 0);
  int64_t n = num_states - 1;
  for (int64_t t = frames - 1; t >= 0; --t) {
    ++durations[static_cast<size_t>(token_of[n])];
    n -= moved.row(t)[n];
  }
  return durations;
}

}  // namespace muspeaker::dsp
