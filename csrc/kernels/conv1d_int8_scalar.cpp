#include "kernels/conv1d_int8_scalar.h"

#include <cmath>
#include <cstring>

namespace muspeaker::kernels {
namespace {

constexpr float kLeastMagnitude = 1e-30F;  // a quieter frame counts as silent

float leaky_relu(float value, float slope) {
  return value < 0.0F ? value * slope : value;
}

/// Quantises one frame to -127..127 and returns its scale.
float quantise_frame(const float* x, int64_t in, float slope, int8_t* to) {
  float largest = 0.0F;
  for (int64_t i = 0; i < in; ++i) {
    largest = std::fmax(largest, std::fabs(leaky_relu(x[i], slope)));
  }
  const bool silent = largest < kLeastMagnitude;
  const float inverse = silent ? 0.0F : 127.0F / largest;
  for (int64_t i = 0; i < in; ++i) {
    to[i] = static_cast<int8_t>(std::nearbyint(leaky_relu(x[i], slope) * inverse));
  }
  return silent ? 0.0F : largest / 127.0F;
}

/// Adds one tap to the row's sums (out), each rounded once.
void add_tap(const ConvShape& s, const int8_t* x, float frame_scale, const int8_t* weight,
             float* sums) {
  for (int64_t o = 0; o < s.out; ++o) {
    int32_t dot = 0;
    for (int64_t i = 0; i < s.in; ++i) {
      dot += x[i] * weight[o * s.in + i];
    }
    sums[o] = std::fma(static_cast<float>(dot), frame_scale, sums[o]);
  }
}

}  // namespace

int64_t conv_int8_weight_bytes_scalar(const ConvShape& shape) {
  return shape.kernel * shape.out * shape.in;
}

int64_t conv_int8_scratch_bytes_scalar(const ConvShape& shape) {
  return shape.out * static_cast<int64_t>(sizeof(float)) + shape.in;
}

void pack_int8_scalar(const ConvShape& shape, const int8_t* weight, void* packed) {
  std::memcpy(packed, weight, static_cast<size_t>(conv_int8_weight_bytes_scalar(shape)));
}

void conv_int8_scalar(const ConvShape& shape, const ConvRows& r) {
  auto* sums = static_cast<float*>(r.scratch);
  auto* frame = reinterpret_cast<int8_t*>(sums + shape.out);
  const auto* weight = static_cast<const int8_t*>(r.weight);
  for (int64_t row = r.row_begin; row < r.row_end; ++row) {
    std::memset(sums, 0, static_cast<size_t>(shape.out) * sizeof(float));
    for (int64_t k = 0; k < shape.kernel; ++k) {
      const int64_t at = row * shape.stride + k * shape.dilation - shape.pad;
      if (at >= 0 && at < r.in_frames) {
        const float scale = quantise_frame(r.x + at * shape.in, shape.in, r.input_slope, frame);
        add_tap(shape, frame, scale, weight + k * shape.out * shape.in, sums);
      }
    }
    for (int64_t o = 0; o < shape.out; ++o) {
      const int64_t at = (row - r.row_begin) * shape.out + o;
      float value = std::fma(sums[o], r.channel_scale[o], r.bias == nullptr ? 0.0F : r.bias[o]);
      value += r.residual == nullptr ? 0.0F : r.residual[at];
      value *= r.scale;
      r.y[at] = r.accumulate ? r.y[at] + value : value;
    }
  }
}

}  // namespace muspeaker::kernels
