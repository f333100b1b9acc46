#include "core/config.h"

#include <cmath>
#include <map>
#include <variant>

#include "core/error.h"
#include "core/header.h"

namespace muspeaker::core {
namespace {

constexpr const char* kPrefix = "muspeaker.";

// Bounds that any sensible model is far within; they keep absurd headers from asking for the memory
// of the machine before the first tensor is compared.
constexpr int64_t kMaxWidth = 16384;
constexpr int64_t kMaxDepth = 64;
constexpr int64_t kMaxKernel = 255;
constexpr int64_t kMostPasses = 8;
constexpr int64_t kSpectralOverlap = 4;  // hops in a window
constexpr int64_t kMaxSymbols = 65536;
constexpr int64_t kNumMoments = 2;  // mean and standard deviation

/// Fetches typed values and says which key is at fault.
class HeaderReader {
 public:
  explicit HeaderReader(const gguf_context* header) : values_(header_values(header, kPrefix)) {}

  [[noreturn]] static void fail(const std::string& key, const std::string& what) {
    throw ModelFileError("header value " + (kPrefix + key) + " " + what);
  }

  static void require(bool condition, const std::string& key, const std::string& what) {
    if (!condition) {
      fail(key, what);
    }
  }

  /// Whether a value, or any value of a part, is there.
  [[nodiscard]] bool has(const std::string& part) const {
    const auto found = values_.lower_bound(part + ".");
    return values_.count(part) > 0 ||
           (found != values_.end() && found->first.compare(0, part.size() + 1, part + ".") == 0);
  }

  template <typename T>
  [[nodiscard]] const T& value(const std::string& key, const char* type_name) const {
    const auto found = values_.find(key);
    require(found != values_.end(), key, "is missing");
    const T* typed = std::get_if<T>(&found->second);
    require(typed != nullptr, key, std::string("is not ") + type_name);
    return *typed;
  }

  [[nodiscard]] int64_t integer(const std::string& key, int64_t low, int64_t high) const {
    const auto number = value<int64_t>(key, "an integer");
    require_range(key, number, low, high);
    return number;
  }

  [[nodiscard]] float real(const std::string& key, double low, double high) const {
    const auto number = value<double>(key, "a float");
    require(std::isfinite(number) && number >= low && number <= high, key,
            "is " + std::to_string(number) + ", expected " + std::to_string(low) + " to " +
                std::to_string(high));
    return static_cast<float>(number);
  }

  [[nodiscard]] std::vector<int64_t> integers(const std::string& key, int64_t low,
                                              int64_t high) const {
    const auto& numbers = value<std::vector<int64_t>>(key, "an array of integers");
    require_range(key + " (its length)", static_cast<int64_t>(numbers.size()), 1, kMaxDepth);
    for (const int64_t number : numbers) {
      require_range(key, number, low, high);
    }
    return numbers;
  }

  [[nodiscard]] std::vector<std::string> strings(const std::string& key) const {
    const auto& texts = value<std::vector<std::string>>(key, "an array of strings");
    require_range(key + " (its length)", static_cast<int64_t>(texts.size()), 1, kMaxSymbols);
    return texts;
  }

 private:
  static void require_range(const std::string& key, int64_t number, int64_t low, int64_t high) {
    require(number >= low && number <= high, key,
            "is " + std::to_string(number) + ", expected " + std::to_string(low) + " to " +
                std::to_string(high));
  }

