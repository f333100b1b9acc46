#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// Mean and standard deviation over time of every channel and mel band.
///
/// x: (1, channels, mels, frames) float32, channels contiguous, at least two frames. Returns
/// (1, 2 * channels * mels): all means, then all deviations, mels fastest.
ggml_tensor* pool_over_time(ggml_context* graph, ggml_tensor* x);

}  // namespace muspeaker::nn
