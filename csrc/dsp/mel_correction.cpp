#include "dsp/mel_correction.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "core/elementary.h"
#include "core/error.h"
#include "core/wide_vectors.h"
#include "dsp/mel.h"

namespace muspeaker::dsp {
namespace {

constexpr float kLimit = 2.0F;           // nats that a band may be moved by
constexpr int64_t kSilentLobe = 2;       // bins of Hann's window that an offset is in, 0 and 1
constexpr int64_t kPieceSamples = 8192;  // taken at once, so that memory does not grow with pieces

/// Returns its argument, so that it is checked before any member is built.
const core::AudioConfig& checked(const core::AudioConfig& audio) {
  core::require_input(MelCorrection::fits(audio),
                      "a spectrum is corrected in windows of at least " +
                          std::to_string(MelCorrection::kOverlap) + " hops, got " +
                          std::to_string(audio.window_samples) + " samples for hops of " +
                          std::to_string(audio.hop_samples));
  return audio;
}

}  // namespace

bool MelCorrection::fits(const core::AudioConfig& audio) {
  return audio.hop_samples > 0 && audio.window_samples >= kOverlap * audio.hop_samples;
}

MelCorrection::MelCorrection(const core::AudioConfig& audio, float share)
    : fft_(checked(audio).fft_samples),
      hop_samples_(audio.hop_samples),
      padding_((audio.fft_samples - audio.hop_samples) / 2),
      num_mels_(audio.num_mels),
      silent_bins_(kSilentLobe * audio.fft_samples / audio.window_samples),
      share_(share),
      floor_(static_cast<float>(audio.mel_floor)),
      window_(centred_window(audio)),
      filters_(mel_filters(audio)),
      interpolation_(audio) {
  for (int64_t i = 0; i < hop_samples_; ++i) {
    weights_.push_back(weight_sum(i, fft_.num_samples()));
  }
}

void MelCorrection::correct(State& state, const core::Frames& mel, const float* samples,
                            int64_t count, std::vector<float>& corrected) const {
  const int64_t num_samples = mel.rows() * hop_samples_;
  if (state.taken + count > num_samples) {
    throw std::invalid_argument("more samples than the utterance has");
  }
  if (num_samples <= padding_) {  // too short for its ends to be reflected
    corrected.insert(corrected.end(), samples, samples + count);
    state.taken += count;
    return;
  }
  while (count > 0) {
    const int64_t piece = std::min(count, kPieceSamples);
    take(state, samples, piece);
    samples += piece;
    count -= piece;
    while (state.frames < mel.rows() &&
           (state.taken == num_samples ||
            (state.frames * hop_samples_) - padding_ + fft_.num_samples() <= state.taken)) {
      correct_frame(state, mel.row(state.frames), num_samples);
      give(state, num_samples, corrected);
    }
  }
}

void MelCorrection::correct_part(const core::Frames& mel, const float* samples, int64_t begin,
                                 int64_t end, float* corrected, const Watermark* mark) const {
  const int64_t num_frames = mel.rows();
  const int64_t num_samples = num_frames * hop_samples_;
  const auto first_sample = [this](int64_t frame) {
    return std::max((frame * hop_samples_) - padding_, int64_t{0});
  };
  State state;
  state.mark = mark;
  state.frames = std::max(begin - context_frames(), int64_t{0});
  const int64_t start = first_sample(state.frames);
  const int64_t stop = end == num_frames ? num_samples : first_sample(end - 1) + fft_.num_samples();
  core::require_input(end == num_frames || stop < num_samples, "a part ends too near to the end");
  state.taken = start;
  std::vector<float> given;
  given.reserve(static_cast<size_t>(stop - start));
  correct(state, mel, samples + start, stop - start, given);
  const int64_t wanted = first_sample(begin);  // what comes before lacks earlier frames
  std::copy(given.begin() + (wanted - start), given.end(), corrected + wanted);
}

/// Appends samples to `raw`, and lets go of those before the next frame.
void MelCorrection::take(State& state, const float* samples, int64_t count) const {
  const int64_t first = state.taken - static_cast<int64_t>(state.raw.size());
  const int64_t needed = std::max((state.frames * hop_samples_) - padding_, int64_t{0});
  state.raw.erase(state.raw.begin(), state.raw.begin() + std::max(needed - first, int64_t{0}));
  state.raw.insert(state.raw.end(), samples, samples + count);
  state.taken += count;
}

/// Leaves the samples under the next window, weighted, in `frame`.
void MelCorrection::window_frame(State& state, int64_t num_samples) const {
  const int64_t fft_samples = fft_.num_samples();
  const int64_t first = state.taken - static_cast<int64_t>(state.raw.size());
  const int64_t start = (state.frames * hop_samples_) - padding_;
  const float* raw = state.raw.data();
  state.frame.resize(static_cast<size_t>(fft_samples));
  float* frame = state.frame.data();
  if (start >= 0 && start + fft_samples <= num_samples) {
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t i = 0; i < fft_samples; ++i) {
        frame[i] = raw[start - first + i] * window_[static_cast<size_t>(i)];
      }
    });
    return;
  }
  for (int64_t i = 0; i < fft_samples; ++i) {
    const int64_t mirrored = std::abs(start + i);
    const int64_t index = mirrored >= num_samples ? (2 * (num_samples - 1)) - mirrored : mirrored;
    frame[i] = raw[index - first] * window_[static_cast<size_t>(i)];
  }
}

