#include "nn/layer_norm.h"

#include <string>

#include "core/error.h"
#include "core/thread_pool.h"
#include "core/wide_vectors.h"
#include "nn/normalize_row.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastRows = 32;  // rows of one thread

}  // namespace

LayerNorm::LayerNorm(const core::Scope& scope, int64_t channels)
    : channels_(channels),
      weight_(static_cast<const float*>(scope.tensor("weight", {channels})->data)),
      bias_(static_cast<const float*>(scope.tensor("bias", {channels})->data)) {}

ggml_tensor* LayerNorm::forward(ggml_context* graph, ggml_tensor* x) const {
  x = ggml_is_contiguous(x) ? x : ggml_cont(graph, x);
  core::require_input(x->type == GGML_TYPE_F32 && x->ne[0] == channels_,
                      "a norm expects (rows, " + std::to_string(channels_) +
                          ") float32, got rows of " + std::to_string(x->ne[0]));
  return ggml_custom_4d(graph, GGML_TYPE_F32, x->ne[0], x->ne[1], x->ne[2], x->ne[3], &x, 1,
                        compute, GGML_N_TASKS_MAX, const_cast<LayerNorm*>(this));
}

void LayerNorm::compute(ggml_tensor* y, int /*thread*/, int /*num_threads*/, void* self) {
  const auto& norm = *static_cast<const LayerNorm*>(self);
  const auto* from = static_cast<const float*>(y->src[0]->data);
  auto* to = static_cast<float*>(y->data);
  const int64_t channels = norm.channels_;
  core::parallel_ranges(ggml_nrows(y), kLeastRows, [&](int64_t begin, int64_t end) {
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t at = begin * channels; at < end * channels; at += channels) {
        normalize_row(from + at, channels, norm.weight_, norm.bias_, to + at);
      }
    });
  });
}

}  // namespace muspeaker::nn
