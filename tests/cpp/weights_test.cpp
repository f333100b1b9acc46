#include "core/weights.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/crc32.h"
#include "core/error.h"
#include "core/header.h"
#include "model_file.h"

namespace muspeaker::core {
namespace {

using test::message_of;
using test::ModelFileWriter;
using test::write_bytes;

float ramp(int64_t i) {
  return static_cast<float>(i % 100) - 50.0F;
}

std::string open_fault(const std::string& path) {
  return message_of<ModelFileError>([&] { const WeightFile file(path); });
}

const float* floats(const ggml_tensor* tensor) {
  return static_cast<const float*>(tensor->data);
}

TEST(Weights, ClaimsByScope) {
  ModelFileWriter writer;
  writer.tensor("blocks.2.conv.weight", GGML_TYPE_F32, {4, 3, 5}, ramp);
  writer.tensor("blocks.2.conv.bias", GGML_TYPE_F32, {3}, ramp);
  WeightFile file(writer.write());
  const Scope scope = file.root() / "blocks" / 2 / "conv";
  EXPECT_EQ(scope.path(), "blocks.2.conv");
  const ggml_tensor* weight = scope.tensor("weight", {4, 3, 5});
  EXPECT_EQ(floats(weight)[7], ramp(7));
  EXPECT_EQ(scope.tensor("weight", {4, 3, 5}), weight);
  EXPECT_EQ(message_of<ModelFileError>([&] {
              file.require_all_claimed();
            }).find("has 1 tensors that the model does not know: blocks.2.conv.bias") ==
                std::string::npos,
            false);
  EXPECT_EQ(floats(scope.tensor("bias", {3}))[2], ramp(2));
  file.require_all_claimed();
  EXPECT_EQ(file.num_parameters(), 63);
}

TEST(Weights, NamesMissingAndMisshapenTensors) {
  ModelFileWriter writer;
  writer.tensor("a.weight", GGML_TYPE_F32, {4, 3}, ramp);
  const std::string path = writer.write();
  WeightFile file(path);
  const Scope scope = file.root() / "a";
  EXPECT_EQ(message_of<ModelFileError>([&] { (void)scope.tensor("bias", {3}); }),
            "model file " + path + " has no tensor a.bias, expected shape (3)");
  EXPECT_EQ(message_of<ModelFileError>([&] { (void)scope.tensor("weight", {3, 4}); }),
            "tensor a.weight of model file " + path + " has shape (4, 3), expected (3, 4)");
  EXPECT_EQ(message_of<ModelFileError>([&] { (void)scope.tensor("weight", {4}); }),
            "tensor a.weight of model file " + path + " has shape (4, 3), expected (4)");
}

TEST(Weights, ExpandsF16) {
  ModelFileWriter writer;
  writer.tensor("w", GGML_TYPE_F16, {8, 5}, ramp);
  WeightFile file(writer.write());
  const ggml_tensor* weight = file.root().tensor("w", {8, 5});
  ASSERT_EQ(weight->type, GGML_TYPE_F32);
  for (int64_t i = 0; i < 40; ++i) {
    EXPECT_EQ(floats(weight)[i], ramp(i));
  }
  EXPECT_EQ(file.root().stored("w", {8, 5}).values->type, GGML_TYPE_F16);
}

TEST(Weights, ExpandsInt8ByOutputChannel) {
  ModelFileWriter writer;
  const auto scale = [](int64_t i) { return 0.5F * static_cast<float>(i + 1); };
  writer.tensor("conv1d", GGML_TYPE_I8, {4, 3, 2}, ramp);  // (in, out, kernel)
  writer.tensor("conv1d.scale", GGML_TYPE_F32, {3}, scale);
  writer.tensor("conv2d", GGML_TYPE_I8, {3, 3, 2, 5}, ramp);  // (kw, kh, in, out)
  writer.tensor("conv2d.scale", GGML_TYPE_F32, {5}, scale);
  WeightFile file(writer.write());
  const ggml_tensor* conv1d = file.root().tensor("conv1d", {4, 3, 2});
  for (int64_t i = 0; i < 24; ++i) {
    EXPECT_EQ(floats(conv1d)[i], ramp(i) * scale(i / 4 % 3));
  }
  const ggml_tensor* conv2d = file.root().tensor("conv2d", {3, 3, 2, 5});
  for (int64_t i = 0; i < 90; ++i) {
    EXPECT_EQ(floats(conv2d)[i], ramp(i) * scale(i / 18));
  }
  file.require_all_claimed();  // the scales are claimed with their weights
  EXPECT_EQ(file.num_parameters(), 24 + 90);
}

TEST(Weights, RefusesInt8WithoutItsScale) {
  ModelFileWriter writer;
  writer.tensor("w", GGML_TYPE_I8, {4, 3}, ramp);
  writer.tensor("v", GGML_TYPE_I8, {4, 3}, ramp);
  writer.tensor("v.scale", GGML_TYPE_F16, {3}, ramp);
  writer.tensor("bias", GGML_TYPE_I8, {4}, ramp);
  WeightFile file(writer.write());
  const auto fault = [&](const char* name, const std::vector<int64_t>& ne) {
    return message_of<ModelFileError>([&] { (void)file.root().tensor(name, ne); });
  };
  EXPECT_NE(fault("w", {4, 3}).find("has no tensor w.scale"), std::string::npos);
  EXPECT_NE(fault("v", {4, 3}).find("is not f32"), std::string::npos);
  EXPECT_NE(fault("bias", {4}).find("is int8, expected f32"), std::string::npos);
}

TEST(Weights, RefusesOtherTensorTypes) {
  ModelFileWriter writer;
  writer.tensor("w", GGML_TYPE_Q8_0, {32, 1}, ramp);
  EXPECT_NE(open_fault(writer.write()).find("has tensor w of type 8, expected f32, f16 or i8"),
            std::string::npos);
}

TEST(Weights, HeaderValuesHaveTheirPrefixTaken) {
  ModelFileWriter writer;
  writer.integer("muspeaker.a.b", 7);
  writer.texts("muspeaker.names", {"x", ""});
  writer.text("other", "y");
  const WeightFile file(writer.write());
  const auto values = header_values(file.header(), "muspeaker.");
  EXPECT_EQ(values.size(), 2U);
  EXPECT_EQ(std::get<int64_t>(values.at("a.b")), 7);
  EXPECT_EQ(std::get<std::vector<std::string>>(values.at("names")),
            (std::vector<std::string>{"x", ""}));
}

TEST(Weights, ChecksumsAreVerified) {
  const auto write = [](const std::vector<uint32_t>& sums) {
    ModelFileWriter writer;
    writer.tensor("a", GGML_TYPE_F32, {5, 3}, ramp);
    writer.tensor("b", GGML_TYPE_I8, {7}, ramp);
    writer.integers("integrity.tensor_crc32", sums);
    return writer.write();
  };
  std::vector<float> a(15);
  std::vector<int8_t> b(7);
  for (int64_t i = 0; i < 15; ++i) {
    a[static_cast<size_t>(i)] = ramp(i);
    b[static_cast<size_t>(i % 7)] = static_cast<int8_t>(ramp(i % 7));
  }
  const uint32_t sum_a = crc32(reinterpret_cast<const uint8_t*>(a.data()), 15 * sizeof(float));
  const uint32_t sum_b = crc32(reinterpret_cast<const uint8_t*>(b.data()), 7);
  const WeightFile whole(write({sum_a, sum_b}));
  EXPECT_NE(open_fault(write({sum_a ^ 1U, sum_b})).find("tensor a of model file"),
            std::string::npos);
  EXPECT_NE(open_fault(write({sum_a, sum_b ^ 1U})).find("b of model file"), std::string::npos);
  EXPECT_NE(open_fault(write({sum_a})).find("must be 2 uint32, one for each tensor"),
            std::string::npos);
}

TEST(Weights, RefusesWhatIsNoModelFile) {
  const std::string path = test::temporary_path("foreign.bin");
  EXPECT_NE(open_fault(path + ".absent").find("cannot open model file"), std::string::npos);
  EXPECT_NE(open_fault(::testing::TempDir()).find("is not a regular file"), std::string::npos);
  write_bytes(path, {});
  EXPECT_NE(open_fault(path).find("is empty"), std::string::npos);
  write_bytes(path, {'P', 'K', 3, 4, 5, 6, 7, 8, 9});
  EXPECT_NE(open_fault(path).find("does not begin with GGUF"), std::string::npos);
  write_bytes(path, {'G', 'G', 'U', 'F', 9, 0, 0, 0});
  EXPECT_NE(open_fault(path).find("has GGUF version 9, expected 3"), std::string::npos);
}

}  // namespace
}  // namespace muspeaker::core
