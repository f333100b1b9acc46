#include "nn/conv2d.h"

#include <algorithm>

#include "core/thread_pool.h"
#include "kernels/fine.h"
#include "nn/custom_node.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kMinFrames = 48;
constexpr int64_t kLeastFineIn = 16;  // channels: fewer are not worth quantising

float* values(const ggml_tensor* tensor) {
  return static_cast<float*>(tensor->data);
}

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// (out, in, kernel, kernel) as the weights of a convolution over time whose input channels are
/// `kernel` rows of the image.
template <typename Value>
std::vector<Value> taps_of_rows(const Conv2dShape& s, const Value* weight) {
  std::vector<Value> taps(static_cast<size_t>(s.kernel * s.kernel * s.in * s.out));
  const int64_t in_rows = s.kernel * s.in;
  for (int64_t o = 0; o < s.out; ++o) {
    for (int64_t i = 0; i < s.in; ++i) {
      for (int64_t row = 0; row < s.kernel; ++row) {
        for (int64_t column = 0; column < s.kernel; ++column) {
          taps[static_cast<size_t>((((column * s.out) + o) * in_rows) + (row * s.in) + i)] =
              *weight++;
        }
      }
    }
  }
  return taps;
}

/// The layer as a convolution over time. Where the weights are int8, its inputs are of 14 bits if
/// there are kernels for that.
kernels::Conv1d conv_of_rows(const core::Scope& scope, const Conv2dShape& s, bool bias) {
  const core::StoredWeight weight = scope.stored("weight", {s.kernel, s.kernel, s.in, s.out});
  const float* offsets = bias ? values(scope.tensor("bias", {s.out})) : nullptr;
  const kernels::ConvShape shape{s.kernel * s.in, s.out, s.kernel, s.stride_width};
  const kernels::KernelTable* fine = kernels::active_fine_kernels();
  if (weight.values->type == GGML_TYPE_I8 && fine != nullptr && shape.in >= kLeastFineIn &&
      shape.in <= kernels::kMostFineIn) {
    const auto taps = taps_of_rows(s, static_cast<const int8_t*>(weight.values->data));
    return {shape, taps.data(), values(weight.scale), offsets, *fine};
  }
  const std::vector<float> expanded = weight.to_float();
  return {shape, taps_of_rows(s, expanded.data()).data(), offsets};
}

void activate(const Activation& activation, float* y, int64_t count) {
  if (activation.slope == 1.0F && activation.ceiling == Activation{}.ceiling) {
    return;
  }
  const float slope = activation.slope;
  const float ceiling = activation.ceiling;
  for (int64_t i = 0; i < count; ++i) {
    const float x = y[i];
    y[i] = std::min(std::max(x, 0.0F) + (slope * std::min(x, 0.0F)), ceiling);
  }
}

}  // namespace

struct Conv2d::Image {
  std::vector<const ggml_tensor*> x;
  int64_t in_rows, in_frames;
  const float* residual;
  float* y;
  int64_t rows, frames;  // sizes of y
  Activation activation;
};

Conv2d::Conv2d(const core::Scope& scope, const Conv2dShape& shape, bool bias)
    : shape_(shape), conv_(conv_of_rows(scope, shape, bias)) {}

ggml_tensor* Conv2d::forward(ggml_context* graph, const std::vector<ggml_tensor*>& x,
                             const Activation& activation, ggml_tensor* residual) const {
  std::vector<ggml_tensor*> operands = x;
  if (residual != nullptr) {
    operands.push_back(residual);
  }
  ggml_tensor* y =
      ggml_custom_4d(graph, GGML_TYPE_F32, shape_.out, ceil_div(x[0]->ne[1], shape_.stride_width),
                     ceil_div(x[0]->ne[2], shape_.stride_height), 1, operands.data(),
                     static_cast<int>(operands.size()), compute, GGML_N_TASKS_MAX,
                     const_cast<Conv2d*>(this));  // ggml hands it back to compute, which only reads
  set_node_params(y, activation);
  return y;
}

