#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// Weighs two images against each other: x w + y (2 - w), where w = 1 + tanh(attention).
///
/// attention, x, y: (1, channels, mels, frames) float32, channels contiguous, views allowed.
/// Returns their shape. Source: Dai et al. 2021 (arXiv:2009.14082), as in Chen et al. 2024
/// (arXiv:2406.02167).
ggml_tensor* attentional_sum(ggml_context* graph, ggml_tensor* attention, ggml_tensor* x,
                             ggml_tensor* y);

}  // namespace muspeaker::nn
