#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// torch.softmax(scale * x + bias, dim=-1), in place of x, in one pass over each row.
///
/// x: (heads, queries, keys) float32, contiguous. relative: null, or (2 * window + 1, heads), the
/// bias by the distance from query to key, which is clamped to the window; not of x's memory.
ggml_tensor* soft_max_in_place(ggml_context* graph, ggml_tensor* x, float scale,
                               ggml_tensor* relative);

}  // namespace muspeaker::nn
