#include "dsp/spectral_synthesis.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/elementary.h"
#include "core/error.h"
#include "core/wide_vectors.h"
#include "dsp/mel.h"
#include "dsp/pulse_train.h"
#include "dsp/window.h"

namespace muspeaker::dsp {
namespace {

constexpr int64_t kOverlap = 4;             // hops in a window
constexpr float kLevelOfBand = 2.9957323F;  // log 20: a bin's log-magnitude less the log-mel of its
                                            // band, whose triangle has an area of 1 in Hz
constexpr float kLoudest = 8.0F;            // natural log of a bin's magnitude, a limit for safety
constexpr float kLargestCorrection = 2.0F;  // nats
constexpr float kOverTwoPi = 0.159154943F;
constexpr float kHannPower = 1.5F;  // sum of four squared Hann windows, a hop apart

core::AudioConfig checked(const core::AudioConfig& audio) {
  core::require_input(audio.window_samples == audio.fft_samples &&
                          audio.window_samples == kOverlap * audio.hop_samples,
                      "spectral synthesis needs windows of fft_samples and four hops, got " +
                          std::to_string(audio.window_samples) + " samples for hops of " +
                          std::to_string(audio.hop_samples));
  return audio;
}

/// Whether the window of a frame has pulses. It reaches into the frames two before and two after.
bool has_pulses(const SpectralSynthesis::Chunk& chunk, int64_t frame) {
  const int64_t begin = std::max<int64_t>(0, frame - SpectralSynthesis::kSpectraReach);
  const int64_t end = std::min(chunk.frames, frame + SpectralSynthesis::kSpectraReach + 1);
  return !std::all_of(chunk.f0 + begin, chunk.f0 + end, [](float f0) { return f0 <= 0.0F; });
}

/// The pulses' spectrum, or none, becomes that of the harmonic part. turns: (bins) to work in.
MUSPEAKER_INTO_CALLER void turn_harmonics(const float* planes, const float* __restrict envelope,
                                          bool voiced, float* __restrict real,
                                          float* __restrict imag, float* __restrict turns,
                                          int64_t bins) {
  const float* __restrict log_gain = planes;
  const float* __restrict offset = planes + bins;
  if (!voiced) {
    std::fill(real, real + bins, 0.0F);
    std::fill(imag, imag + bins, 0.0F);
    return;
  }
  for (int64_t bin = 0; bin < bins; ++bin) {  // aside, for short chains of operations overlap
    turns[bin] = 0.5F * core::tanh_of(offset[bin]);
  }
  for (int64_t bin = 0; bin < bins; ++bin) {
    const float gain = core::exp_of(std::min(log_gain[bin] + envelope[bin], kLoudest));
    const core::SinCos turn = core::sin_cos_of_turns(turns[bin]);
    const float turned_real = (turn.cos * real[bin]) - (turn.sin * imag[bin]);
    const float turned_imag = (turn.cos * imag[bin]) + (turn.sin * real[bin]);
    real[bin] = gain * turned_real;
    imag[bin] = gain * turned_imag;
  }
}

}  // namespace

SpectralSynthesis::SpectralSynthesis(const core::AudioConfig& audio)
    : audio_(checked(audio)),
      fft_(audio.fft_samples),
      window_(hann_window(audio.window_samples)),
      filters_(mel_filters(audio)),
      interpolation_(audio),
      floor_(static_cast<float>(audio.mel_floor)) {}

void SpectralSynthesis::synthesize(const Chunk& chunk, float* samples, Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t hop = audio_.hop_samples;
    const int64_t window = audio_.window_samples;
    const int64_t num_samples = chunk.frames * hop;
    const auto bins = static_cast<size_t>(fft_.num_bins());
    for (std::vector<float>* part : {&workspace.real, &workspace.imag, &workspace.noise_real,
                                     &workspace.noise_imag, &workspace.magnitude}) {
      part->resize(bins);
    }
    workspace.frame.resize(static_cast<size_t>(window));
    workspace.bands.resize(static_cast<size_t>(audio_.num_mels));
    workspace.pulses.resize(static_cast<size_t>(num_samples));
    for (int64_t frame = 0; frame < chunk.frames; ++frame) {
      pulse_frame(chunk.f0[frame], chunk.phase + (frame * hop), hop,
                  workspace.pulses.data() + (frame * hop));
    }
    std::fill(samples, samples + ((chunk.end - chunk.begin) * hop), 0.0F);
  });
  const int64_t first = std::max<int64_t>(0, chunk.begin - kSpectraReach);
  const int64_t last = std::min(chunk.frames, chunk.end + kSpectraReach);
  for (int64_t tile = first; tile < last; tile += kTileFrames) {
    const int64_t end = std::min(last, tile + kTileFrames);
    const float* planes = chunk.planes(tile, end);
    for (int64_t frame = tile; frame < end; ++frame) {
      add_frame(chunk, frame, planes + ((frame - tile) * kPlanes * fft_.num_bins()), samples,
                workspace);
    }
  }
}

