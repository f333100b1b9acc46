#pragma once

#include <ggml.h>

#include <cstdint>

namespace muspeaker::nn {

/// One side of a product: `count` matrices of (rows, columns) float32 in one tensor, the value of
/// matrix m, row r and column c at m * matrix_step + r * row_step + c * column_step.
struct Matrices {
  ggml_tensor* tensor;
  int64_t count;
  int64_t rows;
  int64_t columns;
  int64_t matrix_step;
  int64_t row_step;
  int64_t column_step;
};

/// The products of matrices with the transposes of others, pair by pair, by the kernel of the
/// linear layers, on the current pool. Any number of threads gives the same bits.
///
/// x: (count, rows, depth) float32, contiguous; y: `count` matrices of (columns, depth) with any
/// steps, in a contiguous tensor. Returns (count, rows, columns) float32. Throws
/// std::invalid_argument if the two do not fit together.
ggml_tensor* multiply_transposed(ggml_context* graph, ggml_tensor* x, const Matrices& y);

}  // namespace muspeaker::nn
