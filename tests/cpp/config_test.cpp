#include "core/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/weights.h"
#include "model_file.h"

namespace muspeaker::core {
namespace {

using test::message_of;
using test::ModelFileWriter;
using test::write_valid_header;

std::string fault(const std::function<void(ModelFileWriter&)>& spoil) {
  ModelFileWriter writer;
  write_valid_header(writer);
  spoil(writer);
  const WeightFile file(writer.write());
  return message_of<ModelFileError>([&] { read_config(file.header()); });
}

TEST(Config, ReadsEveryPart) {
  ModelFileWriter writer;
  write_valid_header(writer);
  const WeightFile file(writer.write());
  const ModelConfig config = read_config(file.header());
  EXPECT_EQ(config.name, "tiny");
  EXPECT_EQ(config.weight_type, "f32");
  EXPECT_EQ(config.fingerprint, "0123456789abcdef");
  EXPECT_EQ(config.symbols, (std::vector<std::string>{"_", "a", "b"}));
  EXPECT_EQ(config.audio.hop_samples, 256);
  EXPECT_FLOAT_EQ(config.audio.mel_floor, 1e-5F);
  EXPECT_EQ(config.mel_encoder.channels, (std::vector<int64_t>{4, 4}));
  EXPECT_EQ(config.timbre_encoder.num_blocks.size(), 4U);
  EXPECT_EQ(config.vocoder.upsample_rates, (std::vector<int64_t>{8, 8, 2, 2}));
  EXPECT_FLOAT_EQ(config.variation_adapter.log_f0_std, 0.35F);
  EXPECT_EQ(config.vocoder.kind, "nsf_hifigan");   // not in every file, since it came later
  EXPECT_EQ(config.vocoder.mel_correction, 0.0F);  // likewise
  writer.real("muspeaker.vocoder.mel_correction", 0.5F);
  EXPECT_EQ(read_config(WeightFile(writer.write()).header()).vocoder.mel_correction, 0.5F);
}

TEST(Config, TakesAnAlignerWholeOrNotAtAll) {
  ModelFileWriter writer;
  write_valid_header(writer);
  EXPECT_FALSE(read_config(WeightFile(writer.write()).header()).aligner.has_value());
  const auto add = [](ModelFileWriter& file) {
    file.integer("muspeaker.aligner.num_cepstra", 16);
    file.integer("muspeaker.aligner.hidden", 8);
    file.integer("muspeaker.aligner.kernel", 3);
    file.integer("muspeaker.aligner.num_pauses", 2);
  };
  add(writer);
  const WeightFile file(writer.write());
  EXPECT_EQ(read_config(file.header()).aligner->num_cepstra, 16);
  EXPECT_EQ(fault([](auto& spoilt) { spoilt.integer("muspeaker.aligner.hidden", 8); }),
            "header value muspeaker.aligner.num_cepstra is missing");
  EXPECT_EQ(fault([&](auto& spoilt) {
              add(spoilt);
              spoilt.integer("muspeaker.aligner.num_pauses", 4);
            }),
            "header value muspeaker.aligner.num_pauses is 4, expected 1 to 3");
  EXPECT_EQ(fault([&](auto& spoilt) {
              add(spoilt);
              spoilt.integer("muspeaker.aligner.num_cepstra", 81);
            }),
            "header value muspeaker.aligner.num_cepstra is 81, expected 1 to 80");
}

TEST(Config, TakesAPhoneClassifierWholeOrNotAtAll) {
  ModelFileWriter writer;
  write_valid_header(writer);
  EXPECT_FALSE(read_config(WeightFile(writer.write()).header()).phone_classifier.has_value());
  const auto add = [](ModelFileWriter& file) {
    file.integer("muspeaker.phone_classifier.hidden", 8);
    file.integer("muspeaker.phone_classifier.kernel", 5);
    file.integers("muspeaker.phone_classifier.dilations", {1, 4});
    file.integer("muspeaker.phone_classifier.num_pauses", 2);
    file.integer("muspeaker.phone_classifier.map_cepstra", 3);
  };
  add(writer);
  const WeightFile file(writer.write());
  EXPECT_EQ(read_config(file.header()).phone_classifier->dilations, (std::vector<int64_t>{1, 4}));
  EXPECT_FALSE(read_config(file.header()).aligner.has_value());
  const ModelConfig config = read_config(file.header());
  EXPECT_EQ(config.voice_size(), config.timbre_size() + (5 * config.audio.num_mels));
  EXPECT_EQ(fault([&](auto& spoilt) {
              add(spoilt);
              spoilt.integer("muspeaker.phone_classifier.map_cepstra", 1000);
            }),
            "header value muspeaker.phone_classifier.map_cepstra is 1000, expected 0 to " +
                std::to_string(config.audio.num_mels));
  EXPECT_EQ(fault([](auto& spoilt) { spoilt.integer("muspeaker.phone_classifier.kernel", 5); }),
            "header value muspeaker.phone_classifier.hidden is missing");
  EXPECT_EQ(fault([&](auto& spoilt) {
              add(spoilt);
              spoilt.integer("muspeaker.phone_classifier.kernel", 4);
            }),
            "header value muspeaker.phone_classifier.kernel is 4, expected odd");
  EXPECT_EQ(fault([&](auto& spoilt) {
              add(spoilt);
              spoilt.integers("muspeaker.phone_classifier.dilations", {0});
            }),
            "header value muspeaker.phone_classifier.dilations is 0, expected 1 to 255");
  EXPECT_EQ(fault([&](auto& spoilt) {
              add(spoilt);
              spoilt.integer("muspeaker.phone_classifier.num_pauses", 4);
            }),
            "header value muspeaker.phone_classifier.num_pauses is 4, expected 1 to 3");
}

TEST(Config, NamesWhatIsMissing) {
  EXPECT_EQ(fault([](auto& file) { file.remove("muspeaker.vp_flow.kernel"); }),
            "header value muspeaker.vp_flow.kernel is missing");
  EXPECT_EQ(fault([](auto& file) { file.remove("muspeaker.symbols"); }),
            "header value muspeaker.symbols is missing");
}

TEST(Config, NamesWhatHasAnotherType) {
  EXPECT_EQ(fault([](auto& file) { file.text("muspeaker.audio.sample_rate", "22050"); }),
            "header value muspeaker.audio.sample_rate is not an integer");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.audio.mel_floor", 1); }),
            "header value muspeaker.audio.mel_floor is not a float");
  EXPECT_EQ(fault([](auto& file) { file.integers("muspeaker.languages", {1}); }),
            "header value muspeaker.languages is not an array of strings");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.mel_encoder.channels", 4); }),
            "header value muspeaker.mel_encoder.channels is not an array of integers");
}

