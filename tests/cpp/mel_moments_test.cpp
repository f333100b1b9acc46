#include "dsp/mel_moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace muspeaker::dsp {
namespace {

using core::Frames;

/// (frames, 2) whose bands swing about -5 and -4 by one and by two.
Frames swinging(int64_t num_frames) {
  std::vector<float> mel;
  for (int64_t frame = 0; frame < num_frames; ++frame) {
    const float sign = frame % 2 == 0 ? 1.0F : -1.0F;
    mel.push_back(-5.0F + sign);
    mel.push_back(-4.0F + (2.0F * sign));
  }
  return {mel, 2};
}

TEST(MelMoments, MeansThenDeviationsOfSpeechAlone) {
  Frames mel = swinging(100);
  mel.values.insert(mel.values.end(), 40, -14.0F);  // silence
  const std::vector<float> moments = mel_moments(mel);
  ASSERT_EQ(moments.size(), 4U);
  EXPECT_NEAR(moments[0], 1.0F, 1e-4F);
  EXPECT_NEAR(moments[1], 2.0F, 1e-4F);
  EXPECT_NEAR(moments[2], (1.0F - 1.7F) / 0.5F, 1e-4F);
  EXPECT_NEAR(moments[3], (2.0F - 1.7F) / 0.5F, 1e-4F);
}

TEST(MelMoments, MatchingMovesLongSpeechToThePrompt) {
  const float gain = 2.0F;
  const std::vector<float> wanted = {2.0F, 1.0F, 0.0F, 0.2F};
  Frames mel = swinging(43000);
  match_moments(mel, wanted.data(), gain);
  const std::vector<float> found = mel_moments(mel);
  EXPECT_NEAR(found[0], wanted[0] + std::log(gain), 2e-3F);
  EXPECT_NEAR(found[1], wanted[1] + std::log(gain), 2e-3F);
  EXPECT_NEAR(found[2], wanted[2], 4e-3F);
  EXPECT_NEAR(found[3], wanted[3], 4e-3F);
}

TEST(MelMoments, MatchingMovesOneFrameHardly) {
  const std::vector<float> wanted = {2.0F, 1.0F, 0.0F, 0.2F};
  Frames mel({-5.0F, -4.0F}, 2);
  match_moments(mel, wanted.data(), 1.0F);
  EXPECT_NEAR(mel.row(0)[0], -5.0F + (1.0F / 44.0F), 1e-4F);
  EXPECT_NEAR(mel.row(0)[1], -4.0F - (1.0F / 44.0F), 1e-4F);
}

}  // namespace
}  // namespace muspeaker::dsp
