#include "dsp/random.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "core/error.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// A block is computed whole by the same instructions whatever part of it is asked for; loops over
// its counters are what compilers vectorise.
constexpr int64_t kCounters = 16;
constexpr uint64_t kBlock{4 * kCounters};

struct Lanes {
  uint32_t c0[kCounters], c1[kCounters], c2[kCounters], c3[kCounters];
};

MUSPEAKER_INTO_CALLER void philox_lanes(Lanes& x, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < kRounds; ++round) {
    for (int64_t i = 0; i < kCounters; ++i) {
      const uint64_t product0 = uint64_t{kMultiplier0} * x.c0[i];
      const uint64_t product1 = uint64_t{kMultiplier1} * x.c2[i];
      x.c0[i] = static_cast<uint32_t>(product1 >> 32U) ^ x.c1[i] ^ key0;
      x.c1[i] = static_cast<uint32_t>(product1);
      x.c2[i] = static_cast<uint32_t>(product0 >> 32U) ^ x.c3[i] ^ key1;
      x.c3[i] = static_cast<uint32_t>(product0);
    }
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
}

/// Natural log of a positive normal float, to 2 units in the last place (Cephes logf, Moshier
/// 1992).
MUSPEAKER_INTO_CALLER float log_positive(float x) {
  uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  // The exponent steps at sqrt(1/2), so that the mantissa lies around 1.
  const int32_t exponent = static_cast<int32_t>((bits + 0x004AFB0DU) >> 23U) - 127;
  bits -= static_cast<uint32_t>(exponent) << 23U;
  float mantissa = 0.0F;
  std::memcpy(&mantissa, &bits, sizeof mantissa);
  const float m = mantissa - 1.0F;
  const float square = m * m;
  float y = 7.0376836292e-2F;
  y = (y * m) - 1.1514610310e-1F;
  y = (y * m) + 1.1676998740e-1F;
  y = (y * m) - 1.2420140846e-1F;
  y = (y * m) + 1.4249322787e-1F;
  y = (y * m) - 1.6668057665e-1F;
  y = (y * m) + 2.0000714765e-1F;
  y = (y * m) - 2.4999993993e-1F;
  y = (y * m) + 3.3333331174e-1F;
  const auto e = static_cast<float>(exponent);
  y = (y * m * square) - (2.12194440e-4F * e) - (0.5F * square);
  return m + y + (0.693359375F * e);
}

/// The point on the unit circle that 24 random bits choose: 2 bits the quadrant, 22 the angle in
/// it.
MUSPEAKER_INTO_CALLER void circle_point(uint32_t bits, float& cosine, float& sine) {
  const auto angle_bits = static_cast<int32_t>((bits >> 8U) & 0x3FFFFFU) - 0x200000;
  const float a = (static_cast<float>(angle_bits) + 0.5F) * 3.7450704e-7F;  // pi / 2 * 2^-22
  const float square = a * a;
  const float s =
      a + (a * square *
           (-1.6666654611e-1F + (square * (8.3321608736e-3F - (1.9515295891e-4F * square)))));
  const float c = 1.0F - (0.5F * square) +
                  (square * square *
                   (4.166664568298827e-2F +
                    (square * (-1.388731625493765e-3F + (2.443315711809948e-5F * square)))));
  const bool swap = (bits >> 30U & 1U) != 0;
  const float sign = (bits >> 31U) != 0 ? -1.0F : 1.0F;
  cosine = sign * (swap ? -s : c);
  sine = sign * (swap ? c : s);
}

MUSPEAKER_INTO_CALLER void box_muller(const uint32_t* radius_bits, const uint32_t* angle_bits,
                                      float* out) {
  float radius[kCounters];
  for (int64_t i = 0; i < kCounters; ++i) {
    const auto uniform = static_cast<float>(static_cast<int32_t>(radius_bits[i] >> 8U) + 1);
    radius[i] = -2.0F * log_positive(uniform * 0x1p-24F);
  }
  for (float& value : radius) {
    value = std::sqrt(std::max(value, 0.0F));
  }
  for (int64_t i = 0; i < kCounters; ++i) {
    float cosine = 0.0F;
    float sine = 0.0F;
    circle_point(angle_bits[i], cosine, sine);
    out[i] = radius[i] * cosine;
    out[kCounters + i] = radius[i] * sine;
  }
}

/// out: kBlock values from index block * kBlock on.
MUSPEAKER_INTO_CALLER void normal_block(uint64_t seed, uint64_t stream, uint64_t block,
                                        float* out) {
  Lanes x;
  for (int64_t i = 0; i < kCounters; ++i) {
    const uint64_t counter = (block * kCounters) + static_cast<uint64_t>(i);
    x.c0[i] = static_cast<uint32_t>(counter);
    x.c1[i] = static_cast<uint32_t>(counter >> 32U);
    x.c2[i] = static_cast<uint32_t>(stream);
    x.c3[i] = static_cast<uint32_t>(stream >> 32U);
  }
  philox_lanes(x, static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32U));
  box_muller(x.c0, x.c1, out);
  box_muller(x.c2, x.c3, out + (2 * kCounters));
}

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  Lanes x{};
  x.c0[0] = counter[0];
  x.c1[0] = counter[1];
  x.c2[0] = counter[2];
  x.c3[0] = counter[3];
  philox_lanes(x, key[0], key[1]);
  return {x.c0[0], x.c1[0], x.c2[0], x.c3[0]};
}

void fill_normal(uint64_t seed, uint64_t stream, uint64_t first_index, float* out, int64_t count) {
  if (count < 0) {  // tested first: to write the message takes memory, and this is called often
    core::require_input(false, "count must not be negative, got " + std::to_string(count));
  }
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    auto remaining = static_cast<uint64_t>(count);
    uint64_t index = first_index;
    float* to = out;
    float values[kBlock];
    while (remaining > 0) {
      const uint64_t offset = index % kBlock;
      const uint64_t taken = std::min(kBlock - offset, remaining);
      normal_block(seed, stream, index / kBlock, values);
      std::copy_n(values + offset, taken, to);
      to += taken;
      index += taken;
      remaining -= taken;
    }
  });
}

float normal(uint64_t seed, uint64_t stream, uint64_t index) {
  float value = 0.0F;
  fill_normal(seed, stream, index, &value, 1);
  return value;
}

}  // namespace muspeaker::dsp
