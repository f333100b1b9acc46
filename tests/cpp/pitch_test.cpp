#include "dsp/pitch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <stdexcept>
#include <vector>

namespace muspeaker::dsp {
namespace {

constexpr double kRate = 22050;
constexpr int64_t kHop = 256;
constexpr double kTurn = 6.283185307179586;

PitchTracker tracker() {
  core::AudioConfig audio;
  audio.sample_rate = static_cast<int64_t>(kRate);
  audio.hop_samples = kHop;
  return PitchTracker(audio);
}

/// One second with a harmonic series from `first` to 12 on the pitch that `hz` gives for a time.
std::vector<float> voice(const std::function<double(double)>& hz, int first = 1,
                         double level = 0.2) {
  std::vector<float> samples;
  double phase = 0.0;
  for (int64_t i = 0; i < static_cast<int64_t>(kRate); ++i) {
    phase += kTurn * hz(static_cast<double>(i) / kRate) / kRate;
    double sum = 0.0;
    for (int k = first; k <= 12; ++k) {
      sum += std::sin(k * phase) / k;
    }
    samples.push_back(static_cast<float>(level * sum));
  }
  return samples;
}

std::vector<float> track(const std::vector<float>& samples) {
  return tracker().track(samples.data(), static_cast<int64_t>(samples.size()));
}

/// Of the frames away from the ends, the largest relative error; infinite if one is unvoiced.
double worst_error(const std::vector<float>& f0, const std::function<double(double)>& hz) {
  double worst = 0.0;
  for (size_t t = 3; t + 3 < f0.size(); ++t) {
    const double expected = hz((static_cast<double>(t) + 0.5) * kHop / kRate);
    worst = std::max(worst, f0[t] > 0.0F ? std::abs((f0[t] / expected) - 1.0) : INFINITY);
  }
  return worst;
}

double voiced_share(const std::vector<float>& f0) {
  return static_cast<double>(std::count_if(f0.begin(), f0.end(), [](float x) { return x > 0; })) /
         static_cast<double>(f0.size());
}

TEST(PitchTracker, FindsSteadyPitch) {
  for (const double pitch : {65.0, 98.0, 131.3, 220.0, 347.7, 520.0}) {
    const auto hz = [pitch](double) { return pitch; };
    EXPECT_LT(worst_error(track(voice(hz)), hz), 2e-3) << pitch;
  }
}

TEST(PitchTracker, FollowsAGlide) {
  const auto hz = [](double time) { return 120.0 * std::exp2(0.4 * std::sin(kTurn * time)); };
  EXPECT_LT(worst_error(track(voice(hz)), hz), 0.02);
}

TEST(PitchTracker, HearsAMissingFundamental) {
  const auto hz = [](double) { return 140.0; };
  EXPECT_LT(worst_error(track(voice(hz, 2)), hz), 2e-3);
}

TEST(PitchTracker, DoesNotDependOnLoudness) {
  const auto hz = [](double time) { return 180.0 + (40.0 * time); };
  const std::vector<float> f0 = track(voice(hz));
  const std::vector<float> quiet = track(voice(hz, 1, 0.002));
  ASSERT_EQ(f0.size(), quiet.size());
  for (size_t t = 0; t < f0.size(); ++t) {
    EXPECT_NEAR(f0[t], quiet[t], 0.05) << t;
  }
}

TEST(PitchTracker, CallsNoiseSilenceAndNothingUnvoiced) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> noise(static_cast<size_t>(kRate));
  std::generate(noise.begin(), noise.end(), [&] { return 0.1F * normal(random); });
  EXPECT_LT(voiced_share(track(noise)), 0.1);
  EXPECT_EQ(voiced_share(track(std::vector<float>(22050, 0.0F))), 0.0);
  EXPECT_EQ(voiced_share(track(std::vector<float>(22050, 0.3F))), 0.0);
  EXPECT_TRUE(track({}).empty());
  EXPECT_TRUE(track(std::vector<float>(255, 0.1F)).empty());
  EXPECT_EQ(track(std::vector<float>(256, 0.1F)).size(), 1U);
}

TEST(PitchTracker, TellsVoicedFromUnvoicedWhereTheyMeet) {
  std::vector<float> samples = voice([](double) { return 150.0; });
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  const size_t half = samples.size() / 2;
  std::generate(samples.begin() + static_cast<int64_t>(half), samples.end(),
                [&] { return 0.05F * normal(random); });
  const std::vector<float> f0 = track(samples);
  const auto middle = static_cast<double>(half) / kHop;
  for (size_t t = 3; t + 3 < f0.size(); ++t) {
    const double distance = static_cast<double>(t) + 0.5 - middle;
    if (std::abs(distance) > 2.5) {
      EXPECT_EQ(f0[t] > 0.0F, distance < 0.0) << t;
    }
  }
}

TEST(PitchTracker, RefusesAudioWithoutAClock) {
  core::AudioConfig audio;
  audio.sample_rate = 3999;
  audio.hop_samples = 64;
  EXPECT_THROW(PitchTracker{audio}, std::invalid_argument);
  audio.sample_rate = 16000;
  audio.hop_samples = 0;
  EXPECT_THROW(PitchTracker{audio}, std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
