#include "nn/attention.h"

#include <cmath>

#include "nn/matrix_product.h"
#include "nn/soft_max.h"

namespace muspeaker::nn {
namespace {

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
  ggml_tensor* y = attend(graph, query_.forward(graph, x), key_.forward(graph, x),
                          value_.forward(graph, x), relative_bias_.weight(), num_heads_);
  return output_.forward(graph, y, plus(residual));
}

CrossAttention::CrossAttention(const core::Scope& scope, int64_t hidden, int64_t context,
                               int64_t num_heads)
    : num_heads_(num_heads),
      query_(scope / "query", hidden, hidden),
      key_(scope / "key", context, hidden),
      value_(scope / "value", context, hidden),
      output_(scope / "output", hidden, hidden) {}

CrossAttention::Memory CrossAttention::remember(ggml_context* graph, ggml_tensor* y) const {
  return {key_.forward(graph, y), value_.forward(graph, y)};
}

ggml_tensor* CrossAttention::forward(ggml_context* graph, ggml_tensor* x, const Memory& y,
                                     ggml_tensor* residual) const {
  ggml_tensor* z =
      attend(graph, query_.forward(graph, x), y.key, y.value, /*relative=*/nullptr, num_heads_);
  return output_.forward(graph, z, plus(residual));
}

ggml_tensor* attend(ggml_context* graph, ggml_tensor* query, ggml_tensor* key, ggml_tensor* value,
                    ggml_tensor* relative, int64_t num_heads) {
  const int64_t hidden = query->ne[0];
  const int64_t width = hidden / num_heads;
  ggml_tensor* q = ggml_cont(graph, split_heads(graph, query, num_heads));
  ggml_tensor* scores =  // (1, heads, queries, keys)
      multiply_transposed(graph, q, split_heads(graph, key, num_heads));
  const float scale = 1.0F / std::sqrt(static_cast<float>(width));
  scores = soft_max_in_place(graph, scores, scale, relative);
  ggml_tensor* across = ggml_transpose(graph, split_heads(graph, value, num_heads));
  ggml_tensor* y =
      multiply_transposed(graph, scores, across);  // (1, heads, queries, hidden / heads)
  y = ggml_cont(graph, ggml_permute(graph, y, 0, 2, 1, 3));
  return ggml_reshape_2d(graph, y, hidden, query->ne[1]);  // (1, queries, hidden)
}

}  // namespace muspeaker::nn
