#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"

namespace muspeaker::model {

/// The phase at the end of a frame that began at phase `start`, in cycles, in [0, 1).
double advance_phase(double start, float f0, const core::AudioConfig& audio);

/// Phase of the fundamental at every sample, F0 held over each hop.
///
/// f0: (frames) in Hz, 0 where unvoiced; phase: (frames * hop) to be filled, in cycles, in [0, 1];
/// start: the phase before the first sample, which is what the call on the frames before returned.
/// Sums in double precision, one frame after the other, so that any split into calls gives the same
/// bits.
double integrate_phase(const float* f0, int64_t frames, const core::AudioConfig& audio,
                       float* phase, double start = 0.0);

/// Sine waves at F0 and its overtones plus noise, merged to one channel.
///
/// Source: Wang et al. 2019 (arXiv:1904.12088), Section II-B.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class HarmonicSource {
 public:
  HarmonicSource(const core::Scope& scope, const core::VocoderConfig& vocoder,
                 const core::AudioConfig& audio);

  /// f0: (1, frames) float32 in Hz, 0 where unvoiced; phase: (1, samples) float32 of the
  /// fundamental, in cycles; noise: (1, samples) float32, standard normal. Returns (1, 1, samples)
  /// in (-1, 1). Throws std::invalid_argument if there are not `hop` samples for each frame.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* f0, ggml_tensor* phase,
                       ggml_tensor* noise) const;

 private:
  static void compute(ggml_tensor* source, int ith, int nth, void* self);
  void excite_frame(float f0, const float* phase, const float* noise, float* source) const;

  core::VocoderConfig vocoder_;
  core::AudioConfig audio_;
  const float* merge_weight_;  // (num_overtones + 2): the harmonics, then the noise
  float merge_bias_;
};

}  // namespace muspeaker::model
