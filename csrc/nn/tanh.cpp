#include "nn/tanh.h"

#include "core/elementary.h"
#include "core/thread_pool.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastValues = 4096;  // values of one thread

// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* y, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  auto* values = static_cast<float*>(y->data);
  core::parallel_ranges(ggml_nelements(y), kLeastValues, [&](int64_t begin, int64_t end) {
    tanh_in_place(values + begin, end - begin);
  });
}

}  // namespace

void tanh_in_place(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    values[i] = core::tanh_of(values[i]);
  }
}

ggml_tensor* tanh_in_place(ggml_context* graph, ggml_tensor* x) {
  return ggml_custom_inplace(graph, x, nullptr, 0, run_node, GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
