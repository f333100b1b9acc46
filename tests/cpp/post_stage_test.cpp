#include "engine/post_stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
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

/// Expects the same in pieces and whole, on one thread and on three; returns it.
std::vector<float> same_in_pieces(const PostChain& chain, const std::vector<float>& samples,
                                  std::optional<uint32_t> watermark) {
  const core::Frames mel(core::count_of(samples) / 256, 20);
  core::GraphRunner one(1);
  core::GraphRunner three(3);
  const PostChain::State begun = chain.begin(watermark);
  const std::vector<float> whole = PostChain::take_whole(one, begun, mel, samples);
  EXPECT_EQ(PostChain::take_whole(three, begun, mel, samples), whole);
  for (const int64_t piece : {100, 256, 5000}) {
    PostChain::State state = chain.begin(watermark);
    std::vector<float> given;
    for (int64_t at = 0; at < core::count_of(samples); at += piece) {
      const int64_t count = std::min(piece, core::count_of(samples) - at);
      PostChain::take(one, state, mel, samples.data() + at, count, given);
      EXPECT_GE(core::count_of(given), at + count - PostChain::latency(state));
    }
    EXPECT_EQ(given, whole) << "pieces of " << piece;
  }
  EXPECT_GT(one.timings().at("mel_correction"), 0.0);
  return whole;
}

TEST(PostChain, GivesTheSameInPiecesAndWholeAndHoldsBackNoMoreThanItsLatency) {
  const PostChain chain(correcting_config());
  const std::vector<float> samples = noise(300 * 256);
  EXPECT_NE(same_in_pieces(chain, samples, std::nullopt), samples);
}

TEST(PostChain, EachPayloadHasItsOwnMark) {
  const PostChain chain(correcting_config());
  const std::vector<float> samples = noise(300 * 256);
  const core::Frames mel(300, 20);
  core::GraphRunner runner(1);
  const auto marked = [&](const PostChain& by, uint32_t payload) {
    return PostChain::take_whole(runner, by.begin(payload), mel, samples);
  };
  for (const uint32_t payload : {0U, 0U, 7U, 0U}) {
    EXPECT_EQ(marked(chain, payload), marked(PostChain(correcting_config()), payload)) << payload;
  }
  EXPECT_NE(marked(chain, 0), marked(chain, 7));
}

TEST(PostChain, MarksInPiecesAsWhole) {
  core::ModelConfig config = correcting_config();
  config.vocoder.correction_passes = 2;
  const PostChain chain(config);
  const std::vector<float> samples = noise(300 * 256);
  const std::vector<float> plain = same_in_pieces(chain, samples, std::nullopt);
  const std::vector<float> marked = same_in_pieces(chain, samples, 1);
  EXPECT_NE(marked, plain);
  EXPECT_NE(same_in_pieces(chain, samples, 2), marked);
}

TEST(PostChain, MarksWithoutFurtherLatencyWhereThereIsAStage) {
  const PostChain chain(correcting_config());
  EXPECT_EQ(PostChain::latency(chain.begin(1)), PostChain::latency(chain.begin()));
}

TEST(PostChain, MarksTheSpeechOfAModelWithoutStages) {
  core::ModelConfig config = correcting_config();
  config.vocoder.mel_correction = 0.0F;
  const std::vector<float> samples = noise(300 * 256);
  EXPECT_NE(same_in_pieces(PostChain(config), samples, 1), samples);
}

TEST(PostChain, RefusesToMarkWhereWindowsAreTooShort) {
  core::ModelConfig config = correcting_config();
  config.vocoder.mel_correction = 0.0F;
  config.audio.window_samples = 1023;
  const PostChain chain(config);
  EXPECT_EQ(test::message_of<std::invalid_argument>([&] { (void)chain.begin(1); }),
            "the windows of this model are too short for a watermark: speak without");
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
