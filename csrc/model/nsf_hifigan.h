#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "model/harmonic_source.h"
#include "model/margins.h"
#include "model/mrf_block.h"
#include "model/vocoder.h"
#include "nn/conv1d.h"
#include "nn/conv_transpose1d.h"

namespace muspeaker::model {

/// HiFi-GAN generator with a harmonic source injected at every scale.
///
/// Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2; source after Wang et al. 2019
/// (arXiv:1904.12088).
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class NsfHifigan : public Vocoder {
 public:
  /// arithmetic: how layers that the file holds as int8 compute, except the first and the last.
  NsfHifigan(const core::Scope& scope, const core::VocoderConfig& config,
             const core::AudioConfig& audio, nn::Arithmetic arithmetic = nn::Arithmetic::kInt8);

  /// How the residual blocks of a scale compute if `asked` is for the whole: in int8 with few
  /// channels, by tiles of the rows of a mel frame.
  static nn::Arithmetic block_arithmetic(nn::Arithmetic asked, int64_t channels,
                                         int64_t frame_rows);

  /// As Vocoder says; F0 is held over each frame.
  double integrate_frame(const dsp::FrameF0& f0, double start, float* phase) const override;

  /// As Vocoder says; no scale computes more rows of the margins than the wanted samples need.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0, ggml_tensor* phase,
                       ggml_tensor* noise, const Margins& margins) const override;

 private:
  core::AudioConfig audio_;
  HarmonicSource harmonic_source_;
  nn::Conv1d conv_pre_;
  std::vector<nn::ConvTranspose1d> ups_;
  std::vector<nn::Conv1d> source_convs_;
  std::vector<MRFBlock> mrf_blocks_;
  nn::Conv1d conv_post_;
  std::vector<Scale> scales_;
};

}  // namespace muspeaker::model
