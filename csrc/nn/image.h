#pragma once

#include <ggml.h>

#include <cstdint>

namespace muspeaker::nn {

/// The channels of one pixel of an image, ne = [channels, frames, mels], which may be a view.
inline const float* pixel(const ggml_tensor* image, int64_t row, int64_t frame) {
  const auto* bytes = static_cast<const char*>(image->data);
  return reinterpret_cast<const float*>(bytes + (row * image->nb[2]) + (frame * image->nb[1]));
}

}  // namespace muspeaker::nn
