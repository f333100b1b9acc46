#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "dsp/spectral_synthesis.h"
#include "model/convnext_block.h"
#include "model/margins.h"
#include "model/vocoder.h"
#include "nn/conv1d.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// ConvNeXt blocks that never leave the frame rate, and a head of five planes of a window's bins.
///
/// Each frame's spectrum is that of a pulse train and that of noise, shaped by the planes, and a
/// free part; its bands are brought to the mel. One inverse transform and an overlap make samples.
///
/// Source: the source-filter vocoder of hibari-tts (Apache-2.0), which speaks from phones; this one
/// speaks from a mel. Blocks after Siuzdak 2023 (arXiv:2306.00814).
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class SpectralVocoder : public Vocoder {
 public:
  /// arithmetic: how layers that the file holds as int8 compute.
  SpectralVocoder(const core::Scope& scope, const core::VocoderConfig& config,
                  const core::AudioConfig& audio,
                  nn::Arithmetic arithmetic = nn::Arithmetic::kInt8);

  /// As Vocoder says; F0 is linear between the middles of frames.
  double integrate_frame(const dsp::FrameF0& f0, double start, float* phase) const override;

  /// As Vocoder says, but samples may go beyond 1; no layer computes more frames of the margins
  /// than the wanted samples need.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0, ggml_tensor* phase,
                       ggml_tensor* noise, const Margins& margins) const override;

 private:
  static void join_features(ggml_tensor* joined, int thread, int num_threads, void* self);
  static void synthesize(ggml_tensor* samples, int thread, int num_threads, void* self);

  core::AudioConfig audio_;
  int64_t half_kernel_;
  dsp::SpectralSynthesis synthesis_;
  nn::Conv1d conv_pre_;
  std::vector<ConvNextBlock> blocks_;
  nn::LayerNorm norm_;
  nn::Linear head_;
};

}  // namespace muspeaker::model
