#include "dsp/limiter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/array.h"
#include "core/error.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int64_t kPhases = 7;    // places between two samples where their peak is looked for
constexpr int64_t kBlock = 32;    // frames worked on at once
constexpr int64_t kPiece = 4096;  // frames taken at once, so that what is known of them stays near
constexpr int64_t kWidth = (2 * Limiter::kReach) + 1;  // of the gain's fall and rise

using Block = std::array<double, kBlock>;
using BlockSamples = std::array<double, kBlock + Limiter::kTaps - 1>;

using Taps = std::array<std::array<double, Limiter::kTaps>, kPhases>;

/// Windowed sincs that interpolate at 1/8, 2/8 and so on after the sample in the middle.
Taps make_taps() {
  Taps taps{};
  constexpr int64_t kHalf = Limiter::kTaps / 2;
  for (int64_t phase = 0; phase < kPhases; ++phase) {
    double sum = 0.0;
    for (int64_t i = 0; i < Limiter::kTaps; ++i) {
      const double x = kPi * (static_cast<double>(i - (kHalf - 1)) -
                              (static_cast<double>(phase + 1) / static_cast<double>(kPhases + 1)));
      const double window = std::cos(x / static_cast<double>(2 * kHalf));
      const double tap = std::sin(x) / x * window * window;
      taps.at(static_cast<size_t>(phase)).at(static_cast<size_t>(i)) = tap;
      sum += tap;
    }
    for (double& tap : taps.at(static_cast<size_t>(phase))) {
      tap /= sum;
    }
  }
  return taps;
}

/// The most that a value between samples can be over the largest of these.
double most_overshoot(const Taps& taps) {
  constexpr double kRounding = 1.0 + 1e-9;  // so that no sum of products is above it
  double most = 1.0;
  for (const auto& phase : taps) {
    double sum = 0.0;
    for (const double tap : phase) {
      sum += std::abs(tap);
    }
    most = std::max(most, sum);
  }
  return most * kRounding;
}

/// Hann's curve of sum 1, over as many samples as the gain moves.
std::array<double, kWidth> make_curve() {
  std::array<double, kWidth> curve{};
  constexpr auto kSteps = static_cast<double>(Limiter::kReach + 1);
  for (size_t i = 0; i < curve.size(); ++i) {
    curve.at(i) = (1.0 - std::cos(kPi * static_cast<double>(i + 1) / kSteps)) / (2.0 * kSteps);
  }
  return curve;
}

struct Tables {
  Taps sincs = make_taps();
  double overshoot = most_overshoot(sincs);
  std::array<double, kWidth> curve = make_curve();
};

const Tables& tables() {
  static const Tables made;
  return made;
}

/// Whether no value between these can be too much.
bool is_soft(const float* samples, int64_t count) {
  float most = 0.0F;
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    constexpr int64_t kLanes = 16;
    float lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const float magnitude = std::abs(samples[i + lane]);
        lanes[lane] = lanes[lane] < magnitude ? magnitude : lanes[lane];  // max stays scalar
      }
    }
    for (; i < count; ++i) {
      lanes[0] = std::max(lanes[0], std::abs(samples[i]));
    }
    for (const float lane : lanes) {
      most = std::max(most, lane);
    }
  });
  return static_cast<double>(most) * tables().overshoot < Limiter::kCeiling;
}

/// Raises `peaks` to the true peaks of each frame and up to the next, of one channel. x: its
/// samples from `before` ones before the first frame on.
void raise_to_peaks(const BlockSamples& x, int64_t before, Block& peaks) {
  const Taps& sincs = tables().sincs;
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    for (int64_t f = 0; f < kBlock; ++f) {
      peaks[f] = std::max(peaks[f], std::abs(x[f + before]));
    }
    for (int64_t phase = 0; phase < kPhases; ++phase) {
      Block sums{};
      for (int64_t i = 0; i < Limiter::kTaps; ++i) {
        const double tap = sincs[phase][i];
        for (int64_t f = 0; f < kBlock; ++f) {
          sums[f] += tap * x[f + i];
        }
      }
      for (int64_t f = 0; f < kBlock; ++f) {
        peaks[f] = std::max(peaks[f], std::abs(sums[f]));
      }
    }
  });
}

/// The gains of so many frames, kBlock at most. largest: (frames + kWidth - 1)
void find_gains(const double* largest, int64_t frames, Block& gains) {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    gains.fill(1.0);
    for (int64_t k = 0; k < kWidth; ++k) {
      const double share = tables().curve[k];
      for (int64_t f = 0; f < frames; ++f) {
        gains[f] -= share * largest[k + f];
      }
    }
  });
}

}  // namespace

