#include "dsp/fbank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace muspeaker::dsp {
namespace {

TEST(KaldiFbank, CountsWholeWindows) {
  EXPECT_EQ(KaldiFbank::num_frames(0), 0);
  EXPECT_EQ(KaldiFbank::num_frames(399), 0);
  EXPECT_EQ(KaldiFbank::num_frames(400), 1);
  EXPECT_EQ(KaldiFbank::num_frames(559), 1);
  EXPECT_EQ(KaldiFbank::num_frames(560), 2);
  EXPECT_EQ(KaldiFbank::num_frames(16000), 98);
}

TEST(KaldiFbank, SilenceAndConstantAreTheFloor) {
  const KaldiFbank fbank(80);
  for (const float level : {0.0F, 0.25F}) {
    const std::vector<float> samples(1600, level);
    const std::vector<float> values = fbank.fbank(samples.data(), 1600);
    EXPECT_EQ(values.size(), 8U * 80U);
    for (const float value : values) {
      EXPECT_FLOAT_EQ(value, std::log(std::numeric_limits<float>::epsilon()));
    }
  }
}

TEST(KaldiFbank, RejectsTooFewSamples) {
  const KaldiFbank fbank(80);
  const std::vector<float> samples(399, 0.1F);
  EXPECT_THROW(fbank.fbank(nullptr, 0), std::invalid_argument);
  try {
    fbank.fbank(samples.data(), 399);
    FAIL() << "399 samples are less than a window";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()), "a filter bank needs at least 400 samples, got 399");
  }
}

TEST(KaldiFbank, RejectsImpossibleNumberOfBanks) {
  EXPECT_THROW(KaldiFbank{0}, std::invalid_argument);
  EXPECT_THROW(KaldiFbank{257}, std::invalid_argument);
}

TEST(RemoveTimeMean, LeavesZeroMean) {
  std::vector<float> fbank = {1.0F, 10.0F, 3.0F, 30.0F};
  remove_time_mean(fbank, 2);
  EXPECT_EQ(fbank, (std::vector<float>{-1.0F, -10.0F, 1.0F, 10.0F}));
  std::vector<float> empty;
  remove_time_mean(empty, 2);
  EXPECT_TRUE(empty.empty());
  EXPECT_THROW(remove_time_mean(fbank, 3), std::invalid_argument);
  EXPECT_THROW(remove_time_mean(fbank, 0), std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
