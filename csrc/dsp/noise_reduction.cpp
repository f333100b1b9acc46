#include "dsp/noise_reduction.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <string>

#include "core/array.h"
#include "core/error.h"
#include "dsp/fft.h"
#include "dsp/window.h"

namespace muspeaker::dsp {
namespace {

constexpr double kLeastGain = 0.25;  // -12 dB: what is left of noise alone
constexpr double kUnheard = 1e-5;    // of the mean energy, -50 dB: fainter noise may stay
constexpr float kMemory = 0.96F;     // share of the frame before in the a-priori ratio
constexpr float kLeastPower = 1e-20F;
constexpr float kLeastLive = 1e-9F;  // of the loudest frame's energy: less is digital silence
constexpr int64_t kQuietShare = 10;  // one of so many frames is taken for noise

/// Frames of half-overlapping windows as spectra.
struct Spectra {
  core::Frames real;  // (frames, bins)
  core::Frames imag;
};

/// Whose square, half-overlapping, sums to 1.
std::vector<float> root_hann(int64_t num_samples) {
  std::vector<float> window = hann_window(num_samples);
  for (float& value : window) {
    value = std::sqrt(value);
  }
  return window;
}

Spectra analyse(const float* samples, int64_t count, const RealFft& fft,
                const std::vector<float>& window) {
  const int64_t size = fft.num_samples();
  const int64_t hop = size / 2;
  const int64_t frames = ((count + hop - 1) / hop) + 1;
  Spectra spectra{core::Frames(frames, fft.num_bins()), core::Frames(frames, fft.num_bins())};
  std::vector<float> frame(static_cast<size_t>(size));
  RealFft::Workspace workspace;
  for (int64_t t = 0; t < frames; ++t) {
    const int64_t start = (t - 1) * hop;
    for (int64_t i = 0; i < size; ++i) {
      const int64_t at = start + i;
      frame[static_cast<size_t>(i)] =
          at >= 0 && at < count ? samples[at] * window[static_cast<size_t>(i)] : 0.0F;
    }
    fft.forward(frame.data(), spectra.real.row(t), spectra.imag.row(t), workspace);
  }
  return spectra;
}

std::vector<float> synthesize(const Spectra& spectra, int64_t count, const RealFft& fft,
                              const std::vector<float>& window) {
  const int64_t size = fft.num_samples();
  const int64_t hop = size / 2;
  std::vector<float> samples(static_cast<size_t>(count));
  std::vector<float> frame(static_cast<size_t>(size));
  RealFft::Workspace workspace;
  for (int64_t t = 0; t < spectra.real.rows(); ++t) {
    fft.inverse(spectra.real.row(t), spectra.imag.row(t), frame.data(), workspace);
    const int64_t start = (t - 1) * hop;
    const int64_t first = std::max<int64_t>(0, -start);
    const int64_t last = std::min(size, count - start);
    for (int64_t i = first; i < last; ++i) {
      samples[static_cast<size_t>(start + i)] +=
          frame[static_cast<size_t>(i)] * window[static_cast<size_t>(i)];
    }
  }
  return samples;
}

/// (frames, bins) of |X|^2.
core::Frames powers(const Spectra& spectra) {
  core::Frames power(spectra.real.rows(), spectra.real.width);
  for (int64_t i = 0; i < power.size(); ++i) {
    const float real = spectra.real.data()[i];
    const float imag = spectra.imag.data()[i];
    power.data()[i] = (real * real) + (imag * imag);
  }
  return power;
}

/// What lies under the speech.
struct Noise {
  std::vector<float> power;  // (bins)
  float least_gain = 1.0F;
};

/// The mean of the quietest frames that are no digital silence.
Noise find_noise(const core::Frames& power) {
  std::vector<double> energies(static_cast<size_t>(power.rows()));
  for (int64_t t = 0; t < power.rows(); ++t) {
    energies[static_cast<size_t>(t)] =
        std::accumulate(power.row(t), power.row(t) + power.width, 0.0);
  }
  const double least = kLeastLive * *std::max_element(energies.begin(), energies.end());
  std::vector<double> live;
  std::copy_if(energies.begin(), energies.end(), std::back_inserter(live),
               [&](double energy) { return energy > least; });
  if (live.empty()) {
    return {std::vector<float>(static_cast<size_t>(power.width))};
  }
  const double mean =
      std::accumulate(live.begin(), live.end(), 0.0) / static_cast<double>(live.size());
  const auto nth = live.begin() + ((core::count_of(live) - 1) / kQuietShare);
  std::nth_element(live.begin(), nth, live.end());
  std::vector<double> sum(static_cast<size_t>(power.width));
  double quiet = 0.0;
  for (int64_t t = 0; t < power.rows(); ++t) {
    const double energy = energies[static_cast<size_t>(t)];
    if (energy > least && energy <= *nth) {
      quiet += 1.0;
      for (int64_t k = 0; k < power.width; ++k) {
        sum[static_cast<size_t>(k)] += power.row(t)[k];
      }
    }
  }
  for (double& value : sum) {
    value /= quiet;
  }
  const double share = std::accumulate(sum.begin(), sum.end(), 0.0) / mean;
  const double gain = std::clamp(std::sqrt(kUnheard / share), kLeastGain, 1.0);
  return {{sum.begin(), sum.end()}, static_cast<float>(gain)};
}

void filter(Spectra& spectra, const core::Frames& power, const Noise& noise) {
  std::vector<float> before(noise.power.size(),
                            1.0F);  // ratio of speech to noise, in the last frame
  for (int64_t t = 0; t < power.rows(); ++t) {
    float* real = spectra.real.row(t);
    float* imag = spectra.imag.row(t);
    for (int64_t k = 0; k < power.width; ++k) {
      float& last = before[static_cast<size_t>(k)];
      const float ratio =
          power.row(t)[k] / std::max(noise.power[static_cast<size_t>(k)], kLeastPower);
      const float prior = (kMemory * last) + ((1.0F - kMemory) * std::max(ratio - 1.0F, 0.0F));
      const float gain = std::max(prior / (1.0F + prior), noise.least_gain);
      last = gain * gain * ratio;
      real[k] *= gain;
      imag[k] *= gain;
    }
  }
}

}  // namespace

std::vector<float> reduce_noise(const float* samples, int64_t count, int64_t window_samples) {
  core::require_input(window_samples > 0 && window_samples % 2 == 0,
                      "the window must be of even length, got " + std::to_string(window_samples));
  const RealFft fft(window_samples);
  const std::vector<float> window = root_hann(window_samples);
  Spectra spectra = analyse(samples, count, fft, window);
  const core::Frames power = powers(spectra);
  const Noise noise = find_noise(power);
  if (noise.least_gain >= 1.0F) {
    return {samples, samples + count};
  }
  filter(spectra, power, noise);
  return synthesize(spectra, count, fft, window);
}

}  // namespace muspeaker::dsp
