#include "model/harmonic_source.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/elementary.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "nn/tanh.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kLeastFrames = 16;  // frames of one thread

/// Remainder 1 of a value that is not negative.
double fraction(double value) {
  return value - std::floor(value);
}

}  // namespace

double advance_phase(double start, float f0, const core::AudioConfig& audio) {
  const double step = static_cast<double>(f0) / static_cast<double>(audio.sample_rate);
  return fraction(start + (step * static_cast<double>(audio.hop_samples)));
}

double integrate_phase(const float* f0, int64_t frames, const core::AudioConfig& audio,
                       float* phase, double start) {
  for (int64_t frame = 0; frame < frames; ++frame) {
    const double step = static_cast<double>(f0[frame]) / static_cast<double>(audio.sample_rate);
    for (int64_t i = 0; i < audio.hop_samples; ++i) {
      phase[(frame * audio.hop_samples) + i] =
          static_cast<float>(fraction(start + (step * static_cast<double>(i + 1))));
    }
    start = advance_phase(start, f0[frame], audio);
  }
  return start;
}

HarmonicSource::HarmonicSource(const core::Scope& scope, const core::VocoderConfig& vocoder,
                               const core::AudioConfig& audio)
    : vocoder_(vocoder), audio_(audio) {
  const core::Scope merge = scope / "merge";
  merge_weight_ =
      static_cast<const float*>(merge.tensor("weight", {vocoder.num_overtones + 2, 1})->data);
  merge_bias_ = *static_cast<const float*>(merge.tensor("bias", {1})->data);
}

ggml_tensor* HarmonicSource::forward(ggml_context* graph, ggml_tensor* f0, ggml_tensor* phase,
                                     ggml_tensor* noise) const {
  const int64_t samples = f0->ne[0] * audio_.hop_samples;
  core::require_input(phase->ne[0] == samples && noise->ne[0] == samples,
                      "the harmonic source needs " + std::to_string(samples) +
                          " samples of phase and noise, got " + std::to_string(phase->ne[0]) +
                          " and " + std::to_string(noise->ne[0]));
  ggml_tensor* operands[] = {f0, phase, noise};
  return ggml_custom_4d(graph, GGML_TYPE_F32, 1, samples, 1, 1, operands, 3, compute,
                        GGML_N_TASKS_MAX, const_cast<HarmonicSource*>(this));
}

void HarmonicSource::compute(ggml_tensor* source, int /*ith*/, int /*nth*/, void* self) {
  const auto& harmonic = *static_cast<const HarmonicSource*>(self);
  const auto* f0 = static_cast<const float*>(source->src[0]->data);
  const auto* phase = static_cast<const float*>(source->src[1]->data);
  const auto* noise = static_cast<const float*>(source->src[2]->data);
  auto* out = static_cast<float*>(source->data);
  const int64_t frames = source->src[0]->ne[0];
  const int64_t hop = harmonic.audio_.hop_samples;
  core::parallel_ranges(frames, kLeastFrames, [&](int64_t begin, int64_t end) {
    for (int64_t frame = begin; frame < end; ++frame) {
      const int64_t at = frame * hop;
      harmonic.excite_frame(f0[frame], phase + at, noise + at, out + at);
    }
  });
}

/// sin((k + 1) a) = 2 cos(a) sin(k a) - sin((k - 1) a), so one sine and one cosine serve all
/// harmonics.
void HarmonicSource::excite_frame(float f0, const float* phase, const float* noise,
                                  float* source) const {
  const bool voiced = f0 > 0.0F;
  const float half_rate = static_cast<float>(audio_.sample_rate) / 2.0F;
  int64_t harmonics = 0;  // those below the Nyquist rate
  while (voiced && harmonics <= vocoder_.num_overtones &&
         f0 * static_cast<float>(harmonics + 1) < half_rate) {
    ++harmonics;
  }
  const float noise_std = voiced ? vocoder_.noise_std : vocoder_.sine_amplitude / 3.0F;
  const float noise_weight = noise_std * merge_weight_[vocoder_.num_overtones + 1];
  for (int64_t i = 0; i < audio_.hop_samples; ++i) {
    double sum = 0;
    if (harmonics > 0) {
      const double angle = core::kTwoPi * static_cast<double>(phase[i]);
      const double twice_cosine = 2.0 * std::cos(angle);
      double sine = std::sin(angle);
      double before = 0;
      for (int64_t k = 0; k < harmonics; ++k) {
        sum += sine * static_cast<double>(merge_weight_[k]);
        const double next = (twice_cosine * sine) - before;
        before = sine;
        sine = next;
      }
    }
    const float tone = vocoder_.sine_amplitude * static_cast<float>(sum);
    source[i] = tone + (noise[i] * noise_weight) + merge_bias_;
  }
  nn::tanh_in_place(source, audio_.hop_samples);
}

}  // namespace muspeaker::model
