#pragma once

#include <ggml.h>

#include <cstdint>

namespace muspeaker::nn {

/// The hyperbolic tangent of `count` values, each within 2e-7 of it. Vectorisable, unlike
/// std::tanh; the vocoder calls it twice per sample.
void tanh_in_place(float* values, int64_t count);

/// The same as a node that overwrites x, contiguous float32.
ggml_tensor* tanh_in_place(ggml_context* graph, ggml_tensor* x);

}  // namespace muspeaker::nn
