#include "dsp/spectral_synthesis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "dsp/pulse_train.h"
#include "dsp/random.h"

namespace muspeaker::dsp {
namespace {

constexpr int64_t kFrames = 60;  // more than one tile has

core::AudioConfig audio() {
  core::AudioConfig audio;
  audio.sample_rate = 24000;
  audio.hop_samples = 300;
  audio.window_samples = 1200;
  audio.fft_samples = 1200;
  audio.num_mels = 80;
  audio.mel_low_hz = 0;
  audio.mel_high_hz = 8000;
  audio.mel_floor = 1e-5F;
  return audio;
}

/// What a synthesis reads: random planes of speech that is voiced but for its middle.
struct Inputs {
  std::vector<float> planes, mel, f0, phase, noise;

  explicit Inputs(const SpectralSynthesis& synthesis) {
    const int64_t hop = audio().hop_samples;
    planes.resize(static_cast<size_t>(kFrames * SpectralSynthesis::kPlanes * synthesis.num_bins()));
    mel.resize(static_cast<size_t>(kFrames * audio().num_mels));
    phase.resize(static_cast<size_t>(kFrames * hop));
    noise.resize(phase.size());
    fill_normal(1, 0, 0, planes.data(), static_cast<int64_t>(planes.size()));
    fill_normal(2, 0, 0, mel.data(), static_cast<int64_t>(mel.size()));
    fill_normal(3, 0, 0, noise.data(), static_cast<int64_t>(noise.size()));
    for (float& value : mel) {
      value -= 5.0F;
    }
    for (int64_t frame = 0; frame < kFrames; ++frame) {
      f0.push_back(frame > 8 && frame < 14 ? 0.0F : 120.0F + (3.0F * static_cast<float>(frame)));
    }
    double start = 0.0;
    for (int64_t frame = 0; frame < kFrames; ++frame) {
      const auto at = [&](int64_t index) {
        return f0[static_cast<size_t>(std::min(std::max<int64_t>(index, 0), kFrames - 1))];
      };
      start = integrate_frame({at(frame - 1), at(frame), at(frame + 1)}, audio(), start,
                              phase.data() + (frame * hop));
    }
  }

  [[nodiscard]] std::vector<float> speak(const SpectralSynthesis& synthesis, int64_t begin,
                                         int64_t end) const {
    const int64_t hop = audio().hop_samples;
    const int64_t reach = SpectralSynthesis::kSourceReach;
    const int64_t first = std::max<int64_t>(0, begin - reach);
    SpectralSynthesis::Chunk chunk;
    chunk.frames = std::min(kFrames, end + reach) - first;
    chunk.begin = begin - first;
    chunk.end = end - first;
    const int64_t width = SpectralSynthesis::kPlanes * synthesis.num_bins();
    chunk.planes = [&](int64_t from, int64_t) { return planes.data() + ((first + from) * width); };
    chunk.mel = mel.data() + (first * audio().num_mels);
    chunk.f0 = f0.data() + first;
    chunk.phase = phase.data() + (first * hop);
    chunk.noise = noise.data() + (first * hop);
    std::vector<float> samples(static_cast<size_t>((end - begin) * hop));
    SpectralSynthesis::Workspace workspace;
    synthesis.synthesize(chunk, samples.data(), workspace);
    return samples;
  }
};

class SpectralSynthesisChunks : public ::testing::TestWithParam<int64_t> {};

TEST_P(SpectralSynthesisChunks, EqualTheWhole) {
  const SpectralSynthesis synthesis(audio());
  const Inputs inputs(synthesis);
  const std::vector<float> whole = inputs.speak(synthesis, 0, kFrames);
  std::vector<float> joined;
  for (int64_t begin = 0; begin < kFrames; begin += GetParam()) {
    const std::vector<float> part =
        inputs.speak(synthesis, begin, std::min(kFrames, begin + GetParam()));
    joined.insert(joined.end(), part.begin(), part.end());
  }
  EXPECT_EQ(joined, whole);
}

INSTANTIATE_TEST_SUITE_P(Sizes, SpectralSynthesisChunks, ::testing::Values(1, 7, kFrames));

TEST(SpectralSynthesis, QuietMelIsQuietSpeech) {
  const SpectralSynthesis synthesis(audio());
  Inputs inputs(synthesis);
  const std::vector<float> loud = inputs.speak(synthesis, 0, kFrames);
  for (float& value : inputs.mel) {
    value -= 1.0F;
  }
  const std::vector<float> quiet = inputs.speak(synthesis, 0, kFrames);
  double ratio = 0.0;
  double power = 0.0;
  for (size_t i = 0; i < loud.size(); ++i) {
    ratio += loud[i] * quiet[i];
    power += loud[i] * loud[i];
  }
  EXPECT_NEAR(ratio / power, std::exp(-1.0), 0.01);
}

TEST(SpectralSynthesis, HarmonicPartIsWhereAWindowHasPulses) {
  constexpr int64_t kFirstUnvoiced = 9;
  constexpr int64_t kWithout =
      11;  // its window reaches from frame 9 to frame 13, the last unvoiced
  const SpectralSynthesis synthesis(audio());
  const std::vector<float> plain = Inputs(synthesis).speak(synthesis, 0, kFrames);
  for (int64_t frame = kFirstUnvoiced; frame < kFirstUnvoiced + 5; ++frame) {
    Inputs louder(synthesis);
    const int64_t bins = synthesis.num_bins();
    float* gain = louder.planes.data() + (frame * SpectralSynthesis::kPlanes * bins);
    for (int64_t bin = 0; bin < bins; ++bin) {
      gain[bin] += 1.0F;
    }
    EXPECT_EQ(louder.speak(synthesis, 0, kFrames) == plain, frame == kWithout) << frame;
  }
}

TEST(SpectralSynthesis, RejectsOtherWindows) {
  core::AudioConfig other = audio();
  other.hop_samples = 256;
  EXPECT_THROW(SpectralSynthesis{other}, std::invalid_argument);
}

TEST(PulseTrain, IsTheSumOfItsCosines) {
  constexpr double kTwoPi = 6.283185307179586;
  constexpr float kF0 = 210.0F;
  const int64_t hop = audio().hop_samples;
  std::vector<float> phase(static_cast<size_t>(hop));
  std::vector<float> pulses(phase.size());
  integrate_frame({kF0, kF0, kF0}, audio(), 0.25, phase.data());
  pulse_frame(kF0, phase.data(), hop, pulses.data());
  for (size_t i = 0; i < phase.size(); ++i) {
    const double start = 0.25 + (210.0 / 24000.0 * static_cast<double>(i + 1));
    ASSERT_NEAR(phase[i], start - std::floor(start), 1e-6);
    double sum = 0.0;
    for (int k = 1; k <= 52; ++k) {  // 52 * 210 Hz is the last below 11 kHz
      sum += std::cos(kTwoPi * k * static_cast<double>(phase[i]));
    }
    EXPECT_NEAR(pulses[i], sum, 0.01) << i;
  }
}

TEST(PulseTrain, UnvoicedFramesAreSilent) {
  std::vector<float> phase(300, 0.1F);
  std::vector<float> pulses(300, 1.0F);
  pulse_frame(0.0F, phase.data(), 300, pulses.data());
  EXPECT_EQ(pulses, std::vector<float>(300, 0.0F));
}

}  // namespace
}  // namespace muspeaker::dsp
