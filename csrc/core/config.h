#pragma once

#include <gguf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muspeaker::core {

/// The newest header this build reads; muspeaker.config.FORMAT_VERSION in Python.
constexpr int64_t kFormatVersion = 2;

// The structs mirror python/muspeaker/config.py field by field, and a test compares the names. What
// each size means is written there. Values come from the file's header and nowhere else.

struct AudioConfig {
  int64_t sample_rate = 0;
  int64_t hop_samples = 0;
  int64_t window_samples = 0;
  int64_t fft_samples = 0;
  int64_t num_mels = 0;
  float mel_low_hz = 0;
  float mel_high_hz = 0;
  float mel_floor = 0;
};

struct LinguisticEncoderConfig {
  int64_t num_phones = 0;
  int64_t num_stresses = 0;
  int64_t num_boundaries = 0;
  int64_t hidden = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t ffn_hidden = 0;
  int64_t ffn_kernel = 0;
  int64_t relative_window = 0;
};

struct MelEncoderConfig {
  std::vector<int64_t> channels;
  int64_t latent = 0;
};

struct VPFlowConfig {
  int64_t hidden = 0;
  int64_t num_layers = 0;
  int64_t kernel = 0;
};

struct StyleEncoderConfig {
  int64_t hidden = 0;
  int64_t num_blocks = 0;
  int64_t kernel = 0;
};

struct TimbreEncoderConfig {
  int64_t num_fbanks = 0;
  int64_t channels = 0;
  int64_t base_width = 0;
  int64_t expansion = 0;
  std::vector<int64_t> num_blocks;
  int64_t embedding = 0;
};

struct VariationAdapterConfig {
  int64_t hidden = 0;
  int64_t kernel = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t embedding_kernel = 0;
  float log_f0_mean = 0;
  float log_f0_std = 0;
  float log_energy_mean = 0;
  float log_energy_std = 0;
};

struct MelDecoderConfig {
  int64_t channels = 0;
  int64_t num_blocks = 0;
  int64_t kernel = 0;
  int64_t timbre = 0;
  int64_t prompt_moments = 0;  // absent from the first files, which have none
};

struct VocoderConfig {
  std::string kind;      // absent from older files, which have nsf_hifigan
  int64_t channels = 0;  // this and the next three: those of spectral, absent from older files
  int64_t hidden = 0;
  int64_t num_blocks = 0;
  int64_t kernel = 0;
  int64_t initial_channels = 0;  // from here on those of nsf_hifigan
  std::vector<int64_t> upsample_rates;
  std::vector<int64_t> upsample_kernels;
  std::vector<int64_t> resblock_kernels;
  std::vector<int64_t> resblock_dilations;
  int64_t num_overtones = 0;
  float sine_amplitude = 0;
  float noise_std = 0;
  float mel_correction = 0;       // absent from the first files, which have none
  int64_t correction_passes = 1;  // absent from older files, which have one
};

struct AlignerConfig {
  int64_t num_cepstra = 0;
  int64_t hidden = 0;
  int64_t kernel = 0;
  int64_t num_pauses = 0;
};

struct PhoneClassifierConfig {
  int64_t hidden = 0;
  int64_t kernel = 0;
  std::vector<int64_t> dilations;
  int64_t num_pauses = 0;
  int64_t map_cepstra = 0;
};

struct ModelConfig {
  std::string name;
  std::vector<std::string> symbols;
  std::vector<std::string> languages;
  AudioConfig audio;
  LinguisticEncoderConfig linguistic_encoder;
  MelEncoderConfig mel_encoder;
  VPFlowConfig vp_flow;
  StyleEncoderConfig style_encoder;
  TimbreEncoderConfig timbre_encoder;
  VariationAdapterConfig variation_adapter;
  MelDecoderConfig mel_decoder;
  VocoderConfig vocoder;
  std::optional<AlignerConfig> aligner;                   // there if the header has any field of it
  std::optional<PhoneClassifierConfig> phone_classifier;  // likewise

  // What only the file says: how the weights are stored, and a hash of what they were.
  std::string weight_type;
  std::string fingerprint;

  /// Values that e_tim is projected from: the speaker embedding, and the moments of the prompt's
  /// mel.
  [[nodiscard]] int64_t timbre_size() const {
    return timbre_encoder.embedding + (mel_decoder.prompt_moments * audio.num_mels);
  }

  /// Cepstra of a voice's spectral map; 0 if voices have none.
  [[nodiscard]] int64_t map_cepstra() const {
    return phone_classifier ? phone_classifier->map_cepstra : 0;
  }

  /// Length of a voice's vector: those values, and its spectral map if it has one.
  [[nodiscard]] int64_t voice_size() const {
    const int64_t cepstra = map_cepstra();
    return timbre_size() + (cepstra > 0 ? audio.num_mels * (2 + cepstra) : 0);
  }
};

/// Reads every field from `muspeaker.<part>.<field>`.
/// Throws ModelFileError naming the key if the file is not a muspeaker model, is newer than
/// kFormatVersion, or a value is missing, of another type, out of range or at odds with another.
ModelConfig read_config(const gguf_context* header);

}  // namespace muspeaker::core
