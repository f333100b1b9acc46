#include "text/letter_to_sound.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace muspeaker::text {
namespace {

constexpr size_t kMargin = 5;  // zeros on both sides of a word, so that every window lies inside
constexpr uint32_t kMostVowels = 5;

// First and last offset of each window of letters; WINDOWS of text/letter_features.py.
constexpr std::array<std::array<int, 2>, 37> kWindows = {{
    {0, 0},  {-1, -1}, {1, 1},  {-2, -2}, {2, 2},  {-3, -3}, {3, 3},  {4, 4},  {-1, 0},  {0, 1},
    {1, 2},  {-2, -1}, {2, 3},  {-3, -2}, {-1, 1}, {0, 2},   {-2, 0}, {1, 3},  {-3, -1}, {2, 4},
    {-1, 2}, {0, 3},   {-2, 1}, {-3, 0},  {1, 4},  {-2, 2},  {-1, 3}, {-3, 1}, {0, 4},   {-4, 0},
    {-3, 2}, {-2, 3},  {-1, 4}, {-4, 1},  {-3, 3}, {-2, 4},  {-4, 2},
}};
constexpr uint32_t kHistory = kWindows.size();  // the first template after those of the windows

uint32_t fold(uint32_t key, uint32_t value) {
  key = (key ^ value) * 0x01000193U;
  return key ^ (key >> 15U);
}

uint32_t begun(uint32_t feature) {
  return fold(0x811C9DC5U, feature);
}

uint32_t fold_four(uint32_t feature, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return fold(fold(fold(fold(begun(kHistory + feature), a), b), c), d);
}

bool is_vowel(uint32_t letter) {  // a, e, i, o, u and y
  return letter == 1 || letter == 5 || letter == 9 || letter == 15 || letter == 21 || letter == 25;
}

/// What was read before a letter: chunks, each its number plus one, and the stress.
struct History {
  uint32_t last = 0;
  uint32_t further = 0;
  uint32_t sounded = 0;   // the last that spells a sound
  uint32_t stressed = 0;  // 1 if the primary stress has been given
  uint32_t vowels = 0;    // vowel letters from here to the end

  void advance(uint32_t letter, int32_t chunk, bool is_sounded, bool is_primary) {
    further = last;
    last = static_cast<uint32_t>(chunk) + 1;
    sounded = is_sounded ? last : sounded;
    stressed |= is_primary ? 1U : 0U;
    vowels -= is_vowel(letter) ? 1U : 0U;
  }
};

/// Keys of the features that need the history; history_keys of text/letter_features.py.
std::array<uint32_t, 11> history_keys(const uint32_t* at, const History& past) {
  const uint32_t before = at[-1];
  const uint32_t here = at[0];
  const uint32_t after = at[1];
  const uint32_t next = at[2];
  const uint32_t left = std::min(past.vowels, kMostVowels);
  return {fold_four(0, past.last, here, 0, 0),
          fold_four(1, past.last, past.further, here, 0),
          fold_four(2, past.last, here, after, next),
          fold_four(3, past.sounded, here, after, 0),
          fold_four(4, past.stressed, left, here, after),
          fold_four(5, past.stressed, left, is_vowel(here) ? 1 : 0, 0),
          fold_four(6, past.stressed, here, after, next),
          fold_four(7, past.sounded, past.last, here, after),
          fold_four(8, past.stressed, left, here, before),
          fold_four(9, past.last, before, here, after),
          fold_four(10, 0, 0, 0, 0)};
}

}  // namespace

LetterToSound::LetterToSound(const SparseWeights& weights, std::vector<uint8_t> is_primary,
                             std::vector<uint8_t> is_sounded)
    : weights_(weights), is_primary_(std::move(is_primary)), is_sounded_(std::move(is_sounded)) {}

std::vector<int32_t> LetterToSound::read(const std::vector<int32_t>& letters) const {
  std::vector<uint32_t> padded(letters.size() + (2 * kMargin), 0);
  std::copy(letters.begin(), letters.end(), padded.begin() + kMargin);
  const std::vector<Scores> windows = scores_of_windows(padded);
  std::vector<int32_t> best(letters.size(), 0);
  const std::vector<int64_t> gains = walk(padded, windows, /*holder=*/-1, best);
  const bool has_primary = std::any_of(best.begin(), best.end(), [&](int32_t chunk) {
    return is_primary_[static_cast<size_t>(chunk)] != 0;
  });
  if (!has_primary && !gains.empty()) {
    const auto most = std::max_element(gains.begin(), gains.end());
    walk(padded, windows, most - gains.begin(), best);
  }
  return best;
}

std::vector<LetterToSound::Scores> LetterToSound::scores_of_windows(
    const std::vector<uint32_t>& padded) const {
  const size_t count = padded.size() - (2 * kMargin);
  std::vector<Scores> found(count, Scores(static_cast<size_t>(weights_.num_outputs), 0));
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* at = padded.data() + kMargin + i;
    for (uint32_t window = 0; window < kWindows.size(); ++window) {
      uint32_t key = begun(window);
      for (int offset = kWindows[window][0]; offset <= kWindows[window][1]; ++offset) {
        key = fold(key, at[offset]);
      }
      add(key, found[i]);
    }
  }
  return found;
}

/// Chooses the chunk of each letter; returns how near each came to the primary stress. holder: the
/// letter that must have it, where those before are chosen already, without it; -1 leaves it free.
std::vector<int64_t> LetterToSound::walk(const std::vector<uint32_t>& padded,
                                         const std::vector<Scores>& windows, int64_t holder,
                                         std::vector<int32_t>& best) const {
  const uint32_t* letters = padded.data() + kMargin;
  std::vector<int64_t> gains(best.size(), 0);
  History past;
  past.vowels = static_cast<uint32_t>(std::count_if(letters, letters + best.size(), is_vowel));
  for (size_t i = 0; i < best.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    if (index >= holder) {
      Scores scores = windows[i];
      for (const uint32_t key : history_keys(letters + i, past)) {
        add(key, scores);
      }
      const int32_t with_stress = largest(scores, true);
      const int32_t without = largest(scores, false);
      const int64_t gain = static_cast<int64_t>(scores[static_cast<size_t>(with_stress)]) -
                           scores[static_cast<size_t>(without)];
      gains[i] = gain;
      const bool is_free = holder < 0 && past.stressed == 0;
      const bool is_gain = gain > 0 || (gain == 0 && with_stress < without);
      best[i] = (is_free ? is_gain : index == holder) ? with_stress : without;
    }
    const auto chunk = static_cast<size_t>(best[i]);
    past.advance(letters[i], best[i], is_sounded_[chunk] != 0, is_primary_[chunk] != 0);
  }
  return gains;
}

void LetterToSound::add(uint32_t key, Scores& scores) const {
  const int64_t row = weights_.buckets.row(key);
  if (row >= 0) {
    for (int32_t i = weights_.starts[row]; i < weights_.starts[row + 1]; ++i) {
      scores[weights_.outputs[i]] += weights_.weights[i];
    }
  }
}

int32_t LetterToSound::largest(const Scores& scores, bool is_primary) const {
  int32_t found = -1;
  for (size_t i = 0; i < scores.size(); ++i) {
    if ((is_primary_[i] != 0) == is_primary &&
        (found < 0 || scores[i] > scores[static_cast<size_t>(found)])) {
      found = static_cast<int32_t>(i);
    }
  }
  return found;
}

}  // namespace muspeaker::text
