#include "nn/embedding.h"

namespace muspeaker::nn {

Embedding::Embedding(const core::Scope& scope, int64_t num_embeddings, int64_t channels)
    : weight_(scope.tensor("weight", {channels, num_embeddings})) {}

ggml_tensor* Embedding::forward(ggml_context* graph, ggml_tensor* ids) const {
  return ggml_get_rows(graph, weight_, ids);
}

}  // namespace muspeaker::nn