  std::map<std::string, HeaderValue> values_;
};

void require_odd(const std::string& key, int64_t kernel) {
  HeaderReader::require(kernel % 2 == 1, key, "is " + std::to_string(kernel) + ", expected odd");
}

void require_heads(const std::string& part, int64_t hidden, int64_t num_heads) {
  HeaderReader::require(hidden % num_heads == 0, part + ".num_heads",
                        "is " + std::to_string(num_heads) + ", which does not divide hidden " +
                            std::to_string(hidden));
}

/// Whether dsp::RealFft takes that length.
bool has_small_factors(int64_t samples) {
  int64_t remaining = samples / 2;
  for (const int64_t factor : {2, 3, 5}) {
    while (remaining > 1 && remaining % factor == 0) {
      remaining /= factor;
    }
  }
  return samples % 2 == 0 && remaining == 1;
}

AudioConfig read_audio(const HeaderReader& in) {
  AudioConfig config;
  config.sample_rate = in.integer("audio.sample_rate", 8000, 192000);
  config.hop_samples = in.integer("audio.hop_samples", 1, kMaxWidth);
  config.window_samples = in.integer("audio.window_samples", 2, kMaxWidth);
  config.fft_samples = in.integer("audio.fft_samples", 2, kMaxWidth);
  config.num_mels = in.integer("audio.num_mels", 1, kMaxWidth);
  const double nyquist_hz = static_cast<double>(config.sample_rate) / 2;
  config.mel_low_hz = in.real("audio.mel_low_hz", 0, nyquist_hz);
  config.mel_high_hz = in.real("audio.mel_high_hz", config.mel_low_hz + 1, nyquist_hz);
  config.mel_floor = in.real("audio.mel_floor", 1e-30, 1);
  HeaderReader::require(
      has_small_factors(config.fft_samples), "audio.fft_samples",
      "is " + std::to_string(config.fft_samples) + ", expected an even product of 2, 3 and 5");
  HeaderReader::require(
      config.window_samples <= config.fft_samples && config.hop_samples <= config.window_samples,
      "audio.window_samples",
      "is " + std::to_string(config.window_samples) + ", expected hop_samples to fft_samples");
  return config;
}

LinguisticEncoderConfig read_linguistic_encoder(const HeaderReader& in) {
  const std::string part = "linguistic_encoder";
  LinguisticEncoderConfig config;
  config.num_phones = in.integer(part + ".num_phones", 1, kMaxSymbols);
  config.num_stresses = in.integer(part + ".num_stresses", 1, kMaxSymbols);
  config.num_boundaries = in.integer(part + ".num_boundaries", 1, kMaxSymbols);
  config.hidden = in.integer(part + ".hidden", 1, kMaxWidth);
  config.num_layers = in.integer(part + ".num_layers", 1, kMaxDepth);
  config.num_heads = in.integer(part + ".num_heads", 1, kMaxWidth);
  config.ffn_hidden = in.integer(part + ".ffn_hidden", 1, kMaxWidth);
  config.ffn_kernel = in.integer(part + ".ffn_kernel", 1, kMaxKernel);
  config.relative_window = in.integer(part + ".relative_window", 1, kMaxWidth);
  require_heads(part, config.hidden, config.num_heads);
  require_odd(part + ".ffn_kernel", config.ffn_kernel);
  return config;
}

MelEncoderConfig read_mel_encoder(const HeaderReader& in) {
  MelEncoderConfig config;
  config.channels = in.integers("mel_encoder.channels", 1, kMaxWidth);
  config.latent = in.integer("mel_encoder.latent", 1, kMaxWidth);
  return config;
}

VPFlowConfig read_vp_flow(const HeaderReader& in) {
  VPFlowConfig config;
  config.hidden = in.integer("vp_flow.hidden", 1, kMaxWidth);
  config.num_layers = in.integer("vp_flow.num_layers", 1, kMaxDepth);
  config.kernel = in.integer("vp_flow.kernel", 1, kMaxKernel);
  require_odd("vp_flow.kernel", config.kernel);
  return config;
}

StyleEncoderConfig read_style_encoder(const HeaderReader& in) {
  StyleEncoderConfig config;
  config.hidden = in.integer("style_encoder.hidden", 1, kMaxWidth);
  config.num_blocks = in.integer("style_encoder.num_blocks", 1, kMaxDepth);
  config.kernel = in.integer("style_encoder.kernel", 1, kMaxKernel);
  require_odd("style_encoder.kernel", config.kernel);
  return config;
}

TimbreEncoderConfig read_timbre_encoder(const HeaderReader& in) {
  TimbreEncoderConfig config;
  config.num_fbanks = in.integer("timbre_encoder.num_fbanks", 8, kMaxWidth);
  config.channels = in.integer("timbre_encoder.channels", 1, kMaxWidth);
  config.base_width = in.integer("timbre_encoder.base_width", 1, kMaxWidth);
  config.expansion = in.integer("timbre_encoder.expansion", 1, kMaxDepth);
  config.num_blocks = in.integers("timbre_encoder.num_blocks", 1, kMaxDepth);
  config.embedding = in.integer("timbre_encoder.embedding", 1, kMaxWidth);
  HeaderReader::require(config.num_blocks.size() == 4, "timbre_encoder.num_blocks",
                        "has " + std::to_string(config.num_blocks.size()) + " entries, expected 4");
  HeaderReader::require(config.channels * config.base_width >= 64, "timbre_encoder.base_width",
                        "is " + std::to_string(config.base_width) + ", too small for " +
                            std::to_string(config.channels) + " channels");
  return config;
}

VariationAdapterConfig read_variation_adapter(const HeaderReader& in) {
  const std::string part = "variation_adapter";
  VariationAdapterConfig config;
  config.hidden = in.integer(part + ".hidden", 1, kMaxWidth);
  config.kernel = in.integer(part + ".kernel", 1, kMaxKernel);
  config.num_layers = in.integer(part + ".num_layers", 1, kMaxDepth);
  config.num_heads = in.integer(part + ".num_heads", 1, kMaxWidth);
  config.embedding_kernel = in.integer(part + ".embedding_kernel", 1, kMaxKernel);
  config.log_f0_mean = in.real(part + ".log_f0_mean", -20, 20);
  config.log_f0_std = in.real(part + ".log_f0_std", 1e-6, 20);
  config.log_energy_mean = in.real(part + ".log_energy_mean", -100, 100);
  config.log_energy_std = in.real(part + ".log_energy_std", 1e-6, 100);
  require_heads(part, config.hidden, config.num_heads);
  require_odd(part + ".kernel", config.kernel);
  require_odd(part + ".embedding_kernel", config.embedding_kernel);
  return config;
}

MelDecoderConfig read_mel_decoder(const HeaderReader& in) {
  MelDecoderConfig config;
  config.channels = in.integer("mel_decoder.channels", 1, kMaxWidth);
  config.num_blocks = in.integer("mel_decoder.num_blocks", 1, kMaxDepth);
  config.kernel = in.integer("mel_decoder.kernel", 1, kMaxKernel);
  config.timbre = in.integer("mel_decoder.timbre", 1, kMaxWidth);
  if (in.has("mel_decoder.prompt_moments")) {
    config.prompt_moments = in.integer("mel_decoder.prompt_moments", 0, kNumMoments);
    HeaderReader::require(config.prompt_moments != 1, "mel_decoder.prompt_moments",
                          "is 1, expected 0 or 2");
  }
  require_odd("mel_decoder.kernel", config.kernel);
  return config;
}

void check_nsf_hifigan(const VocoderConfig& config, const AudioConfig& audio) {
  const size_t num_scales = config.upsample_rates.size();
  HeaderReader::require(config.upsample_kernels.size() == num_scales, "vocoder.upsample_kernels",
                        "has " + std::to_string(config.upsample_kernels.size()) +
                            " entries, expected " + std::to_string(num_scales));
  int64_t product = 1;
  for (size_t i = 0; i < num_scales; ++i) {
    const int64_t rate = config.upsample_rates[i];
    product = product > audio.hop_samples ? product : product * rate;
    const int64_t extra = config.upsample_kernels[i] - rate;
    HeaderReader::require(extra >= 0 && extra % 2 == 0, "vocoder.upsample_kernels",
                          "has " + std::to_string(config.upsample_kernels[i]) + " for a rate of " +
                              std::to_string(rate) + ", expected the rate plus an even number");
  }
  HeaderReader::require(
      product == audio.hop_samples, "vocoder.upsample_rates",
      "do not multiply to hop_samples, which is " + std::to_string(audio.hop_samples));
  HeaderReader::require(config.initial_channels % (int64_t{1} << num_scales) == 0,
                        "vocoder.initial_channels",
                        "is " + std::to_string(config.initial_channels) +
                            ", which cannot be halved " + std::to_string(num_scales) + " times");
  for (const int64_t kernel : config.resblock_kernels) {
    require_odd("vocoder.resblock_kernels", kernel);
  }
}

void check_spectral(const VocoderConfig& config, const AudioConfig& audio) {
  require_odd("vocoder.kernel", config.kernel);
  HeaderReader::require(audio.window_samples == audio.fft_samples &&
                            audio.window_samples == kSpectralOverlap * audio.hop_samples,
                        "audio.window_samples",
                        "is " + std::to_string(audio.window_samples) +
                            ", but a spectral vocoder needs windows of fft_samples and four hops");
}

VocoderConfig read_vocoder(const HeaderReader& in, const AudioConfig& audio) {
  VocoderConfig config;
  config.kind = in.has("vocoder.kind") ? in.value<std::string>("vocoder.kind", "a string")
                                       : std::string("nsf_hifigan");
  if (config.kind == "spectral") {
    config.channels = in.integer("vocoder.channels", 1, kMaxWidth);
    config.hidden = in.integer("vocoder.hidden", 1, kMaxWidth);
    config.num_blocks = in.integer("vocoder.num_blocks", 1, kMaxDepth);
    config.kernel = in.integer("vocoder.kernel", 1, kMaxKernel);
  }
  config.initial_channels = in.integer("vocoder.initial_channels", 1, kMaxWidth);
  config.upsample_rates = in.integers("vocoder.upsample_rates", 1, kMaxWidth);
  config.upsample_kernels = in.integers("vocoder.upsample_kernels", 1, kMaxWidth);
  config.resblock_kernels = in.integers("vocoder.resblock_kernels", 1, kMaxKernel);
  config.resblock_dilations = in.integers("vocoder.resblock_dilations", 1, kMaxKernel);
  config.num_overtones = in.integer("vocoder.num_overtones", 0, kMaxKernel);
  config.sine_amplitude = in.real("vocoder.sine_amplitude", 0, 1);
  config.noise_std = in.real("vocoder.noise_std", 0, 1);
  if (in.has("vocoder.mel_correction")) {
    config.mel_correction = in.real("vocoder.mel_correction", 0, 1);
  }
  if (in.has("vocoder.correction_passes")) {
    config.correction_passes = in.integer("vocoder.correction_passes", 0, kMostPasses);
  }
  if (config.kind == "spectral") {
    check_spectral(config, audio);
  } else {
    check_nsf_hifigan(config, audio);
  }
  return config;
}

AlignerConfig read_aligner(const HeaderReader& in, int64_t num_mels, int64_t num_phones) {
  AlignerConfig config;
  config.num_cepstra = in.integer("aligner.num_cepstra", 1, num_mels);
  config.hidden = in.integer("aligner.hidden", 1, kMaxWidth);
  config.kernel = in.integer("aligner.kernel", 1, kMaxKernel);
  config.num_pauses = in.integer("aligner.num_pauses", 1, num_phones);
  require_odd("aligner.kernel", config.kernel);
  return config;
}

PhoneClassifierConfig read_phone_classifier(const HeaderReader& in, int64_t num_mels,
                                            int64_t num_phones) {
  PhoneClassifierConfig config;
  config.hidden = in.integer("phone_classifier.hidden", 1, kMaxWidth);
  config.kernel = in.integer("phone_classifier.kernel", 1, kMaxKernel);
  config.dilations = in.integers("phone_classifier.dilations", 1, kMaxKernel);
  config.num_pauses = in.integer("phone_classifier.num_pauses", 1, num_phones);
  config.map_cepstra = in.integer("phone_classifier.map_cepstra", 0, num_mels);
  require_odd("phone_classifier.kernel", config.kernel);
  return config;
}

void check_version(const HeaderReader& in, const gguf_context* header) {
  const auto general = header_values(header, "general.architecture");
  const auto found = general.find("");
  const auto* name = found == general.end() ? nullptr : std::get_if<std::string>(&found->second);
  require_model(
      name != nullptr && *name == "muspeaker",
      "not a muspeaker model: general.architecture is " + (name == nullptr ? "missing" : *name));
  const auto version = in.value<int64_t>("format_version", "an integer");
  require_model(version <= kFormatVersion,
                "the model file has format version " + std::to_string(version) +
                    ", newer than this build reads (" + std::to_string(kFormatVersion) +
                    "): a newer muspeaker is needed");
  HeaderReader::require(version >= 1, "format_version", "is " + std::to_string(version));
}

}  // namespace

ModelConfig read_config(const gguf_context* header) {
  const HeaderReader in(header);
  check_version(in, header);
  ModelConfig config;
  config.name = in.value<std::string>("name", "a string");
  config.symbols = in.strings("symbols");
  config.languages = in.strings("languages");
  config.weight_type = in.value<std::string>("weight_type", "a string");
  config.fingerprint = in.value<std::string>("fingerprint", "a string");
  HeaderReader::require(
      config.weight_type == "f32" || config.weight_type == "f16" || config.weight_type == "q8",
      "weight_type", "is " + config.weight_type + ", expected f32, f16 or q8");
  config.audio = read_audio(in);
  config.linguistic_encoder = read_linguistic_encoder(in);
  config.mel_encoder = read_mel_encoder(in);
  config.vp_flow = read_vp_flow(in);
  config.style_encoder = read_style_encoder(in);
  config.timbre_encoder = read_timbre_encoder(in);
  config.variation_adapter = read_variation_adapter(in);
  config.mel_decoder = read_mel_decoder(in);
  config.vocoder = read_vocoder(in, config.audio);
  const int64_t num_phones = config.linguistic_encoder.num_phones;
  if (in.has("aligner")) {
    config.aligner = read_aligner(in, config.audio.num_mels, num_phones);
  }
  if (in.has("phone_classifier")) {
    config.phone_classifier = read_phone_classifier(in, config.audio.num_mels, num_phones);
  }
  const auto num_symbols = static_cast<int64_t>(config.symbols.size());
  HeaderReader::require(
      num_symbols == config.linguistic_encoder.num_phones, "linguistic_encoder.num_phones",
      "is " + std::to_string(config.linguistic_encoder.num_phones) +
          ", expected one for each of the " + std::to_string(num_symbols) + " symbols");
  return config;
}

}  // namespace muspeaker::core
