#include "dsp/spectral_map.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "core/thread_pool.h"
#include "dsp/heard_phones.h"

namespace muspeaker::dsp {
namespace {

using core::Frames;

/// (frames, 2) of two bands that swing, each at its own pace, about -5.
Frames swinging(int64_t num_frames) {
  std::vector<float> mel;
  for (int64_t frame = 0; frame < num_frames; ++frame) {
    mel.push_back(frame % 2 == 0 ? -4.0F : -6.0F);
    mel.push_back(frame % 4 < 2 ? -4.0F : -6.0F);
  }
  return {mel, 2};
}

TEST(SpectralMap, LearnsTheLevelOfEachBand) {
  const Frames spoken = swinging(44000);
  Frames prompt = spoken;
  for (int64_t t = 0; t < prompt.rows(); ++t) {
    prompt.row(t)[0] += 1.0F;
    prompt.row(t)[1] -= 0.5F;
  }
  const std::vector<float> values = fit_spectral_map(prompt, spoken, 1);
  ASSERT_EQ(values.size(), 6U);
  EXPECT_NEAR(values[0], 1.0F, 1e-3F);
  EXPECT_NEAR(values[1], -0.5F, 1e-3F);
  Frames moved = spoken;
  apply_spectral_map(moved, values.data(), 1);
  for (size_t i = 0; i < moved.values.size(); ++i) {
    EXPECT_NEAR(moved.values[i], prompt.values[i], 2e-3F);
  }
}

TEST(SpectralMap, TrustsAQuarterOfASecondHalf) {
  const Frames spoken = swinging(22);
  Frames prompt = spoken;
  for (float& value : prompt.values) {
    value += 1.0F;
  }
  const std::vector<float> values = fit_spectral_map(prompt, spoken, 1);
  EXPECT_NEAR(values[0], 0.5F, 1e-5F);
  EXPECT_NEAR(values[1], 0.5F, 1e-5F);
}

TEST(SpectralMap, StretchesAtMostTwice) {
  const Frames spoken = swinging(400);
  Frames prompt = spoken;
  for (float& value : prompt.values) {
    value = ((value + 5.0F) * 9.0F) - 5.0F;
  }
  const std::vector<float> values = fit_spectral_map(prompt, spoken, 1);
  EXPECT_LE(values[2], 2.0F);
  EXPECT_LE(values[3], 2.0F);
  EXPECT_GT(values[3], 1.5F);
}

TEST(SpectralMap, RefusesMelsOfTwoLengths) {
  EXPECT_THROW(fit_spectral_map(swinging(3), swinging(4), 1), std::invalid_argument);
  EXPECT_THROW(fit_spectral_map(Frames(0, 2), Frames(0, 2), 1), std::invalid_argument);
}

TEST(HeardPhones, OneFrameIsOnePhone) {
  const HeardPhones heard = heard_phones(Frames({-3.0F, -0.1F, -4.0F}, 3));
  EXPECT_EQ(heard.phones, std::vector<int32_t>{1});
  EXPECT_EQ(heard.durations, std::vector<int32_t>{1});
}

TEST(HeardPhones, ChangeWhereItIsWorthIt) {
  std::vector<float> scores;
  for (int frame = 0; frame < 12; ++frame) {
    const bool second = frame >= 5;
    scores.push_back(second ? -3.0F : 0.0F);
    scores.push_back(second ? 0.0F : -3.0F);
  }
  const HeardPhones heard = heard_phones(Frames(scores, 2));
  EXPECT_EQ(heard.phones, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(heard.durations, (std::vector<int32_t>{5, 7}));
}

TEST(HeardPhones, RefusesNothing) {
  EXPECT_THROW(heard_phones(Frames(0, 3)), std::invalid_argument);
}

TEST(SpectralMap, MovesTheSameWithAnyNumberOfThreads) {
  const Frames spoken = swinging(500);
  Frames prompt = spoken;
  for (int64_t t = 0; t < prompt.rows(); ++t) {
    prompt.row(t)[0] += t % 3 == 0 ? 1.0F : -0.5F;
  }
  const std::vector<float> values = fit_spectral_map(prompt, spoken, 2);
  Frames alone = spoken;
  apply_spectral_map(alone, values.data(), 2);
  EXPECT_NE(alone.values, spoken.values);
  for (const int threads : {2, 3}) {
    core::ThreadPool pool(threads);
    const core::UsingPool using_pool(pool);
    Frames shared = spoken;
    apply_spectral_map(shared, values.data(), 2);
    EXPECT_EQ(shared.values, alone.values) << threads << " threads";
  }
}

}  // namespace
}  // namespace muspeaker::dsp
