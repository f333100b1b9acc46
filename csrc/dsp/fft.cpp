#include "dsp/fft.h"

#include <cmath>
#include <string>

#include "core/elementary.h"
#include "core/error.h"
#include "core/wide_vectors.h"
#include "dsp/fft_passes.h"

namespace muspeaker::dsp {
namespace {

using passes::Source;
using passes::Target;

constexpr int64_t kMaxSamples = 16777216;  // 2^24, up to which float counts exactly
constexpr int64_t kLanes = 8;              // transforms that one vector makes side by side
constexpr int64_t kLeastRows = 4;          // values of each, for them to be joined

/// The radix of the next step: 4 as long as it divides, then 2, 5 and 3; 0 for other factors.
int64_t next_radix(int64_t remaining) {
  for (const int64_t radix : {4, 2, 5, 3}) {
    if (remaining % radix == 0) {
      return radix;
    }
  }
  return 0;
}

/// passes::for_pairs, in vectors that this machine has.
template <typename Work>
MUSPEAKER_INTO_CALLER void with_pairs(int64_t half, const Work& work) {
  if (core::vector_width() == core::VectorWidth::kBaseline) {
    passes::for_pairs<passes::Four>(half, work);
  } else {
    passes::for_pairs<passes::Eight>(half, work);
  }
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
  lanes_ = half % kLanes == 0 && half / kLanes >= kLeastRows ? kLanes : 1;
  int64_t remaining = half / lanes_;
  int64_t stride = lanes_;
  while (remaining > 1) {
    const int64_t radix = next_radix(remaining);
    const int64_t groups = remaining / radix;
    stages_.push_back({radix, groups, stride, static_cast<int64_t>(twiddles_.real.size())});
    for (int64_t power = 1; power < radix; ++power) {
      for (int64_t p = 0; p < groups; ++p) {
        twiddles_.add(p * power, remaining);
      }
    }
    remaining = groups;
    stride *= radix;
  }
  for (int64_t row = 0; lanes_ > 1 && row < half / lanes_; ++row) {
    for (int64_t lane = 0; lane < lanes_; ++lane) {
      lane_twiddles_.add(row * lane, half);
    }
  }
  for (int64_t k = 0; k <= half; ++k) {
    split_twiddles_.add(k, num_samples);
  }
}

void RealFft::Roots::add(int64_t place, int64_t turn) {
  const double angle = -core::kTwoPi * static_cast<double>(place) / static_cast<double>(turn);
  real.push_back(static_cast<float>(std::cos(angle)));
  imag.push_back(static_cast<float>(std::sin(angle)));
}

/// Transforms first_real + i first_imag; the result is left there too.
void RealFft::transform_half(Workspace& workspace) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    for (const Stage& stage : stages_) {
      const Source x{workspace.first_real.data(), workspace.first_imag.data()};
      const Target y{workspace.second_real.data(), workspace.second_imag.data()};
      const Source twiddles{twiddles_.real.data() + stage.offset,
                            twiddles_.imag.data() + stage.offset};
      if (lanes_ == 1) {
        passes::pass_of<float>(stage.radix, x, y, stage.groups, stage.stride, twiddles);
      } else if (core::vector_width() == core::VectorWidth::kBaseline) {
        passes::pass_of<passes::Four>(stage.radix, x, y, stage.groups, stage.stride, twiddles);
      } else {
        passes::pass_of<passes::Eight>(stage.radix, x, y, stage.groups, stage.stride, twiddles);
      }
      workspace.first_real.swap(workspace.second_real);
      workspace.first_imag.swap(workspace.second_imag);
    }
    if (lanes_ == kLanes) {
      const Source x{workspace.first_real.data(), workspace.first_imag.data()};
      const Target y{workspace.second_real.data(), workspace.second_imag.data()};
      const Source twiddles{lane_twiddles_.real.data(), lane_twiddles_.imag.data()};
      const int64_t rows = num_samples_ / 2 / kLanes;
      if (rows < passes::kWidth<passes::Eight> ||
          core::vector_width() == core::VectorWidth::kBaseline) {
        passes::join_eight<passes::Four>(x, y, rows, twiddles);
      } else {
        passes::join_eight<passes::Eight>(x, y, rows, twiddles);
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
    const Source twiddles{split_twiddles_.real.data(), split_twiddles_.imag.data()};
    with_pairs(half, [&](int64_t k, auto width) MUSPEAKER_INTO_CALLER_BODY {
      passes::split<decltype(width)>({zr, zi}, {real, imag}, k, half, twiddles);
    });
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
    zr[0] = real[0] + real[half];
    zi[0] = real[0] - real[half];
    const Source twiddles{split_twiddles_.real.data(), split_twiddles_.imag.data()};
    with_pairs(half, [&](int64_t k, auto width) MUSPEAKER_INTO_CALLER_BODY {
      passes::join<decltype(width)>({real, imag}, {zr, zi}, k, half, twiddles);
    });
    transform_half(workspace);
    const float scale = 0.5F / static_cast<float>(half);
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
