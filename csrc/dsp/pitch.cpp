#include "dsp/pitch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "dsp/window.h"

namespace muspeaker::dsp {
namespace {

constexpr double kSilenceThreshold = 0.03;
constexpr double kVoicingThreshold = 0.45;
constexpr double kInaudible = 1e-5;  // a recording whose loudest sample is below it is silence
constexpr double kOctaveCost = 0.01;
constexpr double kOctaveJumpCost = 0.35;
constexpr double kVoicingChangeCost = 0.14;
constexpr double kCostSeconds = 0.01;  // the step that the two costs of change are meant for
constexpr double kPeriodsAWindow = 3.0;
constexpr size_t kMaxCandidates = 15;
constexpr int64_t kFine = 2;  // lags a sample, so that a parabola meets the peak

int64_t power_of_two_from(int64_t least) {
  int64_t size = 1;
  while (size < least) {
    size *= 2;
  }
  return size;
}

core::AudioConfig checked(const core::AudioConfig& audio) {
  core::require_input(audio.sample_rate >= 4000 && audio.hop_samples >= 1,
                      "pitch needs at least 4000 Hz and a hop, got " +
                          std::to_string(audio.sample_rate) + " Hz and " +
                          std::to_string(audio.hop_samples));
  return audio;
}

int64_t window_size(const core::AudioConfig& audio) {
  return static_cast<int64_t>(kPeriodsAWindow * static_cast<double>(checked(audio).sample_rate) /
                              PitchTracker::kFloorHz);
}

}  // namespace

PitchTracker::PitchTracker(const core::AudioConfig& audio)
    : sample_rate_(audio.sample_rate),
      hop_samples_(audio.hop_samples),
      window_samples_(window_size(audio)),
      // Half a window of zeros: more than the longest period, which is a third of it.
      fft_(power_of_two_from(window_samples_ + (window_samples_ / 2) + 1)),
      fine_fft_(kFine * fft_.num_samples()),
      window_(hann_interior(window_samples_)) {
  FrameWorkspace workspace;
  workspace.frame = window_;
  autocorrelate(workspace);
  window_lags_ = std::move(workspace.lags);
}

/// Leaves the windowed frame around a sample, zeros beyond the ends, in workspace.frame. Returns
/// the largest deviation from its mean within half a period of kFloorHz.
double PitchTracker::load_frame(const float* samples, int64_t num_samples, int64_t centre,
                                FrameWorkspace& workspace) const {
  std::vector<float>& frame = workspace.frame;
  frame.assign(static_cast<size_t>(window_samples_), 0.0F);
  const int64_t start = centre - (window_samples_ / 2);
  const int64_t first = std::max<int64_t>(0, -start);
  const int64_t last = std::min(window_samples_, num_samples - start);
  double mean = 0.0;
  for (int64_t i = first; i < last; ++i) {
    mean += samples[start + i] / static_cast<double>(window_samples_);
  }
  const auto half_period = static_cast<int64_t>(static_cast<double>(sample_rate_) / kFloorHz / 2.0);
  double peak = 0.0;
  for (int64_t i = first; i < last; ++i) {
    const double value = samples[start + i] - mean;
    if (std::abs(i - (window_samples_ / 2)) <= half_period) {
      peak = std::max(peak, std::abs(value));
    }
    frame[static_cast<size_t>(i)] = static_cast<float>(value) * window_[static_cast<size_t>(i)];
  }
  return peak;
}

/// Turns workspace.frame into workspace.lags: the autocorrelation at every half sample, 1 at 0.
void PitchTracker::autocorrelate(FrameWorkspace& workspace) const {
  workspace.frame.resize(static_cast<size_t>(fft_.num_samples()), 0.0F);
  workspace.power.resize(static_cast<size_t>(fft_.num_bins()));
  fft_.power(workspace.frame.data(), workspace.power.data(), workspace.fft);
  // The spectrum of twice the rate, zero above, even: its transform is real.
  const auto size = static_cast<size_t>(fine_fft_.num_samples());
  workspace.spectrum.assign(size, 0.0F);
  workspace.power.back() *= 0.5F;
  for (size_t bin = 0; bin < workspace.power.size(); ++bin) {
    workspace.spectrum[bin] = workspace.power[bin];
    workspace.spectrum[(size - bin) % size] = workspace.power[bin];
  }
  workspace.lags.resize(static_cast<size_t>(fine_fft_.num_bins()));
  workspace.unused.resize(workspace.lags.size());
  fine_fft_.forward(workspace.spectrum.data(), workspace.lags.data(), workspace.unused.data(),
                    workspace.fft);
  const float scale = workspace.lags[0] > 0.0F ? 1.0F / workspace.lags[0] : 0.0F;
  for (float& lag : workspace.lags) {
    lag *= scale;
  }
}

/// loudness: peak of the frame over that of the recording.
PitchTracker::Candidates PitchTracker::candidates_of(const std::vector<float>& lags,
                                                     double loudness) const {
  const double audible = loudness * (1.0 + kVoicingThreshold) / kSilenceThreshold;
  Candidates candidates = {{0.0, kVoicingThreshold + std::max(0.0, 2.0 - audible)}};
  if (loudness <= 0.0) {
    return candidates;
  }
  const auto at = [&](int64_t lag) {
    return static_cast<double>(lags[static_cast<size_t>(lag)]) /
           window_lags_[static_cast<size_t>(lag)];
  };
  const auto rate = static_cast<double>(kFine * sample_rate_);
  const auto shortest = std::max<int64_t>(2, static_cast<int64_t>(rate / kCeilingHz) - 1);
  const auto longest = static_cast<int64_t>(rate / kFloorHz) + 1;
  for (int64_t lag = shortest; lag <= longest; ++lag) {
    const double before = at(lag - 1);
    const double here = at(lag);
    const double after = at(lag + 1);
    if (here < 0.5 * kVoicingThreshold || here <= before || here < after) {
      continue;
    }
    const double slope = 0.5 * (after - before);
    const double curvature = (2.0 * here) - before - after;
    const double hz = rate / (static_cast<double>(lag) + (slope / curvature));
    if (hz < kFloorHz || hz > kCeilingHz) {
      continue;
    }
    const double height = here + (0.5 * slope * slope / curvature);
    const double bounded = height > 1.0 ? 1.0 / height : height;
    candidates.push_back({hz, bounded - (kOctaveCost * std::log2(kFloorHz / hz))});
  }
  std::stable_sort(candidates.begin() + 1, candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.strength > b.strength; });
  candidates.resize(std::min(candidates.size(), kMaxCandidates));
  return candidates;
}

