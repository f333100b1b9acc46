#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"
#include "nn/embedding.h"
#include "nn/linear.h"

namespace muspeaker::nn {

/// Self-attention whose scores carry a learned bias for each relative position and head.
///
/// Source: Vaswani et al. 2017 (arXiv:1706.03762), Section 3.2; bias table after Raffel et al. 2020
/// (arXiv:1910.10683), Section 2.1, clipped at the window instead of in buckets.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class RelativeAttention {
 public:
  RelativeAttention(const core::Scope& scope, int64_t hidden, int64_t num_heads,
                    int64_t relative_window);

  /// x: (1, tokens, hidden) float32; residual: the shape of x, added to the result.
  /// Returns (1, tokens, hidden).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* residual) const;

 private:
  int64_t num_heads_;
  Linear query_;
  Linear key_;
  Linear value_;
  Linear output_;
  Embedding relative_bias_;
};

/// Attention from one sequence to another.
///
/// Source: Vaswani et al. 2017 (arXiv:1706.03762), Section 3.2.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class CrossAttention {
 public:
  CrossAttention(const core::Scope& scope, int64_t hidden, int64_t context, int64_t num_heads);

  /// What is looked at, (1, style frames, hidden) float32 each.
  struct Memory {
    ggml_tensor* key;
    ggml_tensor* value;
  };

  /// y: (1, style frames, context) float32.
  Memory remember(ggml_context* graph, ggml_tensor* y) const;

  /// x: (1, frames, hidden) float32; y: from remember(); residual: the shape of x, added to the
  /// result. Returns (1, frames, hidden).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, const Memory& y,
                       ggml_tensor* residual) const;

 private:
  int64_t num_heads_;
  Linear query_;
  Linear key_;
  Linear value_;
  Linear output_;
};

/// Scaled dot-product attention with a bias by distance; softmax in float32.
///
/// query: (1, queries, hidden) float32; key, value: (1, keys, hidden) float32; relative: (2 *
/// window
/// + 1, heads) float32 as soft_max_in_place takes it, or null; num_heads must divide hidden.
/// Returns (1, queries, hidden).
ggml_tensor* attend(ggml_context* graph, ggml_tensor* query, ggml_tensor* key, ggml_tensor* value,
                    ggml_tensor* relative, int64_t num_heads);

}  // namespace muspeaker::nn
