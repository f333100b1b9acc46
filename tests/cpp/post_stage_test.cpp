#include "engine/post_stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "model_file.h"

namespace muspeaker::engine {
namespace {

core::ModelConfig correcting_config() {
  core::ModelConfig config;
  config.audio = {22050, 256, 1024, 1024, 20, 0.0F, 8000.0F, 1e-5F};
  config.vocoder.mel_correction = 1.0F;
  return config;
}

std::vector<float> noise(int64_t count) {
  std::vector<float> samples;
  for (int64_t i = 0; i < count; ++i) {
    samples.push_back(0.3F * std::sin(static_cast<float>((i * i) % 997)));
  }
  return samples;
}

TEST(PostChain, WithoutStagesPassesSamplesOn) {
  core::ModelConfig config = correcting_config();
  config.vocoder.mel_correction = 0.0F;
  const PostChain chain(config);
  core::GraphRunner runner(1);
  PostChain::State state = chain.begin();
  EXPECT_EQ(PostChain::latency(state), 0);
  const std::vector<float> samples = noise(1000);
  std::vector<float> given;
  PostChain::take(runner, state, core::Frames(4, 20), samples.data(), 400, given);
  EXPECT_EQ(given, std::vector<float>(samples.begin(), samples.begin() + 400));
  EXPECT_EQ(PostChain::take_whole(runner, state, core::Frames(4, 20), samples), samples);
}

TEST(PostChain, GivesTheSameInPiecesAndWholeAndHoldsBackNoMoreThanItsLatency) {
  const PostChain chain(correcting_config());
  const core::Frames mel(300, 20);
  const std::vector<float> samples = noise(300 * 256);
  core::GraphRunner one(1);
  core::GraphRunner three(3);
  const std::vector<float> whole = chain.take_whole(one, mel, samples);
  EXPECT_EQ(chain.take_whole(three, mel, samples), whole);
  EXPECT_NE(whole, samples);
  for (const int64_t piece : {100, 256, 5000}) {
    PostChain::State state = chain.begin();
    std::vector<float> given;
    for (int64_t at = 0; at < core::count_of(samples); at += piece) {
      const int64_t count = std::min(piece, core::count_of(samples) - at);
      PostChain::take(one, state, mel, samples.data() + at, count, given);
      EXPECT_GE(core::count_of(given), at + count - PostChain::latency(state));
    }
    EXPECT_EQ(given, whole) << "pieces of " << piece;
  }
  EXPECT_GT(one.timings().at("mel_correction"), 0.0);
}

TEST(PostChain, RefusesAModelWhoseWindowsAreTooShort) {
  core::ModelConfig config = correcting_config();
  config.audio.window_samples = 1023;
  EXPECT_EQ(test::message_of<core::ModelFileError>([&] { const PostChain chain(config); }),
            "header value muspeaker.vocoder.mel_correction needs windows of at least 4 hops, those "
            "of this model are shorter");
}

}  // namespace
}  // namespace muspeaker::engine
