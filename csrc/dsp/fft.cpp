#include "dsp/fft.h"

#include <cmath>
#include <string>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;
constexpr int64_t kMaxSamples = int64_t{1} << 24;

struct Signal {
  const float* real;
  const float* imag;
};

struct Result {
  float* real;
  float* imag;
};

/// Groups of 4 inputs, `distance` apart, become 4 neighbouring outputs, each `stride` values long.
void radix4(Signal x, Result y, int64_t groups, int64_t stride, const float* w_real,
            const float* w_imag) {
  const int64_t distance = groups * stride;
  for (int64_t p = 0; p < groups; ++p) {
    const float w1r = w_real[3 * p], w1i = w_imag[3 * p];
    const float w2r = w_real[3 * p + 1], w2i = w_imag[3 * p + 1];
    const float w3r = w_real[3 * p + 2], w3i = w_imag[3 * p + 2];
    const float* xr = x.real + p * stride;
    const float* xi = x.imag + p * stride;
    float* __restrict yr = y.real + 4 * p * stride;
    float* __restrict yi = y.imag + 4 * p * stride;
    for (int64_t q = 0; q < stride; ++q) {
      const float ar = xr[q], ai = xi[q];
      const float br = xr[q + distance], bi = xi[q + distance];
      const float cr = xr[q + 2 * distance], ci = xi[q + 2 * distance];
      const float dr = xr[q + 3 * distance], di = xi[q + 3 * distance];
      const float sum_ac_r = ar + cr, sum_ac_i = ai + ci;
      const float dif_ac_r = ar - cr, dif_ac_i = ai - ci;
      const float sum_bd_r = br + dr, sum_bd_i = bi + di;
      const float rot_bd_r = bi - di, rot_bd_i = dr - br;  // -i (b - d)
      const float s1r = dif_ac_r + rot_bd_r, s1i = dif_ac_i + rot_bd_i;
      const float s2r = sum_ac_r - sum_bd_r, s2i = sum_ac_i - sum_bd_i;
      const float s3r = dif_ac_r - rot_bd_r, s3i = dif_ac_i - rot_bd_i;
      yr[q] = sum_ac_r + sum_bd_r;
      yi[q] = sum_ac_i + sum_bd_i;
      yr[q + stride] = s1r * w1r - s1i * w1i;
      yi[q + stride] = s1r * w1i + s1i * w1r;
      yr[q + 2 * stride] = s2r * w2r - s2i * w2i;
      yi[q + 2 * stride] = s2r * w2i + s2i * w2r;
      yr[q + 3 * stride] = s3r * w3r - s3i * w3i;
      yi[q + 3 * stride] = s3r * w3i + s3i * w3r;
    }
  }
}

/// The last step of an odd power of two: one group, no twiddle factors.
void radix2(Signal x, Result y, int64_t stride) {
  float* __restrict yr = y.real;
  float* __restrict yi = y.imag;
  for (int64_t q = 0; q < stride; ++q) {
    yr[q] = x.real[q] + x.real[q + stride];
    yi[q] = x.imag[q] + x.imag[q + stride];
    yr[q + stride] = x.real[q] - x.real[q + stride];
    yi[q + stride] = x.imag[q] - x.imag[q + stride];
  }
}

}  // namespace

RealFft::RealFft(int64_t num_samples) : num_samples_(num_samples) {
  core::require_input(
      num_samples >= 1 && num_samples <= kMaxSamples && (num_samples & (num_samples - 1)) == 0,
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
    const Signal x{workspace.first_real.data(), workspace.first_imag.data()};
    const Result y{workspace.second_real.data(), workspace.second_imag.data()};
    if (stage.radix == 4) {
      radix4(x, y, stage.groups, stage.stride, twiddle_real_.data() + stage.offset,
             twiddle_imag_.data() + stage.offset);
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
  for (std::vector<float>* part : {&workspace.first_real, &workspace.first_imag,
                                   &workspace.second_real, &workspace.second_imag}) {
    part->resize(static_cast<size_t>(half));
  }
  float* zr = workspace.first_real.data();
  float* zi = workspace.first_imag.data();
  for (int64_t k = 0; k < half; ++k) {
    zr[k] = samples[2 * k];
    zi[k] = samples[2 * k + 1];
  }
  transform_half(workspace);
  zr = workspace.first_real.data();
  zi = workspace.first_imag.data();
  real[0] = zr[0] + zi[0];
  imag[0] = 0.0F;
  real[half] = zr[0] - zi[0];
  imag[half] = 0.0F;
  for (int64_t k = 1; k < half; ++k) {
    const float even_real = 0.5F * (zr[k] + zr[half - k]);
    const float even_imag = 0.5F * (zi[k] - zi[half - k]);
    const float odd_real = 0.5F * (zi[k] + zi[half - k]);
    const float odd_imag = 0.5F * (zr[half - k] - zr[k]);
    const float wr = split_real_[static_cast<size_t>(k)];
    const float wi = split_imag_[static_cast<size_t>(k)];
    real[k] = even_real + odd_real * wr - odd_imag * wi;
    imag[k] = even_imag + odd_real * wi + odd_imag * wr;
  }
}

void RealFft::power(const float* samples, float* power, Workspace& workspace) const {
  std::vector<float>& imag = workspace.spectrum_imag;
  imag.resize(static_cast<size_t>(num_bins()));
  forward(samples, power, imag.data(), workspace);
  for (int64_t k = 0; k < num_bins(); ++k) {
    power[k] = power[k] * power[k] + imag[static_cast<size_t>(k)] * imag[static_cast<size_t>(k)];
  }
}

}  // namespace muspeaker::dsp
