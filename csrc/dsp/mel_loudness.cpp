#include "dsp/mel_loudness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>

#include "core/elementary.h"
#include "core/wide_vectors.h"
#include "dsp/mel.h"

namespace muspeaker::dsp {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kTargetLufs = -23.1;  // of the mel; what is spoken has about as much
constexpr double kMostChangedDb = 30.0;
constexpr double kBlockSeconds = 0.4;
constexpr double kAbsoluteGateLufs = -70.0;
constexpr double kRelativeGateLu = -10.0;
constexpr double kQuiet = 2e-3;  // of the loudest frame: -27 dB
constexpr double kMostAlone =
    0.75;  // of both neighbours of a frame together: 1.8 dB over their mean
constexpr double kOffsetLu = -0.691;  // of BS.1770
// Mean square of magnitudes over the square of their mean, where they are noise.
constexpr double kSpread = 4.0 / kPi;
constexpr double kWeightingRateHz = 48000.0;  // of the two filters of BS.1770
constexpr double kHannPower = 0.375;          // mean square of the window
// Above the last band, sounds like "s" are as loud as in it over so many Hz, in what the vocoder
// makes.
constexpr double kAboveHz = 700.0;

struct Filter {
  std::array<double, 3> above;
  std::array<double, 3> below;
};

constexpr std::array<Filter, 2> kWeighting = {{
    {{1.53512485958697, -2.69169618940638, 1.19839281085285},
     {1.0, -1.69065929318241, 0.73248077421585}},
    {{1.0, -2.0, 1.0}, {1.0, -1.99004745483398, 0.99007225036621}},
}};

/// The squared gain of both filters at a frequency.
double weighting(double hz) {
  const std::complex<double> turn = std::polar(1.0, -2.0 * kPi * hz / kWeightingRateHz);
  const auto at = [&turn](const std::array<double, 3>& taps) {
    return std::norm(taps[0] + (taps[1] * turn) + (taps[2] * turn * turn));
  };
  double gain = 1.0;
  for (const Filter& filter : kWeighting) {
    gain *= at(filter.above) / at(filter.below);
  }
  return gain;
}

/// Mean square of the weighted samples.
double power_of(double lufs) {
  return std::pow(10.0, (lufs - kOffsetLu) / 10.0);
}

/// A frame that is alone in being loud is not spoken so: the windows of its neighbours lie over it.
void soften_spikes(std::vector<double>& power) {
  const std::vector<double> asked = power;
  for (size_t frame = 1; frame + 1 < asked.size(); ++frame) {
    power[frame] = std::min(asked[frame], kMostAlone * (asked[frame - 1] + asked[frame + 1]));
  }
}

/// Removes what is before the first sound and after the last: blocks that hold a part of a word
/// would say that a short text is softer than it is.
void leave_quiet_ends(std::vector<double>& power) {
  const double quiet = kQuiet * *std::max_element(power.begin(), power.end());
  const auto is_sound = [quiet](double value) { return value > quiet; };
  power.erase(std::find_if(power.rbegin(), power.rend(), is_sound).base(), power.end());
  power.erase(power.begin(), std::find_if(power.begin(), power.end(), is_sound));
}

/// The mean of those above a gate; 0 if there are none.
double mean_above(const std::vector<double>& blocks, double gate) {
  double sum = 0.0;
  int64_t count = 0;
  for (const double block : blocks) {
    if (block > gate) {
      sum += block;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

}  // namespace

MelLoudness::MelLoudness(const core::AudioConfig& audio)
    : block_frames_(
          std::max<int64_t>(1, std::llround(kBlockSeconds * static_cast<double>(audio.sample_rate) /
                                            static_cast<double>(audio.hop_samples)))) {
  const std::vector<double> edges_hz = mel_edges_hz(audio);
  const double bin_hz =
      static_cast<double>(audio.sample_rate) / static_cast<double>(audio.fft_samples);
  const double spread = 2.0 * kSpread /
                        (static_cast<double>(audio.fft_samples) * kHannPower *
                         static_cast<double>(audio.window_samples));
  // A band's value times the width of a bin is the mean magnitude of the bins, and half of its
  // triangle is its own.
  for (size_t band = 0; band + 2 < edges_hz.size(); ++band) {
    double own_hz = (edges_hz[band + 2] - edges_hz[band]) / 2.0;
    if (band + 3 == edges_hz.size()) {
      own_hz += std::min(kAboveHz, static_cast<double>(audio.sample_rate) / 2.0 - edges_hz.back());
    }
    const double own_bins = own_hz / bin_hz;
    weights_.push_back(spread * own_bins * bin_hz * bin_hz * weighting(edges_hz[band + 1]));
  }
}

double MelLoudness::loudness(const core::Frames& mel) const {
  std::vector<float> squares(weights_.size());
  std::vector<double> power;  // (frames), and silence up to a block
  for (int64_t frame = 0; frame < mel.rows(); ++frame) {
    const float* row = mel.row(frame);
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t band = 0; band < mel.width; ++band) {
        squares[static_cast<size_t>(band)] = core::exp_of(2.0F * row[band]);
      }
    });
    power.push_back(std::inner_product(weights_.begin(), weights_.end(), squares.begin(), 0.0));
  }
  soften_spikes(power);
  leave_quiet_ends(power);
  power.resize(std::max(power.size(), static_cast<size_t>(block_frames_)));
  std::vector<double> blocks;
  for (auto end = power.begin() + block_frames_;; ++end) {
    blocks.push_back(std::accumulate(end - block_frames_, end, 0.0) /
                     static_cast<double>(block_frames_));
    if (end == power.end()) {
      break;
    }
  }
  const double audible = mean_above(blocks, power_of(kAbsoluteGateLufs));
  if (audible <= 0.0) {
    return -std::numeric_limits<double>::infinity();
  }
  const double gate =
      std::max(power_of(kAbsoluteGateLufs), power_of(kRelativeGateLu + kOffsetLu) * audible);
  return kOffsetLu + (10.0 * std::log10(mean_above(blocks, gate)));
}

void MelLoudness::level(core::Frames& mel, float energy_gain) const {
  const double found = loudness(mel);
  if (!std::isfinite(found)) {
    return;
  }
  const double change = std::clamp(kTargetLufs - found, -kMostChangedDb, kMostChangedDb);
  const auto shift = static_cast<float>((change / 20.0 * std::log(10.0)) +
                                        std::log(static_cast<double>(energy_gain)));
  for (float& value : mel.values) {
    value += shift;
  }
}

}  // namespace muspeaker::dsp
