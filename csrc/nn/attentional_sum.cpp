#include "nn/attentional_sum.h"

#include <cmath>
#include <cstdint>

#include "nn/image.h"

namespace muspeaker::nn {
namespace {

/// Threads share out the rows.
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* sum, int thread, int num_threads, void* /*userdata*/) {
  const int64_t rows = sum->ne[2];
  auto* out = static_cast<float*>(sum->data);
  for (int64_t row = rows * thread / num_threads; row < rows * (thread + 1) / num_threads; ++row) {
    for (int64_t frame = 0; frame < sum->ne[1]; ++frame) {
      const float* a = pixel(sum->src[0], row, frame);
      const float* x = pixel(sum->src[1], row, frame);
      const float* y = pixel(sum->src[2], row, frame);
      float* to = out + (((row * sum->ne[1]) + frame) * sum->ne[0]);
      for (int64_t channel = 0; channel < sum->ne[0]; ++channel) {
        const float w = 1.0F + std::tanh(a[channel]);
        to[channel] = (x[channel] * w) + (y[channel] * (2.0F - w));
      }
    }
  }
}

}  // namespace

ggml_tensor* attentional_sum(ggml_context* graph, ggml_tensor* attention, ggml_tensor* x,
                             ggml_tensor* y) {
  ggml_tensor* sources[] = {attention, x, y};
  return ggml_custom_4d(graph, GGML_TYPE_F32, x->ne[0], x->ne[1], x->ne[2], 1, sources, 3, run_node,
                        GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
