#include "dsp/fft.h"

#include <array>
#include <cmath>
#include <string>

#include "core/elementary.h"
#include "core/error.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {
namespace {

constexpr int64_t kMaxSamples = 16777216;  // 2^24, up to which float counts exactly

struct Complex {
  float real;
  float imag;
};

inline Complex operator+(Complex a, Complex b) {
  return {a.real + b.real, a.imag + b.imag};
}

inline Complex operator-(Complex a, Complex b) {
  return {a.real - b.real, a.imag - b.imag};
}

inline Complex operator*(Complex a, Complex b) {
  return {(a.real * b.real) - (a.imag * b.imag), (a.real * b.imag) + (a.imag * b.real)};
}

/// Real and imaginary parts in separate arrays.
struct Source {
  const float* real;
  const float* imag;

  [[nodiscard]] Complex get(int64_t index) const { return {real[index], imag[index]}; }
};

struct Target {
  float* __restrict real;
  float* __restrict imag;

  void set(int64_t index, Complex value) const {
    real[index] = value.real;
    imag[index] = value.imag;
  }
};

/// Four inputs and the factors of the last three outputs.
struct Butterfly {
  Complex a, b, c, d, w1, w2, w3;

  [[nodiscard]] Complex sum() const { return (a + c) + (b + d); }
  [[nodiscard]] Complex second() const { return ((a - c) + rotated()) * w1; }
  [[nodiscard]] Complex third() const { return ((a + c) - (b + d)) * w2; }
  [[nodiscard]] Complex fourth() const { return ((a - c) - rotated()) * w3; }

 private:
  /// -i (b - d).
  [[nodiscard]] Complex rotated() const { return {b.imag - d.imag, d.real - b.real}; }
};

/// Groups of 4 inputs, `distance` apart, become 4 neighbouring outputs, each `stride` values long.
/// kStride: the stride where it is so small that only a loop of known length is vectorised, else 0.
template <int64_t kStride>
MUSPEAKER_INTO_CALLER void radix4(Source x, Target y, int64_t groups, int64_t any_stride,
                                  Source twiddles) {
  const int64_t stride = kStride > 0 ? kStride : any_stride;
  const int64_t distance = groups * stride;
  const float* __restrict real = x.real;
  const float* __restrict imag = x.imag;
  float* __restrict to_real = y.real;
  float* __restrict to_imag = y.imag;
  for (int64_t p = 0; p < groups; ++p) {
    const Complex w1 = twiddles.get(p);
    const Complex w2 = twiddles.get(groups + p);
    const Complex w3 = twiddles.get((2 * groups) + p);
    for (int64_t q = 0; q < stride; ++q) {
      const Source in{real + (p * stride) + q, imag + (p * stride) + q};
      const Target out{to_real + (4 * p * stride) + q, to_imag + (4 * p * stride) + q};
      const Butterfly all{
          in.get(0), in.get(distance), in.get(2 * distance), in.get(3 * distance), w1, w2, w3,
      };
      out.set(0, all.sum());
      out.set(stride, all.second());
      out.set(2 * stride, all.third());
      out.set(3 * stride, all.fourth());
    }
  }
}

/// -i x.
inline Complex turned(Complex x) {
  return {x.imag, -x.real};
}

inline Complex operator*(float factor, Complex x) {
  return {factor * x.real, factor * x.imag};
}

/// The Fourier transform of 2, 3 or 5 values, in place.
template <int64_t kRadix>
MUSPEAKER_INTO_CALLER void transform_few(std::array<Complex, kRadix>& x) {
  if constexpr (kRadix == 2) {
    x = {x[0] + x[1], x[0] - x[1]};
  } else if constexpr (kRadix == 3) {
    constexpr float kSin = 0.866025403784438647F;  // sine of a third of a turn
    const Complex sum = x[1] + x[2];
    const Complex middle = x[0] + (-0.5F * sum);
    const Complex side = kSin * turned(x[1] - x[2]);
    x = {x[0] + sum, middle + side, middle - side};
  } else {
    static_assert(kRadix == 5);
    constexpr float kCos1 = 0.309016994374947424F;  // cosine of one fifth of a turn
    constexpr float kSin1 = 0.951056516295153572F;
    constexpr float kCos2 = -0.809016994374947424F;  // cosine of two fifths
    constexpr float kSin2 = 0.587785252292473129F;
    const Complex outer = x[1] + x[4];
    const Complex inner = x[2] + x[3];
    const Complex outer_turned = turned(x[1] - x[4]);
    const Complex inner_turned = turned(x[2] - x[3]);
    const Complex first = x[0] + (kCos1 * outer) + (kCos2 * inner);
    const Complex second = x[0] + (kCos2 * outer) + (kCos1 * inner);
    const Complex first_side = (kSin1 * outer_turned) + (kSin2 * inner_turned);
    const Complex second_side = (kSin2 * outer_turned) - (kSin1 * inner_turned);
    x = {x[0] + outer + inner, first + first_side, second + second_side, second - second_side,
         first - first_side};
  }
}

/// As radix4, with groups of kRadix inputs.
template <int64_t kRadix, int64_t kStride>
MUSPEAKER_INTO_CALLER void small_radix(Source x, Target y, int64_t groups, int64_t any_stride,
                                       Source twiddles) {
  const int64_t stride = kStride > 0 ? kStride : any_stride;
  const int64_t distance = groups * stride;
  const float* __restrict real = x.real;
  const float* __restrict imag = x.imag;
  float* __restrict to_real = y.real;
  float* __restrict to_imag = y.imag;
  for (int64_t p = 0; p < groups; ++p) {
    std::array<Complex, kRadix - 1> factors{};
    for (int64_t j = 1; j < kRadix; ++j) {
      factors[j - 1] = twiddles.get(((j - 1) * groups) + p);
    }
    for (int64_t q = 0; q < stride; ++q) {
      const Source in{real + (p * stride) + q, imag + (p * stride) + q};
      const Target out{to_real + (kRadix * p * stride) + q, to_imag + (kRadix * p * stride) + q};
      std::array<Complex, kRadix> values{};
      for (int64_t j = 0; j < kRadix; ++j) {
        values[j] = in.get(j * distance);
      }
      transform_few<kRadix>(values);
      out.set(0, values[0]);
      for (int64_t j = 1; j < kRadix; ++j) {
        out.set(j * stride, values[j] * factors[j - 1]);
      }
    }
  }
}

/// The radix of the next step: 4 as long as it divides, then 2, 5 and 3; 0 for other factors.
int64_t next_radix(int64_t remaining) {
  for (const int64_t radix : {4, 2, 5, 3}) {
    if (remaining % radix == 0) {
      return radix;
    }
  }
  return 0;
}

/// Whether a real signal of that length can be transformed: 1, or an even product of 2, 3 and 5.
bool can_transform(int64_t num_samples) {
  if (num_samples < 1 || num_samples > kMaxSamples) {
    return false;
  }
  if (num_samples == 1) {
    return true;
  }
  int64_t remaining = num_samples % 2 == 0 ? num_samples / 2 : 0;
  while (remaining > 1 && next_radix(remaining) > 0) {
    remaining /= next_radix(remaining);
  }
  return remaining == 1;
}

}  // namespace