/// Adds the window of a frame to the samples of the chunk.
void SpectralSynthesis::add_frame(const Chunk& chunk, int64_t frame, const float* planes,
                                  float* samples, Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t hop = audio_.hop_samples;
    const int64_t window = audio_.window_samples;
    const int64_t num_samples = chunk.frames * hop;
    const float pulse_scale = 4.0F / static_cast<float>(window);
    const float noise_scale = std::sqrt(8.0F / 3.0F / static_cast<float>(window));
    const int64_t start = (frame * hop) - ((window - hop) / 2);
    const bool voiced = has_pulses(chunk, frame);
    if (voiced) {
      spectrum(workspace.pulses.data(), num_samples, start, pulse_scale, workspace.real.data(),
               workspace.imag.data(), workspace);
    }
    spectrum(chunk.noise, num_samples, start, noise_scale, workspace.noise_real.data(),
             workspace.noise_imag.data(), workspace);
    const float* mel = chunk.mel + (frame * audio_.num_mels);
    mix(planes, mel, voiced, workspace);
    correct_levels(mel, workspace);
    fft_.inverse(workspace.real.data(), workspace.imag.data(), workspace.frame.data(),
                 workspace.fft);
    const int64_t wanted = chunk.begin * hop;
    const int64_t from = std::max(start, wanted);
    const int64_t to = std::min(start + window, chunk.end * hop);
    for (int64_t i = from; i < to; ++i) {
      samples[i - wanted] += workspace.frame[static_cast<size_t>(i - start)] *
                             (window_[static_cast<size_t>(i - start)] / kHannPower);
    }
  });
}

/// The spectrum of the window from sample `first` on, silence outside the samples.
void SpectralSynthesis::spectrum(const float* samples, int64_t num_samples, int64_t first,
                                 float scale, float* real, float* imag,
                                 Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    float* frame = workspace.frame.data();
    const int64_t window = audio_.window_samples;
    const int64_t begin = std::clamp<int64_t>(-first, 0, window);
    const int64_t end = std::clamp<int64_t>(num_samples - first, begin, window);
    std::fill(frame, frame + begin, 0.0F);
    std::fill(frame + end, frame + window, 0.0F);
    for (int64_t i = begin; i < end; ++i) {
      frame[i] = samples[first + i] * (window_[static_cast<size_t>(i)] * scale);
    }
    fft_.forward(frame, real, imag, workspace.fft);
  });
}

/// The pulses' spectrum in the workspace, or none, becomes that of all three parts.
void SpectralSynthesis::mix(const float* planes, const float* mel, bool voiced,
                            Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t bins = fft_.num_bins();
    float* __restrict real = workspace.real.data();
    float* __restrict imag = workspace.imag.data();
    float* __restrict envelope = workspace.magnitude.data();
    const float* __restrict noise_real = workspace.noise_real.data();
    const float* __restrict noise_imag = workspace.noise_imag.data();
    const float* __restrict noise_gain = planes + (2 * bins);
    const float* __restrict free_gain = planes + (3 * bins);
    const float* __restrict free_phase = planes + (4 * bins);
    interpolation_.spread(mel, envelope);
    for (int64_t bin = 0; bin < bins; ++bin) {
      envelope[bin] += kLevelOfBand;
    }
    // Loops of their own, for a compiler gives up on one that does all of it.
    turn_harmonics(planes, envelope, voiced, real, imag, workspace.frame.data(), bins);
    for (int64_t bin = 0; bin < bins; ++bin) {
      const float gain = core::exp_of(std::min(free_gain[bin] + envelope[bin], kLoudest));
      const core::SinCos angle = core::sin_cos_of_turns(kOverTwoPi * free_phase[bin]);
      real[bin] += gain * angle.cos;
      imag[bin] += gain * angle.sin;
    }
    for (int64_t bin = 0; bin < bins; ++bin) {
      const float gain = core::exp_of(std::min(noise_gain[bin] + envelope[bin], kLoudest));
      real[bin] += gain * noise_real[bin];
      imag[bin] += gain * noise_imag[bin];
    }
  });
}

/// Brings the bands of the spectrum to the mel, by at most kLargestCorrection.
void SpectralSynthesis::correct_levels(const float* mel, Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    constexpr float kLeastPower = 1e-12F;
    const int64_t bins = fft_.num_bins();
    float* __restrict real = workspace.real.data();
    float* __restrict imag = workspace.imag.data();
    float* __restrict magnitude = workspace.magnitude.data();
    for (int64_t bin = 0; bin < bins; ++bin) {
      magnitude[bin] = std::sqrt((real[bin] * real[bin]) + (imag[bin] * imag[bin]) + kLeastPower);
    }
    float* bands = workspace.bands.data();
    filters_.apply(magnitude, bands);
    for (int64_t band = 0; band < audio_.num_mels; ++band) {
      const float lack = mel[band] - core::log_of(std::max(bands[band], floor_));
      bands[band] = std::clamp(lack, -kLargestCorrection, kLargestCorrection);
    }
    interpolation_.spread(bands, magnitude);
    for (int64_t bin = 0; bin < bins; ++bin) {
      const float gain = core::exp_of(magnitude[bin]);
      real[bin] *= gain;
      imag[bin] *= gain;
    }
  });
}

}  // namespace muspeaker::dsp
