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

/// The highest score of any monotonic path from state `state` on, by trying them all.
double best_score(const std::vector<float>& scores, int64_t tokens,
                  const std::vector<int32_t>& states, size_t frame, size_t state) {
  const size_t frames = scores.size() / static_cast<size_t>(tokens);
  const double here =
      scores[(frame * static_cast<size_t>(tokens)) + static_cast<size_t>(states[state])];
  if (frame + 1 == frames) {
    return state + 1 == states.size() ? here : -INFINITY;
  }
  double rest = best_score(scores, tokens, states, frame + 1, state);
  if (state + 1 < states.size()) {
    rest = std::max(rest, best_score(scores, tokens, states, frame + 1, state + 1));
  }
  return here + rest;
}

double score_of(const std::vector<float>& scores, const std::vector<int32_t>& durations) {
  double sum = 0.0;
  size_t frame = 0;
  for (size_t token = 0; token < durations.size(); ++token) {
    for (int32_t i = 0; i < durations[token]; ++i) {
      sum += scores[(frame++ * durations.size()) + token];
    }
  }
  return sum;
}

TEST(BestPath, IsTheBestOfAllPaths) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  const std::vector<int32_t> states = {0, 1, 1, 2, 3, 3};
  for (const size_t frames : {6U, 7U, 11U}) {
    std::vector<float> scores(frames * 4);
    for (float& score : scores) {
      score = normal(random);
    }
    const std::vector<int32_t> durations = best_path(scores, 4, states);
    EXPECT_EQ(std::accumulate(durations.begin(), durations.end(), 0), static_cast<int>(frames));
    EXPECT_GE(durations[1], 2);
    EXPECT_GE(durations[3], 2);
    EXPECT_NEAR(score_of(scores, durations), best_score(scores, 4, states, 0, 0), 1e-5);
  }
}

TEST(BestPath, TakesTheOnlyPath) {
  EXPECT_EQ(best_path({1.0F}, 1, {0}), (std::vector<int32_t>{1}));
  EXPECT_EQ(best_path(std::vector<float>(9, 0.0F), 3, {0, 1, 2}), (std::vector<int32_t>{1, 1, 1}));
  EXPECT_EQ(best_path(std::vector<float>(5, -1.0F), 1, {0}), (std::vector<int32_t>{5}));
}

TEST(BestPath, RefusesWhatDoesNotFit) {
  EXPECT_THROW(best_path(std::vector<float>(4, 0.0F), 2, {0, 1, 1}), std::invalid_argument);
  EXPECT_THROW(best_path({}, 2, {0}), std::invalid_argument);
  EXPECT_THROW(best_path({1.0F}, 1, {}), std::invalid_argument);
}

TEST(CepstralFeatures, AreNormalisedAndDoNotHearLoudness) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  std::vector<float> mel(30 * 20);
  for (float& value : mel) {
    value = normal(random);
  }
  const std::vector<float> features = cepstral_features(mel, 20, 5);
  ASSERT_EQ(features.size(), 30U * 10U);
  for (size_t column = 0; column < 10; ++column) {
    double mean = 0.0;
    double square = 0.0;
    for (size_t t = 0; t < 30; ++t) {
      mean += features[(t * 10) + column] / 30;
      square += features[(t * 10) + column] * features[(t * 10) + column] / 30;
    }
    EXPECT_NEAR(mean, 0.0, 1e-5);
    EXPECT_NEAR(square, 1.0, 0.02);
  }
  for (float& value : mel) {
    value += 2.0F;
  }
  const std::vector<float> louder = cepstral_features(mel, 20, 5);
  for (size_t i = 0; i < features.size(); ++i) {
    EXPECT_NEAR(louder[i], features[i], 1e-4);
  }
  EXPECT_EQ(cepstral_features({0.0F, 1.0F}, 2, 1).size(), 2U);
  EXPECT_THROW(cepstral_features({}, 2, 1), std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
