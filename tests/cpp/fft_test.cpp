#include "dsp/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dsp/window.h"

namespace muspeaker::dsp {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;

std::vector<float> test_signal(int64_t num_samples) {
  std::vector<float> samples;
  uint32_t state = 12345;
  for (int64_t i = 0; i < num_samples; ++i) {
    state = state * 1664525U + 1013904223U;
    samples.push_back(static_cast<float>(state >> 8U) / 8388608.0F - 1.0F);
  }
  return samples;
}

/// The plain twin: the definition, in double, of one bin.
std::pair<double, double> plain_bin(const std::vector<float>& samples, int64_t bin) {
  double real = 0.0;
  double imag = 0.0;
  const auto size = static_cast<int64_t>(samples.size());
  for (int64_t i = 0; i < size; ++i) {
    const double angle = kTwoPi * static_cast<double>(i * bin % size) / static_cast<double>(size);
    real += samples[static_cast<size_t>(i)] * std::cos(angle);
    imag -= samples[static_cast<size_t>(i)] * std::sin(angle);
  }
  return {real, imag};
}

class RealFftLength : public ::testing::TestWithParam<int64_t> {};

TEST_P(RealFftLength, EqualsDefinition) {
  const RealFft fft(GetParam());
  const std::vector<float> samples = test_signal(fft.num_samples());
  std::vector<float> real(static_cast<size_t>(fft.num_bins()));
  std::vector<float> imag(real);
  std::vector<float> power(real);
  RealFft::Workspace workspace;
  fft.forward(samples.data(), real.data(), imag.data(), workspace);
  fft.power(samples.data(), power.data(), workspace);
  const double tolerance = 1e-6 * std::sqrt(static_cast<double>(samples.size())) + 1e-7;
  for (size_t bin = 0; bin < real.size(); ++bin) {
    const auto [expected_real, expected_imag] = plain_bin(samples, static_cast<int64_t>(bin));
    ASSERT_NEAR(real[bin], expected_real, tolerance) << "bin " << bin;
    ASSERT_NEAR(imag[bin], expected_imag, tolerance) << "bin " << bin;
    ASSERT_FLOAT_EQ(power[bin], real[bin] * real[bin] + imag[bin] * imag[bin]);
  }
  std::vector<float> back(samples.size());
  fft.inverse(real.data(), imag.data(), back.data(), workspace);
  for (size_t i = 0; i < samples.size(); ++i) {
    ASSERT_NEAR(back[i], samples[i], 2e-6) << "sample " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(PowersOfTwo, RealFftLength,
                         ::testing::Values(1, 2, 4, 8, 16, 32, 64, 128, 512, 1024, 2048));

INSTANTIATE_TEST_SUITE_P(OtherFactors, RealFftLength,
                         ::testing::Values(6, 10, 12, 18, 20, 24, 30, 50, 54, 60, 90, 150, 250, 600,
                                           960, 1000, 1200, 1500, 2400));

TEST(RealFft, RejectsOtherLengths) {
  for (const int64_t num_samples : {int64_t{0}, int64_t{-8}, int64_t{3}, int64_t{15}, int64_t{14},
                                    int64_t{1022}, int64_t{1} << 25, int64_t{INT64_MIN}}) {
    EXPECT_THROW(RealFft{num_samples}, std::invalid_argument) << num_samples;
  }
}

TEST(Window, HannIsPeriodic) {
  const std::vector<float> window = hann_window(8);
  EXPECT_FLOAT_EQ(window[0], 0.0F);
  EXPECT_FLOAT_EQ(window[2], 0.5F);
  EXPECT_FLOAT_EQ(window[4], 1.0F);
  EXPECT_FLOAT_EQ(window[7], window[1]);
}

TEST(Window, PoveyIsSymmetric) {
  const std::vector<float> window = povey_window(5);
  EXPECT_FLOAT_EQ(window[0], 0.0F);
  EXPECT_FLOAT_EQ(window[1], std::pow(0.5F, 0.85F));
  EXPECT_FLOAT_EQ(window[2], 1.0F);
  EXPECT_FLOAT_EQ(window[4], 0.0F);
}

TEST(Window, RejectsEmpty) {
  EXPECT_THROW(hann_window(0), std::invalid_argument);
  EXPECT_THROW(povey_window(1), std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
