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
void radix4(Source x, Target y, int64_t groups, int64_t any_stride, Source twiddles) {
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
    for (int64_t power = 1; radix == 4 && power < 4; ++power) {
      for (int64_t p = 0; p < groups; ++p) {
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
    if (stage.radix == 4 && stage.stride == 1) {
      radix4<1>(x, y, stage.groups, 1, twiddles);
    } else if (stage.radix == 4 && stage.stride == 4) {
      radix4<4>(x, y, stage.groups, 4, twiddles);
    } else if (stage.radix == 4) {
      radix4<0>(x, y, stage.groups, stage.stride, twiddles);
    } else {
      radix2(x, y, stage.stride);
    }
    workspace.first_real.swap(workspace.second_real);
    workspace.first_imag.swap(workspace.second_imag);
  }
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
}

void RealFft::inverse(const float* real, const float* imag, float* samples,
                      Workspace& workspace) const {
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
