#pragma once

#include <cstdint>
#include <functional>

#include "core/array.h"

namespace muspeaker::engine {

/// Fills out with the vocoder's noise, standard normal, from an absolute sample index on.
using NoiseAt = std::function<void(int64_t first_sample, float* out, int64_t count)>;

/// Randomness, given from outside.
struct Noise {
  core::Frames latent;  ///< (tokens, latent), standard normal times the temperature
  NoiseAt vocoder;
  core::Frames delivery = {};  ///< as make_delivery takes it; the model's own delivery if empty
};

/// The latent noise of a seed, drawn from its stream 0, times the temperature; (tokens, latent).
core::Frames latent_noise(uint64_t seed, int64_t tokens, int64_t latent, float temperature);

/// The vocoder's noise of a seed, drawn from its stream 1.
NoiseAt vocoder_noise(uint64_t seed);

/// The noise of a seed's rhythm and melody for make_delivery, drawn from its stream 2.
core::Frames delivery_noise(uint64_t seed, int64_t tokens);

}  // namespace muspeaker::engine
