#include "nn/pool_over_time.h"

#include <cmath>
#include <cstdint>

#include "nn/image.h"

namespace muspeaker::nn {
namespace {

constexpr double kEpsilon = 1e-8;

/// Threads share out the mel bands.
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* pooled, int thread, int num_threads, void* /*userdata*/) {
  const ggml_tensor* x = pooled->src[0];
  const int64_t channels = x->ne[0];
  const int64_t frames = x->ne[1];
  const int64_t mels = x->ne[2];
  auto* mean = static_cast<float*>(pooled->data);
  float* deviation = mean + (channels * mels);
  for (int64_t row = mels * thread / num_threads; row < mels * (thread + 1) / num_threads; ++row) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      double sum = 0;
      for (int64_t frame = 0; frame < frames; ++frame) {
        sum += pixel(x, row, frame)[channel];
      }
      const double centre = sum / static_cast<double>(frames);
      double squares = 0;
      for (int64_t frame = 0; frame < frames; ++frame) {
        const double distance = pixel(x, row, frame)[channel] - centre;
        squares += distance * distance;
      }
      const double variance = squares / static_cast<double>(frames - 1);
      mean[(channel * mels) + row] = static_cast<float>(centre);
      deviation[(channel * mels) + row] = static_cast<float>(std::sqrt(variance + kEpsilon));
    }
  }
}

}  // namespace

ggml_tensor* pool_over_time(ggml_context* graph, ggml_tensor* x) {
  return ggml_custom_4d(graph, GGML_TYPE_F32, 2 * x->ne[0] * x->ne[2], 1, 1, 1, &x, 1, run_node,
                        GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