/// Adds the next frame, corrected, to `overlap`.
void MelCorrection::correct_frame(State& state, const float* mel, int64_t num_samples) const {
  const auto bins = static_cast<size_t>(fft_.num_bins());
  state.real.resize(bins);
  state.imag.resize(bins);
  state.magnitude.resize(bins);
  state.bands.resize(static_cast<size_t>(num_mels_));
  state.overlap.resize(window_.size());
  window_frame(state, num_samples);
  fft_.forward(state.frame.data(), state.real.data(), state.imag.data(), state.fft);
  correct_levels(state, mel);
  if (state.mark != nullptr) {
    state.mark->apply(state.frames, state.real.data(), state.imag.data());
  }
  fft_.inverse(state.real.data(), state.imag.data(), state.frame.data(), state.fft);
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    float* __restrict overlap = state.overlap.data();
    const float* __restrict frame = state.frame.data();
    for (size_t i = 0; i < window_.size(); ++i) {
      overlap[i] += frame[i] * window_[i];
    }
  });
}

/// Brings the bands of the spectrum to the mel.
void MelCorrection::correct_levels(State& state, const float* mel) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t bins = fft_.num_bins();
    float* __restrict real = state.real.data();
    float* __restrict imag = state.imag.data();
    float* __restrict magnitude = state.magnitude.data();
    float* __restrict gains = state.bands.data();
    for (int64_t bin = 0; bin < bins; ++bin) {
      magnitude[bin] = std::sqrt((real[bin] * real[bin]) + (imag[bin] * imag[bin]));
    }
    filters_.apply(magnitude, gains);
    for (int64_t band = 0; band < num_mels_; ++band) {
      const float difference = mel[band] - core::log_of(std::max(gains[band], floor_));
      gains[band] = core::exp_of(share_ * std::clamp(difference, -kLimit, kLimit));
    }
    interpolation_.spread(gains, magnitude);
    std::fill_n(magnitude, std::min(silent_bins_, bins), 0.0F);
    for (int64_t bin = 0; bin < bins; ++bin) {
      real[bin] *= magnitude[bin];
      imag[bin] *= magnitude[bin];
    }
  });
}

/// Gives the samples that the newest frame completed, and makes room for the next.
void MelCorrection::give(State& state, int64_t num_samples, std::vector<float>& corrected) const {
  const int64_t start = (state.frames * hop_samples_) - padding_;
  const bool last = (state.frames + 1) * hop_samples_ == num_samples;
  const int64_t end = last ? num_samples - start : hop_samples_;
  const int64_t begin = std::min(std::max(-start, int64_t{0}), end);
  const bool inside = !last && state.frames * hop_samples_ >= fft_.num_samples() - hop_samples_;
  const size_t before = corrected.size();
  corrected.resize(before + static_cast<size_t>(end - begin));
  float* to = corrected.data() + before;
  const float* sums = state.overlap.data();
  if (inside) {
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t i = begin; i < end; ++i) {
        to[i - begin] = std::clamp(sums[i] / weights_[static_cast<size_t>(i)], -1.0F, 1.0F);
      }
    });
  } else {
    for (int64_t i = begin; i < end; ++i) {
      to[i - begin] = std::clamp(sums[i] / weight_sum(i, state.frames), -1.0F, 1.0F);
    }
  }
  std::copy(state.overlap.begin() + hop_samples_, state.overlap.end(), state.overlap.begin());
  std::fill(state.overlap.end() - hop_samples_, state.overlap.end(), 0.0F);
  ++state.frames;
}

/// Squared windows over a sample, `offset` into the window of `frame`, the newest that there is.
float MelCorrection::weight_sum(int64_t offset, int64_t frame) const {
  float sum = 0.0F;
  for (int64_t i = offset; i < fft_.num_samples() && frame >= 0; i += hop_samples_, --frame) {
    const float weight = window_[static_cast<size_t>(i)];
    sum += weight * weight;
  }
  return sum;
}

}  // namespace muspeaker::dsp
