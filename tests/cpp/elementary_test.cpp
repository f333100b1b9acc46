#include "core/elementary.h"

#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace muspeaker::core {
namespace {

TEST(Elementary, ExpIsTheLibrarys) {
  for (double x = -80; x <= 80; x += 0.0137) {
    const double expected = std::exp(static_cast<double>(static_cast<float>(x)));
    EXPECT_NEAR(exp_of(static_cast<float>(x)) / expected, 1.0, 6e-6) << x;
  }
  EXPECT_FLOAT_EQ(exp_of(0.0F), 1.0F);
  EXPECT_TRUE(std::isfinite(exp_of(1e9F)));
  EXPECT_GT(exp_of(-1e9F), 0.0F);
}

TEST(Elementary, LogUndoesExp) {
  for (double x = -80; x <= 80; x += 0.0137) {
    const auto value = static_cast<float>(std::exp(x));
    EXPECT_NEAR(log_of(value), std::log(static_cast<double>(value)), 1.6e-5) << x;
  }
  for (double x = 0.5; x <= 2; x += 0.00137) {
    EXPECT_NEAR(log_of(static_cast<float>(x)), std::log(static_cast<double>(static_cast<float>(x))),
                1.5e-7)
        << x;
  }
}

TEST(Elementary, EveryHalfIsGgmls) {
  constexpr uint32_t kHalves = 65536;
  for (uint32_t half = 0; half < kHalves; ++half) {
    const float value = float_of_half(static_cast<uint16_t>(half));
    const float expected = ggml_fp16_to_fp32(static_cast<ggml_fp16_t>(half));
    ASSERT_EQ(std::isnan(value), std::isnan(expected)) << half;
    if (!std::isnan(expected)) {
      ASSERT_EQ(value, expected) << half;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << half;
    }
  }
}

TEST(Elementary, TanhSaturates) {
  for (double x = -12; x <= 12; x += 0.0037) {
    EXPECT_NEAR(tanh_of(static_cast<float>(x)), std::tanh(x), 1e-6) << x;
  }
}

TEST(Elementary, NanStaysNan) {
  // Under -fsanitize=float-cast-overflow this also shows that no NaN is cast to an integer.
  const float nan = std::nanf("");
  EXPECT_TRUE(std::isnan(exp2_of(nan)));
  EXPECT_TRUE(std::isnan(exp_of(nan)));
  EXPECT_TRUE(std::isnan(tanh_of(nan)));
  EXPECT_TRUE(std::isnan(sin_cos_of_turns(nan).sin));
  EXPECT_TRUE(std::isnan(sin_cos_of_turns(nan).cos));
}

TEST(Elementary, SinAndCosOfEveryQuarter) {
  constexpr double kTwoPi = 6.283185307179586;
  for (double x = -3.0; x <= 3.0; x += 0.00137) {
    const auto turns = static_cast<float>(x);
    const double angle = kTwoPi * static_cast<double>(turns);
    const SinCos result = sin_cos_of_turns(turns);
    EXPECT_NEAR(result.sin, std::sin(angle), 3e-7) << x;
    EXPECT_NEAR(result.cos, std::cos(angle), 3e-7) << x;
  }
  EXPECT_EQ(sin_cos_of_turns(0.0F).sin, 0.0F);
  EXPECT_EQ(sin_cos_of_turns(0.0F).cos, 1.0F);
}

}  // namespace
}  // namespace muspeaker::core
