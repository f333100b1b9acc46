#include "nn/average_phones.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace muspeaker::nn {
namespace {

/// Threads share out the phones; all of them count the frames before their own.
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* averages, int thread, int num_threads, void* /*userdata*/) {
  const ggml_tensor* x = averages->src[0];
  const auto* durations = static_cast<const int32_t*>(averages->src[1]->data);
  const int64_t channels = x->ne[0];
  const int64_t tokens = averages->ne[1];
  const int64_t end_token = tokens * (thread + 1) / num_threads;
  std::vector<double> sum(static_cast<size_t>(channels));
  int64_t first = 0;
  for (int64_t token = 0; token < end_token; ++token) {
    const int64_t duration = std::max(durations[token], 0);
    const int64_t last = std::min(first + duration, x->ne[1]);
    if (token >= tokens * thread / num_threads) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (int64_t row = 0; row < x->ne[2]; ++row) {
        const float* from =
            static_cast<const float*>(x->data) + (((row * x->ne[1]) + first) * channels);
        for (int64_t i = 0; i < (last - first) * channels; ++i) {
          sum[static_cast<size_t>(i % channels)] += from[i];
        }
      }
      float* to = static_cast<float*>(averages->data) + (token * channels);
      const auto count = static_cast<double>(std::max<int64_t>(last - first, 1) * x->ne[2]);
      std::transform(sum.begin(), sum.end(), to,
                     [count](double value) { return static_cast<float>(value / count); });
    }
    first = last;
  }
}

}  // namespace

ggml_tensor* average_phones(ggml_context* graph, ggml_tensor* x, ggml_tensor* durations) {
  ggml_tensor* sources[] = {x, durations};
  return ggml_custom_4d(graph, GGML_TYPE_F32, x->ne[0], durations->ne[0], 1, 1, sources, 2,
                        run_node, GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
