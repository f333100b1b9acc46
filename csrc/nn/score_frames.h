#pragma once

#include <ggml.h>

namespace muspeaker::nn {

/// Operands of score_frames, float32 with channels contiguous.
struct FrameScores {
  ggml_tensor* features;  ///< (1, frames, channels)
  ggml_tensor* mean;      ///< (1, tokens, channels)
  ggml_tensor* log_std;   ///< (1, tokens, channels)
  ggml_tensor* shift;     ///< (1, tokens, channels), added to the mean of all phones but silence
  ggml_tensor* phones;    ///< (tokens,) int32; 0 is silence
};

/// Scaled log-likelihood of each frame under the Gaussian of each phone, (1, frames, tokens).
ggml_tensor* score_frames(ggml_context* graph, const FrameScores& operands);

}  // namespace muspeaker::nn
