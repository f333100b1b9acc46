#include "dsp/fbank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace muspeaker::dsp {
namespace {

using core::Frames;

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
    const Frames frames = fbank.fbank(samples.data(), 1600);
    EXPECT_EQ(frames.rows(), 8);
    EXPECT_EQ(frames.width, 80);
    for (const float value : frames.values) {
      EXPECT_FLOAT_EQ(value, std::log(std::numeric_limits<float>::epsilon()));
    }
  }
}

TEST(KaldiFbank, RejectsTooFewSamples) {
  const KaldiFbank fbank(80);
  const std::vector<float> samples(399, 0.1F);
  EXPECT_THROW(static_cast<void>(fbank.fbank(nullptr, 0)), std::invalid_argument);
  try {
    static_cast<void>(fbank.fbank(samples.data(), 399));
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
  Frames fbank({1.0F, 10.0F, 3.0F, 30.0F}, 2);
  remove_time_mean(fbank);
  EXPECT_EQ(fbank.values, (std::vector<float>{-1.0F, -10.0F, 1.0F, 10.0F}));
  Frames empty(0, 2);
  remove_time_mean(empty);
  EXPECT_TRUE(empty.empty());
  for (const int64_t width : {3, 0}) {
    fbank.width = width;
    EXPECT_THROW(remove_time_mean(fbank), std::invalid_argument);
  }
}

}  // namespace
}  // namespace muspeaker::dsp
