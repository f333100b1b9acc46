#include "kernels/conv1d_int8_scalar.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/fine.h"

namespace muspeaker::kernels {
namespace {

constexpr float kLeastMagnitude = 1e-30F;  // a quieter frame counts as silent

float leaky_relu(float value, float slope) {
  return value < 0.0F ? value * slope : value;
}

/// The largest magnitude of frames [first, last), those outside the input left out.
float largest_magnitude(const ConvShape& s, const ConvRows& r, int64_t first, int64_t last) {
  first = std::max<int64_t>(first, 0);
  last = std::min(last, r.in_frames);
  float largest = 0.0F;
  for (int64_t i = first * s.in; i < last * s.in; ++i) {
    largest = std::fmax(largest, std::fabs(leaky_relu(r.x[i], r.input_slope)));
  }
  return largest;
}

float scale_of(float largest, float most) {
  return largest < kLeastMagnitude ? 0.0F : largest / most;
}

/// Quantises one frame; NaN, which no integer holds, becomes 0.
void quantise_frame(const float* x, int64_t in, float slope, float inverse, int16_t* to) {
  for (int64_t i = 0; i < in; ++i) {
    const float value = std::nearbyint(leaky_relu(x[i], slope) * inverse);
    to[i] = static_cast<int16_t>(std::isnan(value) ? 0.0F : value);
  }
}

/// Adds one tap's products to the row's integers (out).
template <typename Weight>
void add_tap(const ConvShape& s, const int16_t* x, const Weight* weight, int32_t* dots) {
  for (int64_t o = 0; o < s.out; ++o) {
    for (int64_t i = 0; i < s.in; ++i) {
      dots[o] += x[i] * weight[o * s.in + i];
    }
  }
}

/// Enters integers into the float sums, each rounded once, and clears them.
void enter(const ConvShape& s, float scale, int32_t* dots, float* sums) {
  for (int64_t o = 0; o < s.out; ++o) {
    sums[o] = std::fma(static_cast<float>(dots[o]), scale, sums[o]);
    dots[o] = 0;
  }
}

/// The float sums (out) of one output row, activations being -most to most.
template <typename Weight>
void sum_row(const ConvShape& s, const ConvRows& r, int64_t row, float most, float* sums) {
  auto* dots = reinterpret_cast<int32_t*>(sums + s.out);
  auto* frame = reinterpret_cast<int16_t*>(dots + s.out);
  std::memset(sums, 0, static_cast<size_t>(s.out) * (sizeof(float) + sizeof(int32_t)));
  float largest = 0.0F;
  if (s.tile_rows > 0) {
    const int64_t first = (row / s.tile_rows * s.tile_rows) - s.pad;
    largest = largest_magnitude(s, r, first, first + s.tile_rows + ((s.kernel - 1) * s.dilation));
  }
  for (int64_t k = 0; k < s.kernel; ++k) {
    const int64_t at = (row * s.stride) + (k * s.dilation) - s.pad;
    if (at < 0 || at >= r.in_frames) {
      continue;
    }
    if (s.tile_rows == 0) {
      enter(s, scale_of(largest, most), dots, sums);
      largest = largest_magnitude(s, r, at, at + 1);
    }
    const float inverse = largest < kLeastMagnitude ? 0.0F : most / largest;
    quantise_frame(r.x + (at * s.in), s.in, r.input_slope, inverse, frame);
    add_tap(s, frame, static_cast<const Weight*>(r.weight) + (k * s.out * s.in), dots);
  }
  enter(s, scale_of(largest, most), dots, sums);
}

}  // namespace

int64_t conv_int8_weight_bytes_scalar(const ConvShape& shape) {
  return shape.kernel * shape.out * shape.in;
}

int64_t conv_int8_scratch_bytes_scalar(const ConvShape& shape) {
  return shape.out * static_cast<int64_t>(sizeof(float) + sizeof(int32_t)) +
         shape.in * static_cast<int64_t>(sizeof(int16_t));
}

void pack_int8_scalar(const ConvShape& shape, const int8_t* weight, void* packed) {
  std::memcpy(packed, weight, static_cast<size_t>(conv_int8_weight_bytes_scalar(shape)));
}

int64_t conv_fine_weight_bytes_scalar(const ConvShape& shape) {
  return conv_int8_weight_bytes_scalar(shape) * static_cast<int64_t>(sizeof(int16_t));
}

void pack_fine_int8_scalar(const ConvShape& shape, const int8_t* weight, void* packed) {
  std::copy_n(weight, conv_int8_weight_bytes_scalar(shape), static_cast<int16_t*>(packed));
}

void pack_fine_int16_scalar(const ConvShape& shape, const int16_t* weight, void* packed) {
  std::memcpy(packed, weight, static_cast<size_t>(conv_fine_weight_bytes_scalar(shape)));
}

namespace {

template <typename Weight>
void conv_scalar(const ConvShape& shape, const ConvRows& r, float most) {
  auto* sums = static_cast<float*>(r.scratch);
  for (int64_t row = r.row_begin; row < r.row_end; ++row) {
    sum_row<Weight>(shape, r, row, most, sums);
    for (int64_t o = 0; o < shape.out; ++o) {
      const int64_t at = (row - r.row_begin) * shape.out + o;
      float value = std::fma(sums[o], r.channel_scale[o], r.bias == nullptr ? 0.0F : r.bias[o]);
      value += r.residual == nullptr ? 0.0F : r.residual[at];
      value *= r.scale;
      r.y[at] = r.accumulate ? r.y[at] + value : value;
    }
  }
}

}  // namespace

void conv_int8_scalar(const ConvShape& shape, const ConvRows& rows) {
  conv_scalar<int8_t>(shape, rows, 127.0F);
}

void conv_fine_scalar(const ConvShape& shape, const ConvRows& rows) {
  conv_scalar<int16_t>(shape, rows, kFineMost);
}

}  // namespace muspeaker::kernels