std::vector<float> PitchTracker::cheapest_path(const std::vector<Candidates>& frames) const {
  const double step = static_cast<double>(hop_samples_) / static_cast<double>(sample_rate_);
  const auto change = [&](const Candidate& from, const Candidate& to) {
    if (from.hz == 0.0 && to.hz == 0.0) {
      return 0.0;
    }
    const bool both = from.hz > 0.0 && to.hz > 0.0;
    const double cost =
        both ? kOctaveJumpCost * std::abs(std::log2(from.hz / to.hz)) : kVoicingChangeCost;
    return cost * kCostSeconds / step;
  };
  std::vector<std::vector<size_t>> origins(frames.size());
  std::vector<double> totals = {0.0};
  const Candidates start = {{0.0, 0.0}};
  for (size_t t = 0; t < frames.size(); ++t) {
    const Candidates& before = t > 0 ? frames[t - 1] : start;
    std::vector<double> next;
    for (const Candidate& candidate : frames[t]) {
      size_t best = 0;
      double best_total = 0.0;
      for (size_t from = 0; from < before.size(); ++from) {
        const double total = totals[from] - (t > 0 ? change(before[from], candidate) : 0.0);
        if (from == 0 || total > best_total) {
          best = from;
          best_total = total;
        }
      }
      origins[t].push_back(best);
      next.push_back(best_total + candidate.strength);
    }
    totals = std::move(next);
  }
  std::vector<float> f0(frames.size());
  auto chosen =
      static_cast<size_t>(std::max_element(totals.begin(), totals.end()) - totals.begin());
  for (size_t t = frames.size(); t-- > 0;) {
    f0[t] = static_cast<float>(frames[t][chosen].hz);
    chosen = origins[t][chosen];
  }
  return f0;
}

std::vector<float> PitchTracker::track(const float* samples, int64_t num_samples) const {
  double mean = 0.0;
  for (int64_t i = 0; i < num_samples; ++i) {
    mean += samples[i] / static_cast<double>(num_samples);
  }
  double loudest = 0.0;
  for (int64_t i = 0; i < num_samples; ++i) {
    loudest = std::max(loudest, std::abs(samples[i] - mean));
  }
  std::vector<Candidates> frames;
  FrameWorkspace workspace;
  for (int64_t t = 0; t < num_samples / hop_samples_; ++t) {
    const int64_t centre = (t * hop_samples_) + (hop_samples_ / 2);
    const double peak = load_frame(samples, num_samples, centre, workspace);
    autocorrelate(workspace);
    frames.push_back(candidates_of(workspace.lags, loudest > kInaudible ? peak / loudest : 0.0));
  }
  return cheapest_path(frames);
}

}  // namespace muspeaker::dsp
