#include "nn/attentional_sum.h"

#include <cstdint>

#include "core/elementary.h"
#include "core/thread_pool.h"
#include "core/wide_vectors.h"
#include "nn/image.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastRows = 1;  // of one thread

/// One pixel of each: (channels)
MUSPEAKER_INTO_CALLER void sum_pixel(const float* attention, const float* x, const float* y,
                                     int64_t channels, float* to) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    const float w = 1.0F + core::tanh_of(attention[channel]);
    to[channel] = (x[channel] * w) + (y[channel] * (2.0F - w));
  }
}

// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* sum, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  const int64_t channels = sum->ne[0];
  const int64_t frames = sum->ne[1];
  auto* out = static_cast<float*>(sum->data);
  core::parallel_ranges(sum->ne[2], kLeastRows, [&](int64_t begin, int64_t end) {
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t frame = 0; frame < frames; ++frame) {
          sum_pixel(pixel(sum->src[0], row, frame), pixel(sum->src[1], row, frame),
                    pixel(sum->src[2], row, frame), channels,
                    out + (((row * frames) + frame) * channels));
        }
      }
    });
  });
}

}  // namespace

ggml_tensor* attentional_sum(ggml_context* graph, ggml_tensor* attention, ggml_tensor* x,
                             ggml_tensor* y) {
  ggml_tensor* sources[] = {attention, x, y};
  return ggml_custom_4d(graph, GGML_TYPE_F32, x->ne[0], x->ne[1], x->ne[2], 1, sources, 3, run_node,
                        GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