RealFft::RealFft(int64_t num_samples) : num_samples_(num_samples) {
  core::require_input(can_transform(num_samples),
                      "the length of a Fourier transform must be 1 or an even product of 2, 3 and "
                      "5 up to 2^24, got " +
                          std::to_string(num_samples));
  const int64_t half = num_samples / 2;
  int64_t remaining = half;
  int64_t stride = 1;
  while (remaining > 1) {
    const int64_t radix = next_radix(remaining);
    const int64_t groups = remaining / radix;
    stages_.push_back({radix, groups, stride, static_cast<int64_t>(twiddle_real_.size())});
    for (int64_t power = 1; power < radix; ++power) {
      for (int64_t p = 0; p < groups; ++p) {
        const double angle =
            -core::kTwoPi * static_cast<double>(p * power) / static_cast<double>(remaining);
        twiddle_real_.push_back(static_cast<float>(std::cos(angle)));
        twiddle_imag_.push_back(static_cast<float>(std::sin(angle)));
      }
    }
    remaining = groups;
    stride *= radix;
  }
  for (int64_t k = 0; k <= half; ++k) {
    const double angle = -core::kTwoPi * static_cast<double>(k) / static_cast<double>(num_samples);
    split_real_.push_back(static_cast<float>(std::cos(angle)));
    split_imag_.push_back(static_cast<float>(std::sin(angle)));
  }
}

