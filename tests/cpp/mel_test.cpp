#include "dsp/mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace muspeaker::dsp {
namespace {

core::AudioConfig test_audio() {
  core::AudioConfig audio{};
  audio.sample_rate = 22050;
  audio.hop_samples = 256;
  audio.window_samples = 1024;
  audio.fft_samples = 1024;
  audio.num_mels = 80;
  audio.mel_low_hz = 0.0F;
  audio.mel_high_hz = 8000.0F;
  audio.mel_floor = 1e-5F;
  return audio;
}

std::vector<float> sine(int64_t num_samples, double hz) {
  std::vector<float> samples;
  for (int64_t i = 0; i < num_samples; ++i) {
    samples.push_back(static_cast<float>(
        0.5 * std::sin(6.283185307179586 * hz * static_cast<double>(i) / 22050)));
  }
  return samples;
}

TEST(LogMel, FramesAreWholeHops) {
  const LogMel mel(test_audio());
  for (const int64_t num_samples : {385, 511, 512, 1023, 1024, 5000}) {
    const std::vector<float> samples = sine(num_samples, 440.0);
    EXPECT_EQ(mel.log_mel(samples.data(), num_samples).size(), num_samples / 256 * 80);
    EXPECT_EQ(mel.log_energy(samples.data(), num_samples).size(),
              static_cast<size_t>(num_samples / 256));
  }
}

TEST(LogMel, SilenceIsTheFloor) {
  const LogMel mel(test_audio());
  const std::vector<float> samples(2048, 0.0F);
  for (const float value : mel.log_mel(samples.data(), 2048).values) {
    EXPECT_FLOAT_EQ(value, std::log(1e-5F));
  }
  for (const float value : mel.log_energy(samples.data(), 2048)) {
    EXPECT_FLOAT_EQ(value, std::log(1e-5F));
  }
}

TEST(LogMel, SineLiesInItsFilter) {
  const LogMel mel(test_audio());
  const std::vector<float> samples = sine(8192, 1000.0);
  const core::Frames values = mel.log_mel(samples.data(), 8192);
  const float* frame = values.row(16);
  const auto loudest = std::max_element(frame, frame + 80) - frame;
  // Slaney's mel of 1 kHz is 15, that of 8 kHz 45.2, and 81 steps lie between 0 and the latter.
  EXPECT_NEAR(static_cast<double>(loudest) + 1.0, 15.0 / (45.245 / 81.0), 1.0);
}

TEST(LogMel, EnergyIsParseval) {
  const LogMel mel(test_audio());
  const std::vector<float> samples = sine(8192, 1000.0);
  const std::vector<float> energy = mel.log_energy(samples.data(), 8192);
  // |X| peaks at amplitude * window sum / 2 and its square spreads 1.5-fold over a Hann window.
  EXPECT_NEAR(energy[16], std::log(0.5 * 512.0 / 2.0 * std::sqrt(1.5)), 1e-3);
}

TEST(LogMel, RejectsTooFewSamples) {
  const LogMel mel(test_audio());
  EXPECT_EQ(mel.min_samples(), 385);
  EXPECT_THROW(static_cast<void>(mel.log_mel(nullptr, 0)), std::invalid_argument);
  const std::vector<float> samples(384, 0.1F);
  try {
    static_cast<void>(mel.log_mel(samples.data(), 384));
    FAIL() << "384 samples cannot be reflected";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()), "a spectrogram needs at least 385 samples, got 384");
  }
  EXPECT_THROW(static_cast<void>(mel.log_energy(samples.data(), 384)), std::invalid_argument);
}

TEST(LogMel, RejectsSizesThatDoNotFit) {
  core::AudioConfig audio = test_audio();
  audio.hop_samples = 0;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
  audio = test_audio();
  audio.window_samples = 2048;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
  audio = test_audio();
  audio.fft_samples = 1025;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
  audio = test_audio();
  audio.mel_high_hz = 0.0F;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
  audio.mel_high_hz = 12000.0F;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
  audio = test_audio();
  audio.num_mels = int64_t{1} << 40;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
  audio = test_audio();
  audio.mel_floor = 0.0F;
  EXPECT_THROW(LogMel{audio}, std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
