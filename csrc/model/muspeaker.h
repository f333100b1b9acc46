#pragma once

#include <ggml.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "core/config.h"
#include "core/weights.h"
#include "model/aligner.h"
#include "model/linguistic_encoder.h"
#include "model/mel_decoder.h"
#include "model/mel_encoder.h"
#include "model/phone_classifier.h"
#include "model/style_encoder.h"
#include "model/timbre_encoder.h"
#include "model/variation_adapter.h"
#include "model/vocoder.h"
#include "model/vp_flow.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// Every part of the system; engine::Synthesizer and engine::Cloner wire them.
///
/// Source: Chen et al. 2025 (arXiv:2501.08566), Section 2.
/// Throws ModelFileError from the constructor if a tensor is absent, misshapen or not known.
class MuSpeaker {
 public:
  /// The file must outlive the model.
  MuSpeaker(core::WeightFile& file, const core::ModelConfig& config);

  /// noise: (1, tokens, latent) float32. Returns e_con, (1, tokens, hidden).
  ggml_tensor* encode_content(ggml_context* graph, const TokenIds& ids, ggml_tensor* noise) const;

  /// The same for a recording: mel and durations as in MelEncoder, e_mel the posterior's mean.
  ggml_tensor* encode_recording(ggml_context* graph, const TokenIds& ids, ggml_tensor* mel,
                                ggml_tensor* durations) const;

  /// e_lat: (1, frames, hidden) float32; timbre: (1, timbre_size) float32.
  /// Returns (1, mels, frames), natural-log mel. With a decoder in place of the model's own.
  ggml_tensor* decode_mel(ggml_context* graph, ggml_tensor* e_lat, ggml_tensor* timbre,
                          const MelDecoder* other = nullptr) const;

  [[nodiscard]] const core::ModelConfig& config() const { return config_; }
  [[nodiscard]] const MelEncoder& mel_encoder() const { return mel_encoder_; }
  [[nodiscard]] const StyleEncoder& style_encoder() const { return style_encoder_; }
  [[nodiscard]] const TimbreEncoder& timbre_encoder() const { return timbre_encoder_; }
  [[nodiscard]] const VariationAdapter& variation_adapter() const { return variation_adapter_; }
  [[nodiscard]] const nn::Linear& timbre_projection() const { return timbre_projection_; }
  [[nodiscard]] const Vocoder& vocoder() const { return *vocoder_; }
  [[nodiscard]] const std::optional<Aligner>& aligner() const { return aligner_; }
  [[nodiscard]] const std::optional<PhoneClassifier>& phone_classifier() const {
    return phone_classifier_;
  }

 private:
  core::ModelConfig config_;
  LinguisticEncoder linguistic_encoder_;
  MelEncoder mel_encoder_;
  VPFlow vp_flow_;
  nn::Linear fusion_;
  StyleEncoder style_encoder_;
  TimbreEncoder timbre_encoder_;
  nn::Linear timbre_projection_;
  VariationAdapter variation_adapter_;
  MelDecoder mel_decoder_;
  std::unique_ptr<const Vocoder> vocoder_;
  std::optional<Aligner> aligner_;
  std::optional<PhoneClassifier> phone_classifier_;
};

}  // namespace muspeaker::model
