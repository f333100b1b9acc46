#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace muspeaker::core {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kTwoPi = 2.0 * kPi;

/// exp, tanh, sine and cosine, and what 16 bits mean, without branches or tables, so that a
/// compiler vectorises loops over them. Errors are a few units in the last place of 1.
///
/// Source: the range reductions of Moshier's Cephes library; Taylor and minimax polynomials.

/// 1.5 * 2^23: adding it to a magnitude below 2^22 leaves the nearest integer, in the low bits too.
inline constexpr float kRounding = 12582912.0F;

/// The nearest integer, for magnitudes below 2^22.
inline float nearest(float x) {
  return (x + kRounding) - kRounding;
}

/// The bits of a number; of `x + kRounding`, the low ones are those of the nearest integer to x.
inline uint32_t bits_of(float x) {
  uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}

/// 2 to the power x, clamped to [-126, 126].
inline float exp2_of(float x) {
  constexpr float kMost = 126.0F;
  constexpr unsigned kMantissaBits = 23;
  constexpr uint32_t kExponentBias = 127;
  const float power = std::clamp(x, -kMost, kMost);
  const float raised = power + kRounding;
  const float part = power - (raised - kRounding);  // -0.5 to 0.5
  // The Taylor series of 2^part; the next term is below 2e-8.
  float series = 1.5252734e-5F;
  series = (series * part) + 1.5403530e-4F;
  series = (series * part) + 1.3333558e-3F;
  series = (series * part) + 9.6181291e-3F;
  series = (series * part) + 5.5504109e-2F;
  series = (series * part) + 2.4022651e-1F;
  series = (series * part) + 6.9314718e-1F;
  series = (series * part) + 1.0F;
  // The scale of NaN is any number; the series carries NaN on.
  const uint32_t bits = (bits_of(raised) + kExponentBias) << kMantissaBits;
  float scale = 0.0F;
  std::memcpy(&scale, &bits, sizeof(scale));
  return series * scale;
}

/// e to the power x, clamped to the range of exp2_of.
inline float exp_of(float x) {
  constexpr float kOverLn2 = 1.442695041F;
  return exp2_of(x * kOverLn2);
}

/// The value of 16 bits of IEEE 754, which float32 holds exactly.
inline float float_of_half(uint16_t half) {
  constexpr uint32_t kSign = 0x8000;
  constexpr uint32_t kInfinity = 0x7C00;
  constexpr uint32_t kFloatInfinity = 0x7F800000;
  constexpr unsigned kMantissaBits = 13;      // that float32 has more
  constexpr float kExponents = 5.192297e33F;  // 2^112: the exponent of float32 counts from -127
  const uint32_t rest = half & (kSign - 1);
  uint32_t bits = rest << kMantissaBits;
  float magnitude = 0.0F;
  std::memcpy(&magnitude, &bits, sizeof(bits));
  magnitude *= kExponents;
  std::memcpy(&bits, &magnitude, sizeof(bits));
  bits |= (rest >= kInfinity ? kFloatInfinity : 0U) | ((half & kSign) << 16U);
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline float tanh_of(float x) {
  constexpr float kSaturation = 9.0F;  // beyond it the result rounds to 1
  constexpr float kTwoOverLn2 = 2.885390082F;
  const float exponential = exp2_of(std::clamp(x, -kSaturation, kSaturation) * kTwoOverLn2);
  return (exponential - 1.0F) / (exponential + 1.0F);
}

/// Natural logarithm of a positive, normal number.
inline float log_of(float x) {
  constexpr float kLn2 = 0.693147181F;
  constexpr float kSqrtHalf = 0.707106781F;
  constexpr uint32_t kMantissaMask = 0x007FFFFF;
  constexpr uint32_t kHalf = 0x3F000000;  // the exponent of [0.5, 1)
  constexpr unsigned kMantissaBits = 23;
  constexpr int kHalfBias = 126;
  uint32_t bits = bits_of(x);
  auto exponent = static_cast<float>(static_cast<int32_t>(bits >> kMantissaBits) - kHalfBias);
  bits = (bits & kMantissaMask) | kHalf;
  float mantissa = 0.0F;  // 0.5 to 1
  std::memcpy(&mantissa, &bits, sizeof(mantissa));
  const bool small = mantissa < kSqrtHalf;
  exponent = small ? exponent - 1.0F : exponent;
  const float z = (small ? mantissa + mantissa : mantissa) - 1.0F;  // -0.29 to 0.41
  float series = 7.0376836292e-2F;
  series = (series * z) - 1.1514610310e-1F;
  series = (series * z) + 1.1676998740e-1F;
  series = (series * z) - 1.2420140846e-1F;
  series = (series * z) + 1.4249322787e-1F;
  series = (series * z) - 1.6668057665e-1F;
  series = (series * z) + 2.0000714765e-1F;
  series = (series * z) - 2.4999993993e-1F;
  series = (series * z) + 3.3333331174e-1F;
  const float square = z * z;
  return (exponent * kLn2) + ((z * square * series) - (0.5F * square)) + z;
}

struct SinCos {
  float sin;
  float cos;
};

/// Sine and cosine of an angle in turns (1 is a full circle), for magnitudes below 2^20.
inline SinCos sin_cos_of_turns(float turns) {
  constexpr float kQuarters = 4.0F;
  const float raised = (turns * kQuarters) + kRounding;
  const float x =
      (turns - ((raised - kRounding) / kQuarters)) * static_cast<float>(kTwoPi);  // -pi/4 to pi/4
  const float square = x * x;
  float sine = -1.9515295891e-4F;
  sine = (sine * square) + 8.3321608736e-3F;
  sine = (sine * square) - 1.6666654611e-1F;
  sine = (sine * square * x) + x;
  float cosine = 2.443315711809948e-5F;
  cosine = (cosine * square) - 1.388731625493765e-3F;
  cosine = (cosine * square) + 4.166664568298827e-2F;
  cosine = (cosine * square * square) - (0.5F * square) + 1.0F;
  const uint32_t place = bits_of(raised);  // of NaN any; the polynomials carry NaN on
  const bool swapped = (place & 1U) != 0;
  const float first = swapped ? cosine : sine;
  const float second = swapped ? sine : cosine;
  return {(place & 2U) != 0 ? -first : first, ((place + 1U) & 2U) != 0 ? -second : second};
}

}  // namespace muspeaker::core
