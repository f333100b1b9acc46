#pragma once

#include <ggml.h>

#include <cstdint>

#include "core/weights.h"

namespace muspeaker::nn {

/// torch.nn.Embedding.
class Embedding {
 public:
  /// Claims `weight` of the scope; throws ModelFileError from there if it is absent or misshapen.
  Embedding(const core::Scope& scope, int64_t num_embeddings, int64_t channels);

  /// ids: (tokens,) int32, each below num_embeddings: ggml aborts on others, so the caller checks.
  /// Returns (tokens, channels) float32.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* ids) const;

  /// The table, (num_embeddings, channels) float32.
  [[nodiscard]] ggml_tensor* weight() const { return weight_; }

 private:
  ggml_tensor* weight_;
};

}  // namespace muspeaker::nn