TEST(Config, RefusesAbsurdValues) {
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.mel_decoder.channels", 0); }),
            "header value muspeaker.mel_decoder.channels is 0, expected 1 to 16384");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.vp_flow.num_layers", 4000000000U); }),
            "header value muspeaker.vp_flow.num_layers is 4000000000, expected 1 to 64");
  EXPECT_NE(
      fault([](auto& file) { file.real("muspeaker.audio.mel_floor", NAN); }).find("mel_floor"),
      std::string::npos);
  EXPECT_NE(fault([](auto& file) {
              file.integers("muspeaker.mel_encoder.channels", std::vector<uint32_t>(65, 4));
            }).find("(its length) is 65"),
            std::string::npos);
}

TEST(Config, RefusesValuesAtOddsWithEachOther) {
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.linguistic_encoder.num_heads", 3); }),
            "header value muspeaker.linguistic_encoder.num_heads is 3, which does not divide "
            "hidden 8");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.audio.hop_samples", 128); }),
            "header value muspeaker.vocoder.upsample_rates do not multiply to hop_samples, which "
            "is 128");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.linguistic_encoder.num_phones", 4); }),
            "header value muspeaker.linguistic_encoder.num_phones is 4, expected one for each of "
            "the 3 symbols");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.vp_flow.kernel", 4); }),
            "header value muspeaker.vp_flow.kernel is 4, expected odd");
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.audio.fft_samples", 1022); }),
            "header value muspeaker.audio.fft_samples is 1022, expected an even product of 2, 3 "
            "and 5");
  EXPECT_EQ(fault([](auto& file) { file.text("muspeaker.weight_type", "q2"); }),
            "header value muspeaker.weight_type is q2, expected f32, f16 or q8");
}

TEST(Config, SaysThatAFileIsNewer) {
  EXPECT_EQ(fault([](auto& file) { file.integer("muspeaker.format_version", 3); }),
            "the model file has format version 3, newer than this build reads (2): a newer "
            "muspeaker is needed");
}

TEST(Config, SaysThatAFileIsAnotherModels) {
  EXPECT_EQ(fault([](auto& file) { file.text("general.architecture", "llama"); }),
            "not a muspeaker model: general.architecture is llama");
  EXPECT_EQ(fault([](auto& file) { file.remove("general.architecture"); }),
            "not a muspeaker model: general.architecture is missing");
}

}  // namespace
}  // namespace muspeaker::core
