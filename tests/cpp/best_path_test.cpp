#include "dsp/best_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "dsp/cepstra.h"

namespace muspeaker::dsp {
namespace {

using core::Frames;

/// The highest score of any monotonic path from state `state` on, by trying them all.
double best_score(const Frames& scores, const std::vector<int32_t>& states, int64_t frame,
                  size_t state) {
  const double here = scores.row(frame)[states[state]];
  if (frame + 1 == scores.rows()) {
    return state + 1 == states.size() ? here : -INFINITY;
  }
  double rest = best_score(scores, states, frame + 1, state);
  if (state + 1 < states.size()) {
    rest = std::max(rest, best_score(scores, states, frame + 1, state + 1));
  }
  return here + rest;
}

double score_of(const Frames& scores, const std::vector<int32_t>& durations) {
  double sum = 0.0;
  int64_t frame = 0;
  for (size_t token = 0; token < durations.size(); ++token) {
    for (int32_t i = 0; i < durations[token]; ++i) {
      sum += scores.row(frame++)[token];
    }
  }
  return sum;
}

Frames random_frames(int64_t rows, int64_t width, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Frames frames(rows, width);
  for (float& value : frames.values) {
    value = normal(random);
  }
  return frames;
}

Frames constant_frames(int64_t rows, int64_t width, float value) {
  return {std::vector<float>(static_cast<size_t>(rows * width), value), width};
}

TEST(BestPath, IsTheBestOfAllPaths) {
  const std::vector<int32_t> states = {0, 1, 1, 2, 3, 3};
  for (const int64_t frames : {6, 7, 11}) {
    const Frames scores = random_frames(frames, 4, static_cast<uint32_t>(frames));
    const std::vector<int32_t> durations = best_path(scores, states);
    EXPECT_EQ(std::accumulate(durations.begin(), durations.end(), 0), static_cast<int>(frames));
    EXPECT_GE(durations[1], 2);
    EXPECT_GE(durations[3], 2);
    EXPECT_NEAR(score_of(scores, durations), best_score(scores, states, 0, 0), 1e-5);
  }
}

TEST(BestPath, TakesTheOnlyPath) {
  EXPECT_EQ(best_path(constant_frames(1, 1, 1.0F), {0}), (std::vector<int32_t>{1}));
  EXPECT_EQ(best_path(constant_frames(3, 3, 0.0F), {0, 1, 2}), (std::vector<int32_t>{1, 1, 1}));
  EXPECT_EQ(best_path(constant_frames(5, 1, -1.0F), {0}), (std::vector<int32_t>{5}));
}

TEST(BestPath, RefusesWhatDoesNotFit) {
  EXPECT_THROW(best_path(constant_frames(2, 2, 0.0F), {0, 1, 1}), std::invalid_argument);
  EXPECT_THROW(best_path(Frames(0, 2), {0}), std::invalid_argument);
  EXPECT_THROW(best_path(constant_frames(1, 1, 1.0F), {}), std::invalid_argument);
}

TEST(StatesOf, GivesPhonesTwoStatesAndPausesOne) {
  const std::vector<int32_t> phones = {1, 7, 0, 9};  // of which 0 and 1 are pauses
  EXPECT_EQ(states_of(phones, 6, 2), (std::vector<int32_t>{0, 1, 1, 2, 3, 3}));
  EXPECT_EQ(states_of(phones, 5, 2), (std::vector<int32_t>{0, 1, 2, 3}));  // too short for that
  EXPECT_EQ(merge_pauses(phones, 2), (std::vector<int32_t>{0, 7, 0, 9}));
}

TEST(CepstralFeatures, AreNormalisedAndDoNotHearLoudness) {
  Frames mel = random_frames(30, 20, 4);
  const Frames features = cepstral_features(mel, 5);
  ASSERT_EQ(features.rows(), 30);
  ASSERT_EQ(features.width, 10);
  for (int64_t column = 0; column < 10; ++column) {
    double mean = 0.0;
    double square = 0.0;
    for (int64_t t = 0; t < 30; ++t) {
      const float value = features.row(t)[column];
      mean += value / 30;
      square += value * value / 30;
    }
    EXPECT_NEAR(mean, 0.0, 1e-5);
    EXPECT_NEAR(square, 1.0, 0.02);
  }
  for (float& value : mel.values) {
    value += 2.0F;
  }
  const Frames louder = cepstral_features(mel, 5);
  for (size_t i = 0; i < features.values.size(); ++i) {
    EXPECT_NEAR(louder.values[i], features.values[i], 1e-4);
  }
  EXPECT_EQ(cepstral_features(constant_frames(1, 2, 1.0F), 1).size(), 2);
  EXPECT_THROW(cepstral_features(Frames(0, 2), 1), std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
