#include "nn/attention.h"

#include <algorithm>
#include <cmath>

#include "nn/matrix_product.h"

namespace muspeaker::nn {
namespace {

/// bias: (heads, queries, keys); its source is the table (2 * window + 1, heads).
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void spread_bias(ggml_tensor* bias, int ith, int nth, void* /*userdata*/) {
  const ggml_tensor* table = bias->src[0];
  const auto* table_data = static_cast<const float*>(table->data);
  const int64_t keys = bias->ne[0];
  const int64_t queries = bias->ne[1];
  const int64_t num_heads = bias->ne[2];
  const int64_t window = table->ne[1] / 2;
  for (int64_t row = ith; row < queries * num_heads; row += nth) {
    const int64_t head = row / queries;
    const int64_t query = row % queries;
    float* out = static_cast<float*>(bias->data) + (row * keys);
    for (int64_t key = 0; key < keys; ++key) {
      const int64_t distance = std::clamp(key - query, -window, window);
      out[key] = table_data[((distance + window) * num_heads) + head];
    }
  }
}

/// (1, frames, hidden) to (1, heads, frames, hidden / heads), a view.
ggml_tensor* split_heads(ggml_context* graph, ggml_tensor* x, int64_t num_heads) {
  ggml_tensor* heads = ggml_reshape_3d(graph, x, x->ne[0] / num_heads, num_heads, x->ne[1]);
  return ggml_permute(graph, heads, 0, 2, 1, 3);
}

}  // namespace

RelativeAttention::RelativeAttention(const core::Scope& scope, int64_t hidden, int64_t num_heads,
                                     int64_t relative_window)
    : num_heads_(num_heads),
      query_(scope / "query", hidden, hidden),
      key_(scope / "key", hidden, hidden),
      value_(scope / "value", hidden, hidden),
      output_(scope / "output", hidden, hidden),
      relative_bias_(scope / "relative_bias", (2 * relative_window) + 1, num_heads) {}

ggml_tensor* RelativeAttention::forward(ggml_context* graph, ggml_tensor* x,
                                        ggml_tensor* residual) const {
  const int64_t tokens = x->ne[1];
  ggml_tensor* table = relative_bias_.weight();  // (2 * window + 1, heads)
  ggml_tensor* bias =
      ggml_custom_4d(graph, GGML_TYPE_F32, tokens, tokens, num_heads_, 1, &table, 1, spread_bias,
                     GGML_N_TASKS_MAX, nullptr);  // (1, heads, tokens, tokens)
  ggml_tensor* y = attend(graph, query_.forward(graph, x), key_.forward(graph, x),
                          value_.forward(graph, x), bias, num_heads_);
  return output_.forward(graph, y, plus(residual));
}

CrossAttention::CrossAttention(const core::Scope& scope, int64_t hidden, int64_t context,
                               int64_t num_heads)
    : num_heads_(num_heads),
      query_(scope / "query", hidden, hidden),
      key_(scope / "key", context, hidden),
      value_(scope / "value", context, hidden),
      output_(scope / "output", hidden, hidden) {}

ggml_tensor* CrossAttention::forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* y,
                                     ggml_tensor* residual) const {
  ggml_tensor* z = attend(graph, query_.forward(graph, x), key_.forward(graph, y),
                          value_.forward(graph, y), nullptr, num_heads_);
  return output_.forward(graph, z, plus(residual));
}

ggml_tensor* attend(ggml_context* graph, ggml_tensor* query, ggml_tensor* key, ggml_tensor* value,
                    ggml_tensor* bias, int64_t num_heads) {
  const int64_t hidden = query->ne[0];
  const int64_t width = hidden / num_heads;
  ggml_tensor* q = ggml_cont(graph, split_heads(graph, query, num_heads));
  ggml_tensor* scores =  // (1, heads, queries, keys)
      multiply_transposed(graph, q, split_heads(graph, key, num_heads));
  const float scale = 1.0F / std::sqrt(static_cast<float>(width));
  scores = ggml_soft_max_ext_inplace(graph, scores, bias, scale, 0.0F);
  ggml_tensor* across = ggml_transpose(graph, split_heads(graph, value, num_heads));
  ggml_tensor* y =
      multiply_transposed(graph, scores, across);  // (1, heads, queries, hidden / heads)
  y = ggml_cont(graph, ggml_permute(graph, y, 0, 2, 1, 3));
  return ggml_reshape_2d(graph, y, hidden, query->ne[1]);  // (1, queries, hidden)
}

}  // namespace muspeaker::nn
