#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "model/harmonic_source.h"
#include "model/mrf_block.h"
#include "nn/conv1d.h"
#include "nn/conv_transpose1d.h"

namespace muspeaker::model {

/// Frames at either end of a chunk that are there as context: their samples are not wanted.
struct Margins {
  int64_t before = 0;
  int64_t after = 0;
};

/// HiFi-GAN generator with a harmonic source injected at every scale.
///
/// Twin of muspeaker.twin.model.vocoder.Vocoder, member for member.
/// Source: Kong et al. 2020 (arXiv:2010.05646), Section 2.2; source after Wang et al. 2019
/// (arXiv:1904.12088).
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class Vocoder {
 public:
  /// arithmetic: how layers that the file holds as int8 compute, the first and the last apart.
  Vocoder(const core::Scope& scope, const core::VocoderConfig& config,
          const core::AudioConfig& audio, nn::Arithmetic arithmetic = nn::Arithmetic::kInt8);

  /// How the residual blocks of a scale compute where `asked` is for the whole: in int8 with few
  /// channels, by tiles of the rows of a mel frame.
  static nn::Arithmetic block_arithmetic(nn::Arithmetic asked, int64_t channels,
                                         int64_t frame_rows);

  /// mel: (1, mels, frames) float32, natural-log mel, channels contiguous in memory; f0: (1,
  /// frames) in Hz, 0 where unvoiced; phase: (1, samples) of the fundamental, in cycles; noise: (1,
  /// samples), standard normal. Returns (1, samples) in (-1, 1), those of the margins left out: no
  /// scale computes more of them than the wanted samples depend on.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0, ggml_tensor* phase,
                       ggml_tensor* noise, const Margins& margins = {}) const;

  /// Frames that one output frame can depend on, to either side.
  [[nodiscard]] int64_t reach_frames() const { return reach_frames_; }

 private:
  /// One upsampling, and the rows that the wanted samples reach to either side.
  struct Scale {
    int64_t rate;          ///< rows out for each row in
    int64_t row_samples;   ///< samples in each row out
    int64_t input_reach;   ///< rows in
    int64_t source_reach;  ///< rows out, where the source is added
  };

  HarmonicSource harmonic_source_;
  nn::Conv1d conv_pre_;
  std::vector<nn::ConvTranspose1d> ups_;
  std::vector<nn::Conv1d> source_convs_;
  std::vector<MRFBlock> mrf_blocks_;
  nn::Conv1d conv_post_;
  int64_t hop_samples_;
  int64_t reach_frames_;
  std::vector<Scale> scales_;
};

}  // namespace muspeaker::model
