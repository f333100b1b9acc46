#pragma once

#include <ggml.h>
#include <gguf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace muspeaker::test {

/// Whole-file reads and writes, in the test's temporary folder.
inline std::string temporary_path(const std::string& name) {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string file = std::string(info->test_suite_name()) + "_" + info->name() + "_" + name;
  std::replace(file.begin(), file.end(), '/', '_');  // as tests with parameters have in their names
  return ::testing::TempDir() + file;
}

inline std::vector<char> read_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, const std::vector<char>& bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// A small GGUF file that is put together value by value.
class ModelFileWriter {
 public:
  ModelFileWriter()
      : header_(gguf_init_empty()), context_(ggml_init({kMemoryBytes, nullptr, false})) {}
  ~ModelFileWriter() {
    gguf_free(header_);
    ggml_free(context_);
  }
  ModelFileWriter(const ModelFileWriter&) = delete;
  ModelFileWriter& operator=(const ModelFileWriter&) = delete;

  gguf_context* header() { return header_; }

  void integer(const std::string& key, uint32_t value) {
    gguf_set_val_u32(header_, key.c_str(), value);
  }
  void real(const std::string& key, float value) { gguf_set_val_f32(header_, key.c_str(), value); }
  void text(const std::string& key, const std::string& value) {
    gguf_set_val_str(header_, key.c_str(), value.c_str());
  }
  void integers(const std::string& key, const std::vector<uint32_t>& values) {
    gguf_set_arr_data(header_, key.c_str(), GGUF_TYPE_UINT32, values.data(), values.size());
  }
  void texts(const std::string& key, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) {
      pointers.push_back(value.c_str());
    }
    gguf_set_arr_str(header_, key.c_str(), pointers.data(), pointers.size());
  }
  void remove(const std::string& key) { gguf_remove_key(header_, key.c_str()); }

  /// value(i) gives element i, fastest axis first.
  void tensor(const std::string& name, ggml_type type, const std::vector<int64_t>& ne,
              const std::function<float(int64_t)>& value) {
    ggml_tensor* tensor = ggml_new_tensor(context_, type, static_cast<int>(ne.size()), ne.data());
    ggml_set_name(tensor, name.c_str());
    for (int64_t i = 0; i < ggml_nelements(tensor); ++i) {
      if (type == GGML_TYPE_F32) {
        static_cast<float*>(tensor->data)[i] = value(i);
      } else if (type == GGML_TYPE_F16) {
        static_cast<ggml_fp16_t*>(tensor->data)[i] = ggml_fp32_to_fp16(value(i));
      } else {
        static_cast<int8_t*>(tensor->data)[i] = static_cast<int8_t>(value(i));
      }
    }
    gguf_add_tensor(header_, tensor);
  }

  std::string write(const std::string& name = "model.gguf") {
    std::string path = temporary_path(name);
    gguf_write_to_file(header_, path.c_str(), /*only_meta=*/false);
    return path;
  }

 private:
  static constexpr size_t kMemoryBytes = size_t{4} << 20;

  gguf_context* header_;
  ggml_context* context_;
};

// The scalars of that header, without their prefix.
inline std::vector<std::pair<const char*, uint32_t>> valid_integers() {
  return {{"audio.sample_rate", 22050},
          {"audio.hop_samples", 256},
          {"audio.window_samples", 1024},
          {"audio.fft_samples", 1024},
          {"audio.num_mels", 80},
          {"linguistic_encoder.num_phones", 3},
          {"linguistic_encoder.num_stresses", 3},
          {"linguistic_encoder.num_boundaries", 3},
          {"linguistic_encoder.hidden", 8},
          {"linguistic_encoder.num_layers", 1},
          {"linguistic_encoder.num_heads", 2},
          {"linguistic_encoder.ffn_hidden", 8},
          {"linguistic_encoder.ffn_kernel", 3},
          {"linguistic_encoder.relative_window", 4},
          {"mel_encoder.latent", 4},
          {"vp_flow.hidden", 4},
          {"vp_flow.num_layers", 2},
          {"vp_flow.kernel", 3},
          {"style_encoder.hidden", 4},
          {"style_encoder.num_blocks", 1},
          {"style_encoder.kernel", 5},
          {"timbre_encoder.num_fbanks", 80},
          {"timbre_encoder.channels", 4},
          {"timbre_encoder.base_width", 32},
          {"timbre_encoder.expansion", 2},
          {"timbre_encoder.embedding", 8},
          {"variation_adapter.hidden", 4},
          {"variation_adapter.kernel", 3},
          {"variation_adapter.num_layers", 1},
          {"variation_adapter.num_heads", 2},
          {"variation_adapter.embedding_kernel", 3},
          {"mel_decoder.channels", 8},
          {"mel_decoder.num_blocks", 1},
          {"mel_decoder.kernel", 5},
          {"mel_decoder.timbre", 4},
          {"vocoder.initial_channels", 16},
          {"vocoder.num_overtones", 8}};
}

inline std::vector<std::pair<const char*, float>> valid_reals() {
  return {{"audio.mel_low_hz", 0.0F},
          {"audio.mel_high_hz", 8000.0F},
          {"audio.mel_floor", 1e-5F},
          {"variation_adapter.log_f0_mean", 5.1F},
          {"variation_adapter.log_f0_std", 0.35F},
          {"variation_adapter.log_energy_mean", 2.5F},
          {"variation_adapter.log_energy_std", 1.5F},
          {"vocoder.sine_amplitude", 0.1F},
          {"vocoder.noise_std", 0.003F}};
}

/// A complete and valid header of a very small model; tests then break one value.
inline void write_valid_header(ModelFileWriter& file) {
  file.text("general.architecture", "muspeaker");
  file.integer("muspeaker.format_version", 1);
  file.text("muspeaker.name", "tiny");
  file.texts("muspeaker.symbols", {"_", "a", "b"});
  file.texts("muspeaker.languages", {"en-us"});
  file.text("muspeaker.weight_type", "f32");
  file.text("muspeaker.fingerprint", "0123456789abcdef");
  for (const auto& [key, value] : valid_integers()) {
    file.integer(std::string("muspeaker.") + key, value);
  }
  for (const auto& [key, value] : valid_reals()) {
    file.real(std::string("muspeaker.") + key, value);
  }
  file.integers("muspeaker.mel_encoder.channels", {4, 4});
  file.integers("muspeaker.timbre_encoder.num_blocks", {1, 1, 1, 1});
  file.integers("muspeaker.vocoder.upsample_rates", {8, 8, 2, 2});
  file.integers("muspeaker.vocoder.upsample_kernels", {16, 16, 4, 4});
  file.integers("muspeaker.vocoder.resblock_kernels", {3, 7});
  file.integers("muspeaker.vocoder.resblock_dilations", {1, 3});
}

/// The message of the E that `action` throws; fails the test if it throws none.
template <typename E>
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing of the expected type was thrown";
  return "";
}

}  // namespace muspeaker::test
