#include "core/changed_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "model_file.h"

namespace muspeaker::core {
namespace {

using test::message_of;
using test::ModelFileWriter;

float ramp(int64_t i) {
  return static_cast<float>(i % 25) - 12.0F;
}

/// Two taps of (3, 4) as int8 with a scale for each of 3 channels, a bias, and what is elsewhere.
std::string model_path() {
  ModelFileWriter writer;
  writer.tensor("a.conv.weight", GGML_TYPE_I8, {4, 3, 2}, ramp);
  writer.tensor("a.conv.scale", GGML_TYPE_F32, {3},
                [](int64_t i) { return 0.5F * static_cast<float>(i + 1); });
  writer.tensor("a.conv.bias", GGML_TYPE_F32, {3}, ramp);
  writer.tensor("a.linear.weight", GGML_TYPE_F16, {4, 2}, ramp);
  writer.tensor("b.weight", GGML_TYPE_F32, {4, 3}, ramp);
  return writer.write();
}

/// Codes count up from tensor to tensor; rows have scales of 0.1, 0.2 and so on.
WeightChanges some_changes() {
  WeightChanges changes;
  for (int i = 0; i < 3 + 24 + 8; ++i) {
    changes.codes.push_back(static_cast<int8_t>(i));
  }
  for (int row = 0; row < 1 + 6 + 2; ++row) {
    changes.scales.push_back(0.1F * static_cast<float>(row + 1));
  }
  return changes;
}

TEST(ChangedWeights, AddsCodesTimesScalesInTheOrderOfNames) {
  WeightFile file(model_path());
  ChangedWeights changed(file, "a.", some_changes());
  const Scope scope = changed.root() / "a";
  const std::vector<float> bias = (scope / "conv").stored("bias", {3}).to_float();
  EXPECT_FLOAT_EQ(bias[2], ramp(2) + (2 * 0.1F));
  const StoredWeight linear = (scope / "linear").stored("weight", {4, 2});
  EXPECT_EQ(linear.values->type, GGML_TYPE_F32);
  EXPECT_FLOAT_EQ(linear.to_float()[5], ramp(5) + ((3 + 24 + 5) * 0.9F));
  const StoredWeight conv = (scope / "conv").stored("weight", {4, 3, 2});
  EXPECT_EQ(conv.values->type, GGML_TYPE_I8);
  EXPECT_TRUE(linear.among_int8);
  const std::vector<float> values = conv.to_float();
  for (int64_t channel = 0; channel < 3; ++channel) {
    std::vector<float> expected;
    std::vector<float> actual;
    float largest = 0.0F;
    for (const int64_t tap : {0, 1}) {
      const int64_t row = (tap * 3) + channel;
      for (int64_t i = row * 4; i < (row + 1) * 4; ++i) {
        expected.push_back((ramp(i) * 0.5F * static_cast<float>(channel + 1)) +
                           (static_cast<float>(3 + i) * 0.1F * static_cast<float>(row + 2)));
        actual.push_back(values[static_cast<size_t>(i)]);
        largest = std::max(largest, std::abs(expected.back()));
      }
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], largest / 253);
    }
  }
  changed.require_all_claimed();
  EXPECT_EQ(file.values_of("a.")[1].name, "a.conv.weight");  // and the file is as it was
  EXPECT_FLOAT_EQ(file.values_of("a.")[1].values[1], ramp(1) * 0.5F);
  EXPECT_EQ(file.values_of("b").size(), 1U);
}

TEST(ChangedWeights, RefusesOtherSizesAndWhatIsNotFinite) {
  const WeightFile file(model_path());
  const auto fault = [&](const WeightChanges& changes) {
    return message_of<std::invalid_argument>([&] { const ChangedWeights c(file, "a.", changes); });
  };
  WeightChanges wrong = some_changes();
  wrong.codes.pop_back();
  EXPECT_EQ(fault(wrong), "the changes must be 35 codes and 9 scales, got 34 and 9");
  wrong = some_changes();
  wrong.scales.push_back(0.0F);
  EXPECT_EQ(fault(wrong), "the changes must be 35 codes and 9 scales, got 35 and 10");
  wrong = some_changes();
  wrong.scales[1] = INFINITY;
  EXPECT_EQ(fault(wrong), "the changes make weights of a.conv.weight that are not finite");
}

}  // namespace
}  // namespace muspeaker::core