void Conv2d::compute(ggml_tensor* y, int /*ith*/, int /*nth*/, void* self) {
  const auto& conv = *static_cast<const Conv2d*>(self);
  Image image{/*x=*/{},  y->src[0]->ne[2], y->src[0]->ne[1], /*residual=*/nullptr,
              values(y), y->ne[2],         y->ne[1],         node_params<Activation>(y)};
  int64_t channels = 0;
  for (const ggml_tensor* operand : y->src) {
    if (operand != nullptr && channels < conv.shape_.in) {
      image.x.push_back(operand);
      channels += operand->ne[0];
    } else if (operand != nullptr) {
      image.residual = values(operand);
    }
  }
  const bool one_to_one =
      conv.shape_.kernel == 1 && conv.shape_.stride_height == 1 && conv.shape_.stride_width == 1;
  if (one_to_one && image.x.size() == 1 && ggml_is_contiguous(image.x[0])) {
    core::parallel_ranges(image.rows * image.frames, kMinFrames, [&](int64_t begin, int64_t end) {
      conv.compute_linear(image, begin, end);
    });
    return;
  }
  core::parallel_ranges(image.rows, 1,
                        [&](int64_t begin, int64_t end) { conv.compute_rows(image, begin, end); });
}

/// A 1 x 1 kernel sees no neighbours: the image is one long row.
void Conv2d::compute_linear(const Image& image, int64_t begin, int64_t end) const {
  kernels::ConvCall call;
  call.x = values(image.x[0]);
  call.in_frames = image.rows * image.frames;
  call.residual = image.residual;
  call.y = image.y;
  while (begin < end) {
    const int64_t next =
        std::min(begin + std::max(kernels::kStagedFloats / shape_.out, kMinFrames), end);
    conv_.run(call, begin, next);
    activate(image.activation, image.y + (begin * shape_.out), (next - begin) * shape_.out);
    begin = next;
  }
}

void Conv2d::compute_rows(const Image& image, int64_t row_begin, int64_t row_end) const {
  static thread_local std::vector<float> staged;
  const int64_t wide = shape_.kernel * shape_.in;
  const int64_t tile = std::max(kernels::kStagedFloats / (wide * shape_.stride_width), kMinFrames);
  staged.resize(static_cast<size_t>(((tile * shape_.stride_width) + shape_.kernel) * wide));
  for (int64_t row = row_begin; row < row_end; ++row) {
    for (int64_t begin = 0; begin < image.frames; begin += tile) {
      const int64_t frames = std::min(tile, image.frames - begin);
      const int64_t first = (begin * shape_.stride_width) - (shape_.kernel / 2);
      const int64_t in_frames = ((frames - 1) * shape_.stride_width) + shape_.kernel;
      const int64_t at = ((row * image.frames) + begin) * shape_.out;
      gather(image, row, first, in_frames, staged.data());
      kernels::ConvCall call;
      call.x = staged.data();
      call.in_frames = in_frames;
      call.residual = image.residual == nullptr ? nullptr : image.residual + at;
      call.y = image.y + at;
      conv_.run(call, 0, frames);
      activate(image.activation, call.y, frames * shape_.out);
    }
  }
}

/// Frames [first, first + frames) of the input rows that output row `row` sees, all channels of all
/// these rows side by side; zero outside the image.
void Conv2d::gather(const Image& image, int64_t row, int64_t first, int64_t frames,
                    float* staged) const {
  const int64_t wide = shape_.kernel * shape_.in;
  const int64_t begin = std::clamp<int64_t>(-first, 0, frames);
  const int64_t end = std::clamp<int64_t>(image.in_frames - first, begin, frames);
  std::fill_n(staged, begin * wide, 0.0F);
  std::fill_n(staged + (end * wide), (frames - end) * wide, 0.0F);
  for (int64_t tap = 0; tap < shape_.kernel; ++tap) {
    const int64_t in_row = (row * shape_.stride_height) + tap - (shape_.kernel / 2);
    const bool inside = in_row >= 0 && in_row < image.in_rows;
    float* to = staged + (begin * wide) + (tap * shape_.in);
    for (const ggml_tensor* x : image.x) {
      const int64_t channels = x->ne[0];
      const auto step = static_cast<int64_t>(x->nb[1] / sizeof(float));
      const float* from = inside ? values(x) +
                                       (in_row * static_cast<int64_t>(x->nb[2] / sizeof(float))) +
                                       ((first + begin) * step)
                                 : nullptr;
      float* pixel = to;
      for (int64_t i = begin; i < end; ++i, pixel += wide) {
        if (inside) {
          std::copy_n(from, channels, pixel);
          from += step;
        } else {
          std::fill_n(pixel, channels, 0.0F);
        }
      }
      to += channels;
    }
  }
}

}  // namespace muspeaker::nn
