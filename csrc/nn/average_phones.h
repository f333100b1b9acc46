#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// Averages an image over all mel bands and over the frames of each phone.
///
/// x: (1, channels, mels, frames) float32, channels contiguous; durations: (tokens,) int32, the
/// frames of each phone, in order. Returns (1, tokens, channels). Frames beyond the image's end
/// count as absent; the average of a phone without frames is zeros.
ggml_tensor* average_phones(ggml_context* graph, ggml_tensor* x, ggml_tensor* durations);

}  // namespace muspeaker::nn
