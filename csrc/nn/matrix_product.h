#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// The products of matrices with the transposes of others, pair by pair, by the kernel of the
/// linear layers, on the current pool. Any number of threads gives the same bits.
///
/// x: (count, rows, depth) float32, contiguous; y: (count, columns, depth) float32, a view with any
/// strides. Returns (count, rows, columns) float32. Throws std::invalid_argument if the two do not
/// fit together.
ggml_tensor* multiply_transposed(ggml_context* graph, ggml_tensor* x, ggml_tensor* y);

}  // namespace muspeaker::nn
