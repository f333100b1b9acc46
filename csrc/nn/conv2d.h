#pragma once

#include <ggml.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/weights.h"
#include "kernels/conv1d.h"

namespace muspeaker::nn {

/// What a convolution does to its sums: min(x >= 0 ? x : slope * x, ceiling).
struct Activation {
  float slope = 1.0F;
  float ceiling = std::numeric_limits<float>::infinity();
};

/// Sizes of a Conv2d. Height is frequency and width is time, as in PyTorch's (mels, frames).
struct Conv2dShape {
  int64_t in = 1;
  int64_t out = 1;
  int64_t kernel = 1;         ///< taps on both axes
  int64_t stride_height = 1;  ///< input rows from one output row to the next
  int64_t stride_width = 1;   ///< input frames from one output frame to the next
};

/// torch.nn.Conv2d over images of channels-contiguous memory, ne = [channels, frames, mels], padded
/// by half the kernel on every side.
///
/// Rows of a window are gathered side by side, frame by frame, which makes one row of the output a
/// convolution over time for kernels::Conv1d. Where several images go in, their channels follow
/// each other, as torch.cat would put them; they may be views of wider images. Throws
/// ModelFileError from the constructor if a tensor is absent or misshapen.
class Conv2d {
 public:
  /// weight (out, in, kernel, kernel); bias (out), or absent when the layer has none.
  Conv2d(const core::Scope& scope, const Conv2dShape& shape, bool bias = true);

  /// Every x: (1, channels, mels, frames) float32; residual, added before the activation: null or
  /// of the result's shape. Returns (1, out, ceil(mels / stride), ceil(frames / stride)).
  ggml_tensor* forward(ggml_context* graph, const std::vector<ggml_tensor*>& x,
                       const Activation& activation = {}, ggml_tensor* residual = nullptr) const;
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Activation& activation = {},
                       ggml_tensor* residual = nullptr) const {
    return forward(graph, std::vector<ggml_tensor*>{x}, activation, residual);
  }

 private:
  struct Image;  // the operands of one call

  static void compute(ggml_tensor* y, int ith, int nth, void* self);
  void compute_linear(const Image& image, int64_t begin, int64_t end) const;
  void compute_rows(const Image& image, int64_t row_begin, int64_t row_end) const;
  void gather(const Image& image, int64_t row, int64_t first, int64_t frames, float* staged) const;

  Conv2dShape shape_;
  kernels::Conv1d conv_;  // convolution over the gathered rows: kernel x in channels
};

}  // namespace muspeaker::nn
