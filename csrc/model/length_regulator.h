#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

namespace muspeaker::model {

/// The hard alignment that durations describe: the token that holds each frame.
///
/// durations: (tokens,) int32, frames, none negative. Returns (frames,) int32.
std::vector<int32_t> make_path(const std::vector<int32_t>& durations);

/// Repeats each token for as many frames as it lasts.
///
/// Source: Ren et al. 2019 (arXiv:1905.09263).
class LengthRegulator {
 public:
  /// x: (1, tokens, hidden) float32; path: (frames,) int32 from make_path, each below tokens.
  /// Returns (1, frames, hidden).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* path) const;
};

}  // namespace muspeaker::model
