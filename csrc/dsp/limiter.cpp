#include "dsp/limiter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/array.h"
#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int64_t kPhases = 7;  // places between two samples where their peak is looked for

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
  double most = 1.0;
  for (const auto& phase : taps) {
    double sum = 0.0;
    for (const double tap : phase) {
      sum += std::abs(tap);
    }
    most = std::max(most, sum);
  }
  return most;
}

/// Hann's curve of sum 1, over as many samples as the gain moves.
std::array<double, (2 * Limiter::kReach) + 1> make_curve() {
  std::array<double, (2 * Limiter::kReach) + 1> curve{};
  constexpr auto kSteps = static_cast<double>(Limiter::kReach + 1);
  for (size_t i = 0; i < curve.size(); ++i) {
    curve.at(i) = (1.0 - std::cos(kPi * static_cast<double>(i + 1) / kSteps)) / (2.0 * kSteps);
  }
  return curve;
}

struct Tables {
  Taps sincs = make_taps();
  double overshoot = most_overshoot(sincs);
  std::array<double, (2 * Limiter::kReach) + 1> curve = make_curve();
};

const Tables& tables() {
  static const Tables made;
  return made;
}

/// Where the first of `values` from `from` on is that is not 0; their number if there is none.
int64_t next_nonzero(const std::vector<double>& values, int64_t from) {
  const auto found =
      std::find_if(values.begin() + from, values.end(), [](double value) { return value != 0.0; });
  return found - values.begin();
}

}  // namespace

Limiter::Limiter(int64_t channels) : channels_(channels) {
  core::require_input(channels >= 1,
                      "channels must be at least 1, got " + std::to_string(channels));
  frames_.resize(static_cast<size_t>(kFirst * channels));
}

void Limiter::take(const float* frames, int64_t count, std::vector<float>& given) {
  frames_.insert(frames_.end(), frames, frames + (count * channels_));
  advance(given);
}

void Limiter::rest(std::vector<float>& given) {
  frames_.resize(frames_.size() + static_cast<size_t>(((2 * kReach) + kAhead) * channels_));
  advance(given);
}

/// The true peak of a frame of frames_ and up to the next, over all channels.
double Limiter::peak(int64_t frame) const {
  double peak = 0.0;
  for (int64_t channel = 0; channel < channels_; ++channel) {
    const float* x = frames_.data() + ((frame - kBefore) * channels_) + channel;
    double most = 0.0;
    for (int64_t i = 0; i < kTaps; ++i) {
      most = std::max(most, static_cast<double>(std::abs(x[i * channels_])));
    }
    if (most * tables().overshoot < kCeiling) {
      continue;
    }
    peak = std::max(peak, static_cast<double>(std::abs(x[kBefore * channels_])));
    for (const auto& taps : tables().sincs) {
      double sum = 0.0;
      for (int64_t i = 0; i < kTaps; ++i) {
        sum += taps[static_cast<size_t>(i)] * static_cast<double>(x[i * channels_]);
      }
      peak = std::max(peak, std::abs(sum));
    }
  }
  return peak;
}

/// The first frame of frames_ from `from` on that is loud enough for a peak beside it to be too
/// high.
int64_t Limiter::next_loud_frame(int64_t from) const {
  const double overshoot = tables().overshoot;
  int64_t at = from * channels_;
  const int64_t end = core::count_of(frames_);
  while (at < end &&
         static_cast<double>(std::abs(frames_[static_cast<size_t>(at)])) * overshoot < kCeiling) {
    ++at;
  }
  return at / channels_;
}

// Speech is seldom near the ceiling: what lies far from a loud frame is known without a search.
void Limiter::advance(std::vector<float>& given) {
  const int64_t frames = core::count_of(frames_) / channels_;
  int64_t loud = -1;
  for (int64_t i = core::count_of(excess_); i + kTaps <= frames; ++i) {
    loud = loud < i ? next_loud_frame(i) : loud;
    const double highest = loud < i + kTaps ? std::max(peak(i + kBefore), kCeiling) : kCeiling;
    excess_.push_back(std::max(0.0, 1.0 - (kCeiling / highest)));
  }
  constexpr int64_t kWidth = (2 * kReach) + 1;
  int64_t too_high = -1;
  for (int64_t i = core::count_of(largest_); i + kWidth <= core::count_of(excess_); ++i) {
    too_high = too_high < i ? next_nonzero(excess_, i) : too_high;
    const auto first = excess_.begin() + i;
    largest_.push_back(too_high < i + kWidth ? *std::max_element(first, first + kWidth) : 0.0);
  }
  const int64_t count = std::max<int64_t>(0, core::count_of(largest_) - kWidth + 1);
  const auto& curve = tables().curve;
  int64_t lowered = -1;
  for (int64_t i = 0; i < count; ++i) {
    lowered = lowered < i ? next_nonzero(largest_, i) : lowered;
    double gain = 1.0;
    for (int64_t k = 0; k < kWidth && lowered < i + kWidth; ++k) {
      gain -= curve[static_cast<size_t>(k)] * largest_[static_cast<size_t>(i + k)];
    }
    const float* frame = frames_.data() + ((i + kFirst) * channels_);
    for (int64_t channel = 0; channel < channels_; ++channel) {
      given.push_back(static_cast<float>(gain * static_cast<double>(frame[channel])));
    }
  }
  frames_.erase(frames_.begin(), frames_.begin() + (count * channels_));
  excess_.erase(excess_.begin(), excess_.begin() + count);
  largest_.erase(largest_.begin(), largest_.begin() + count);
}

}  // namespace muspeaker::dsp