Limiter::Limiter(int64_t channels) : channels_(channels) {
  core::require_input(channels >= 1,
                      "channels must be at least 1, got " + std::to_string(channels));
  frames_.resize(static_cast<size_t>(kFirst * channels));
}

void Limiter::take(const float* frames, int64_t count, std::vector<float>& given) {
  given.reserve(given.size() + static_cast<size_t>(count * channels_));
  while (count > 0) {
    const int64_t piece = std::min(count, kPiece);
    frames_.insert(frames_.end(), frames, frames + (piece * channels_));
    advance(given);
    frames += piece * channels_;
    count -= piece;
  }
}

void Limiter::rest(std::vector<float>& given) {
  frames_.resize(frames_.size() + static_cast<size_t>(((2 * kReach) + kAhead) * channels_));
  advance(given);
}

/// Appends to excess_ those of all frames that have come with what their peaks depend on.
void Limiter::find_excess() {
  const int64_t frames = core::count_of(frames_) / channels_;
  const int64_t begin = core::count_of(excess_);
  excess_.resize(static_cast<size_t>(std::max(begin, frames - kTaps + 1)));
  const int64_t end = core::count_of(excess_);
  const int64_t all = end > begin ? end - begin + kTaps - 1 : 0;
  if (is_soft(frames_.data() + (begin * channels_), all * channels_)) {
    return;
  }
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t count = std::min(kBlock, end - first);
    const float* samples = frames_.data() + (first * channels_);
    if (is_soft(samples, (count + kTaps - 1) * channels_)) {
      continue;
    }
    Block peaks{};
    for (int64_t channel = 0; channel < channels_; ++channel) {
      BlockSamples x{};
      for (int64_t i = 0; i < count + kTaps - 1; ++i) {
        x.at(static_cast<size_t>(i)) = samples[(i * channels_) + channel];
      }
      raise_to_peaks(x, kBefore, peaks);
    }
    for (int64_t i = 0; i < count; ++i) {
      excess_[static_cast<size_t>(first + i)] =
          1.0 - (kCeiling / std::max(peaks.at(static_cast<size_t>(i)), kCeiling));
    }
    soft_from_ = first + count;
  }
}

/// Appends to largest_ those of all frames whose excess within kReach is known.
void Limiter::find_largest() {
  const int64_t begin = core::count_of(largest_);
  const int64_t end = std::max(begin, core::count_of(excess_) - kWidth + 1);
  largest_.resize(static_cast<size_t>(end));
  double* largest = largest_.data();
  const int64_t until = std::min(end + kWidth - 1, soft_from_);
  for (int64_t from = begin; from < until; ++from) {
    const double excess = excess_[static_cast<size_t>(from)];
    if (excess > 0.0) {
      const int64_t last = std::min(from + 1, end);
      for (int64_t i = std::max(begin, from - kWidth + 1); i < last; ++i) {
        largest[i] = std::max(largest[i], excess);
      }
    }
  }
}

void Limiter::advance(std::vector<float>& given) {
  find_excess();
  find_largest();
  const int64_t count = std::max<int64_t>(0, core::count_of(largest_) - kWidth + 1);
  const float* frame = frames_.data() + (kFirst * channels_);
  given.insert(given.end(), frame, frame + (count * channels_));
  float* to = given.data() + core::count_of(given) - (count * channels_);
  for (int64_t first = 0; first < std::min(count, soft_from_); first += kBlock) {
    const int64_t frames = std::min(kBlock, count - first);
    const double* largest = largest_.data() + first;
    if (std::all_of(largest, largest + frames + kWidth - 1, [](double x) { return x == 0.0; })) {
      continue;
    }
    Block gains{};
    find_gains(largest, frames, gains);
    for (int64_t i = 0; i < frames * channels_; ++i) {
      float& value = to[(first * channels_) + i];
      value = static_cast<float>(gains.at(static_cast<size_t>(i / channels_)) *
                                 static_cast<double>(value));
    }
  }
  frames_.erase(frames_.begin(), frames_.begin() + (count * channels_));
  excess_.erase(excess_.begin(), excess_.begin() + count);
  largest_.erase(largest_.begin(), largest_.begin() + count);
  soft_from_ = std::max<int64_t>(0, soft_from_ - count);
}

}  // namespace muspeaker::dsp
