#include "kernels/conv1d_scalar.h"

#include <cstring>

namespace muspeaker::kernels {
namespace {

float leaky_relu(float value, float slope) {
  return value < 0.0F ? value * slope : value;
}

/// Sum over taps and input channels for one output value, before bias.
float dot(const ConvShape& s, const ConvRows& r, int64_t row, int64_t channel) {
  const auto* weight = static_cast<const float*>(r.weight);
  float sum = 0.0F;
  for (int64_t k = 0; k < s.kernel; ++k) {
    const int64_t frame = row * s.stride + k * s.dilation - s.pad;
    if (frame < 0 || frame >= r.in_frames) {
      continue;
    }
    const float* x = r.x + frame * s.in;
    const float* w = weight + (k * s.out + channel) * s.in;
    for (int64_t i = 0; i < s.in; ++i) {
      sum += leaky_relu(x[i], r.input_slope) * w[i];
    }
  }
  return sum;
}

}  // namespace

int64_t conv_f32_weight_bytes_scalar(const ConvShape& shape) {
  return shape.kernel * shape.out * shape.in * static_cast<int64_t>(sizeof(float));
}

int64_t conv_f32_scratch_bytes_scalar(const ConvShape& /*shape*/) {
  return 0;
}

void pack_f32_scalar(const ConvShape& shape, const float* weight, const WeightSteps& steps,
                     void* packed) {
  auto* to = static_cast<float*>(packed);
  for (int64_t tap = 0; tap < shape.kernel; ++tap, weight += shape.out * shape.in) {
    for (int64_t out = 0; out < shape.out; ++out) {
      for (int64_t in = 0; in < shape.in; ++in) {
        *to++ = weight[(out * steps.out) + (in * steps.in)];
      }
    }
  }
}

void conv_f32_scalar(const ConvShape& shape, const ConvRows& r) {
  for (int64_t row = r.row_begin; row < r.row_end; ++row) {
    for (int64_t channel = 0; channel < shape.out; ++channel) {
      const int64_t at = (row - r.row_begin) * shape.out + channel;
      float value = dot(shape, r, row, channel);
      value += r.bias == nullptr ? 0.0F : r.bias[channel];
      value += r.residual == nullptr ? 0.0F : r.residual[at];
      value *= r.scale;
      r.y[at] = r.accumulate ? r.y[at] + value : value;
    }
  }
}

}  // namespace muspeaker::kernels
