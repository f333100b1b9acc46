#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "kernels/conv1d.h"
#include "nn/fusion.h"

namespace muspeaker::nn {

/// How a layer whose weights the file holds as int8 computes: with inputs of float32, or of 14 bits
/// where kernels/fine.h has kernels for that and there are enough channels; or with the inputs
/// quantised to int8 too, frame by frame, which is faster and less exact. Weights that are stored
/// as float32 are always computed in float32, and so are those stored as float16, but in a file
/// with int8 weights they become as many bits as inputs of 14 leave. kInt8 with `tile_rows`
/// quantises by tiles, see kernels::Conv1d.
struct Arithmetic {
  enum Kind : std::uint8_t { kFloat, kInt8 };

  // NOLINTNEXTLINE(google-explicit-constructor): a kind is an arithmetic
  constexpr Arithmetic(Kind which, int64_t rows = 0) : kind(which), tile_rows(rows) {}

  Kind kind;
  int64_t tile_rows;
};

/// A convolution over time as a custom operator of ggml: what Conv1d, ConvTranspose1d and Linear
/// share. Weights are packed once, when the model is loaded.
class ConvOperator {
 public:
  enum class Kind : std::uint8_t { kPlain, kTransposed };

  /// weight: claimed from the model file, (kernel, out, in) in memory; bias: (out,) float32 or
  /// null.
  ConvOperator(Kind kind, const kernels::ConvShape& shape, const core::StoredWeight& weight,
               const ggml_tensor* bias, Arithmetic arithmetic);

  /// x: ne = [in, frames], float32. Returns ne = [out, frames out]; any number of threads gives the
  /// same bits. The operator must outlive the graph. Throws std::invalid_argument if a shape does
  /// not fit.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Fusion& fusion) const;

  /// The same outside a graph, on the calling thread, of an operator of kernel 1: x: (frames, in);
  /// y: (frames, out).
  void run(const float* x, int64_t frames, float* y) const;

 private:
  kernels::Conv1d kernel_;
};

}  // namespace muspeaker::nn
