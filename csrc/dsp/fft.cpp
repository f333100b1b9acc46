#include "dsp/fft.h"

#include <cmath>
#include <string>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;
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

/// Groups of 4 inputs, `distance` apart, become 4 neighbouring outputs, each `stride` values long.
void radix4(Source x, Target y, int64_t groups, int64_t stride, Source twiddles) {
  const int64_t distance = groups * stride;
  for (int64_t p = 0; p < groups; ++p) {
    const Complex w1 = twiddles.get(3 * p);
    const Complex w2 = twiddles.get((3 * p) + 1);
    const Complex w3 = twiddles.get((3 * p) + 2);
    const Source in{x.real + (p * stride), x.imag + (p * stride)};
    const Target out{y.real + (4 * p * stride), y.imag + (4 * p * stride)};
    for (int64_t q = 0; q < stride; ++q) {
      const Complex a = in.get(q);
      const Complex b = in.get(q + distance);
      const Complex c = in.get(q + (2 * distance));
      const Complex d = in.get(q + (3 * distance));
      const Complex rotated{b.imag - d.imag, d.real - b.real};  // -i (b - d)
      out.set(q, (a + c) + (b + d));
      out.set(q + stride, ((a - c) + rotated) * w1);
      out.set(q + (2 * stride), ((a + c) - (b + d)) * w2);
      out.set(q + (3 * stride), ((a - c) - rotated) * w3);
    }
  }
}

/// The last step of an odd power of two: one group, no twiddle factors.
void radix2(Source x, Target y, int64_t stride) {
  for (int64_t q = 0; q < stride; ++q) {
    y.set(q, x.get(q) + x.get(q + stride));
    y.set(q + stride, x.get(q) - x.get(q + stride));
  }
}

bool is_power_of_two(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return (bits & (bits - 1)) == 0;
}

}  // namespace

RealFft::RealFft(int64_t num_samples) : num_samples_(num_samples) {
  core::require_input(
      num_samples >= 1 && num_samples <= kMaxSamples && is_power_of_two(num_samples),
      "the length of a Fourier transform must be a power of two up to 2^24, got " +
          std::to_string(num_samples));
  const int64_t half = num_samples / 2;
  int64_t remaining = half;
  int64_t stride = 1;
  while (remaining > 1) {
    const int64_t radix = remaining >= 4 ? 4 : 2;
    const int64_t groups = remaining / radix;
    stages_.push_back({radix, groups, stride, static_cast<int64_t>(twiddle_real_.size())});
    for (int64_t p = 0; radix == 4 && p < groups; ++p) {
      for (int64_t power = 1; power < 4; ++power) {
        const double angle =
            -kTwoPi * static_cast<double>(p * power) / static_cast<double>(remaining);
        twiddle_real_.push_back(static_cast<float>(std::cos(angle)));
        twiddle_imag_.push_back(static_cast<float>(std::sin(angle)));
      }
    }
    remaining = groups;
    stride *= radix;
  }
  for (int64_t k = 0; k <= half; ++k) {
    const double angle = -kTwoPi * static_cast<double>(k) / static_cast<double>(num_samples);
    split_real_.push_back(static_cast<float>(std::cos(angle)));
    split_imag_.push_back(static_cast<float>(std::sin(angle)));
  }
}

/// Transforms first_real + i first_imag; the result is left there too.
void RealFft::transform_half(Workspace& workspace) const {
  for (const Stage& stage : stages_) {
    const Source x{workspace.first_real.data(), workspace.first_imag.data()};
    const Target y{workspace.second_real.data(), workspace.second_imag.data()};
    const Source twiddles{twiddle_real_.data() + stage.offset, twiddle_imag_.data() + stage.offset};
    if (stage.radix == 4) {
      radix4(x, y, stage.groups, stage.stride, twiddles);
    } else {
      radix2(x, y, stage.stride);
    }
    workspace.first_real.swap(workspace.second_real);
    workspace.first_imag.swap(workspace.second_imag);
  }
}

void RealFft::forward(const float* samples, float* real, float* imag, Workspace& workspace) const {
  const int64_t half = num_samples_ / 2;
  if (half == 0) {
    real[0] = samples[0];
    imag[0] = 0.0F;
    return;
  }
  for (std::vector<float>* part : {
           &workspace.first_real,
           &workspace.first_imag,
           &workspace.second_real,
           &workspace.second_imag,
       }) {
    part->resize(static_cast<size_t>(half));
  }
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