/// Transforms first_real + i first_imag; the result is left there too.
void RealFft::transform_half(Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    for (const Stage& stage : stages_) {
      const Source x{workspace.first_real.data(), workspace.first_imag.data()};
      const Target y{workspace.second_real.data(), workspace.second_imag.data()};
      const Source twiddles{twiddle_real_.data() + stage.offset,
                            twiddle_imag_.data() + stage.offset};
      if (stage.radix == 4 && stage.stride == 1) {
        radix4<1>(x, y, stage.groups, 1, twiddles);
      } else if (stage.radix == 4 && stage.stride == 4) {
        radix4<4>(x, y, stage.groups, 4, twiddles);
      } else if (stage.radix == 4) {
        radix4<0>(x, y, stage.groups, stage.stride, twiddles);
      } else if (stage.radix == 2 && stage.stride == 4) {
        small_radix<2, 4>(x, y, stage.groups, 4, twiddles);
      } else if (stage.radix == 2) {
        small_radix<2, 0>(x, y, stage.groups, stage.stride, twiddles);
      } else if (stage.radix == 3) {
        small_radix<3, 0>(x, y, stage.groups, stage.stride, twiddles);
      } else {
        small_radix<5, 0>(x, y, stage.groups, stage.stride, twiddles);
      }
      workspace.first_real.swap(workspace.second_real);
      workspace.first_imag.swap(workspace.second_imag);
    }
  });
}

void RealFft::reserve(Workspace& workspace) const {
  const auto half = static_cast<size_t>(num_samples_ / 2);
  for (std::vector<float>* part : {
           &workspace.first_real,
           &workspace.first_imag,
           &workspace.second_real,
           &workspace.second_imag,
       }) {
    part->resize(half);
  }
}

void RealFft::forward(const float* samples, float* real, float* imag, Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t half = num_samples_ / 2;
    if (half == 0) {
      real[0] = samples[0];
      imag[0] = 0.0F;
      return;
    }
    reserve(workspace);
    float* zr = workspace.first_real.data();
    float* zi = workspace.first_imag.data();
    for (int64_t k = 0; k < half; ++k) {
      zr[k] = samples[2 * k];
      zi[k] = samples[(2 * k) + 1];
    }
    transform_half(workspace);
    zr = workspace.first_real.data();
    zi = workspace.first_imag.data();
    real[0] = zr[0] + zi[0];
    imag[0] = 0.0F;
    real[half] = zr[0] - zi[0];
    imag[half] = 0.0F;
    const Source z{zr, zi};
    const Source split{split_real_.data(), split_imag_.data()};
    const Target spectrum{real, imag};
    for (int64_t k = 1; k < half; ++k) {
      const Complex forward = z.get(k);
      const Complex backward = z.get(half - k);
      const Complex even{forward.real + backward.real, forward.imag - backward.imag};
      const Complex odd{forward.imag + backward.imag, backward.real - forward.real};
      const Complex twice = even + (odd * split.get(k));
      spectrum.set(k, {0.5F * twice.real, 0.5F * twice.imag});
    }
  });
}

void RealFft::inverse(const float* real, const float* imag, float* samples,
                      Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t half = num_samples_ / 2;
    if (half == 0) {
      samples[0] = real[0];
      return;
    }
    reserve(workspace);
    // Real and imaginary part change places, which makes the forward transform the inverse one.
    float* zr = workspace.first_imag.data();
    float* zi = workspace.first_real.data();
    zr[0] = 0.5F * (real[0] + real[half]);
    zi[0] = 0.5F * (real[0] - real[half]);
    const Source spectrum{real, imag};
    const Source split{split_real_.data(), split_imag_.data()};
    const Target z{zr, zi};
    for (int64_t k = 1; k < half; ++k) {
      const Complex forward = spectrum.get(k);
      const Complex backward = spectrum.get(half - k);
      const Complex twiddle = split.get(k);
      const Complex even{forward.real + backward.real, forward.imag - backward.imag};
      const Complex difference{forward.real - backward.real, forward.imag + backward.imag};
      const Complex odd = difference * Complex{twiddle.real, -twiddle.imag};
      z.set(k, {0.5F * (even.real - odd.imag), 0.5F * (even.imag + odd.real)});
    }
    transform_half(workspace);
    const float scale = 1.0F / static_cast<float>(half);
    for (int64_t k = 0; k < half; ++k) {
      samples[2 * k] = scale * workspace.first_imag[static_cast<size_t>(k)];
      samples[(2 * k) + 1] = scale * workspace.first_real[static_cast<size_t>(k)];
    }
  });
}

void RealFft::power(const float* samples, float* power, Workspace& workspace) const {
  std::vector<float>& imag = workspace.spectrum_imag;
  imag.resize(static_cast<size_t>(num_bins()));
  forward(samples, power, imag.data(), workspace);
  for (int64_t k = 0; k < num_bins(); ++k) {
    power[k] =
        (power[k] * power[k]) + (imag[static_cast<size_t>(k)] * imag[static_cast<size_t>(k)]);
  }
}

}  // namespace muspeaker::dsp
