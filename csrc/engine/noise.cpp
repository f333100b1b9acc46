#include "engine/noise.h"

#include "dsp/random.h"
#include "engine/delivery.h"

namespace muspeaker::engine {
namespace {

constexpr uint64_t kLatentStream = 0;
constexpr uint64_t kVocoderStream = 1;
constexpr uint64_t kDeliveryStream = 2;

}  // namespace

core::Frames latent_noise(uint64_t seed, int64_t tokens, int64_t latent, float temperature) {
  core::Frames noise(tokens, latent);
  dsp::fill_normal(seed, kLatentStream, 0, noise.data(), noise.size());
  for (float& value : noise.values) {
    value *= temperature;
  }
  return noise;
}

NoiseAt vocoder_noise(uint64_t seed) {
  return [seed](int64_t first_sample, float* out, int64_t count) {
    dsp::fill_normal(seed, kVocoderStream, static_cast<uint64_t>(first_sample), out, count);
  };
}

core::Frames delivery_noise(uint64_t seed, int64_t tokens) {
  core::Frames noise(tokens + (2 * kDeliveryReach), /*row_width=*/2);
  dsp::fill_normal(seed, kDeliveryStream, 0, noise.data(), noise.size());
  return noise;
}

}  // namespace muspeaker::engine
