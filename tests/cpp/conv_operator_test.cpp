#include "nn/conv_operator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "core/error.h"
#include "kernels/fine.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kIn = 32;
constexpr int64_t kOut = 4;

/// What is said against a linear layer of 16 bits in a file with int8 weights; one weight differs.
std::string fault_of(float weight) {
  const ggml_init_params memory{size_t{1} << 16U, nullptr, /*no_alloc=*/false};
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> context(ggml_init(memory), ggml_free);
  core::StoredWeight stored;
  stored.values = ggml_new_tensor_3d(context.get(), GGML_TYPE_F16, kIn, kOut, 1);
  stored.among_int8 = true;
  ggml_set_name(stored.values, "query.weight");
  auto* values = static_cast<ggml_fp16_t*>(stored.values->data);
  std::fill_n(values, kIn * kOut, ggml_fp32_to_fp16(0.5F));
  values[kIn + 3] = ggml_fp32_to_fp16(weight);
  const kernels::ConvShape shape{kIn, kOut};
  try {
    const ConvOperator layer(ConvOperator::Kind::kPlain, shape, stored, nullptr,
                             Arithmetic::kFloat);
  } catch (const core::ModelFileError& error) {
    return error.what();
  }
  return "";
}

TEST(ConvOperator, IntegersAreMadeOfNumbersAlone) {
  if (kernels::active_fine_kernels() == nullptr) {
    GTEST_SKIP() << "weights stay float32 here";
  }
  const std::string expected =
      "tensor query.weight of the model file has weights that are no numbers";
  EXPECT_EQ(fault_of(std::numeric_limits<float>::quiet_NaN()), expected);
  EXPECT_EQ(fault_of(-std::numeric_limits<float>::infinity()), expected);
  EXPECT_EQ(fault_of(-1.0F), "");
}

}  // namespace
}  // namespace muspeaker::nn
