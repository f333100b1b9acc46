#include "model/linguistic_encoder.h"

namespace muspeaker::model {

TransformerBlock::TransformerBlock(const core::Scope& scope,
                                   const core::LinguisticEncoderConfig& config)
    : norm1_(scope / "norm1", config.hidden),
      attention_(scope / "attention", config.hidden, config.num_heads, config.relative_window),
      norm2_(scope / "norm2", config.hidden),
      conv1_(scope / "conv1", {config.hidden, config.ffn_hidden, config.ffn_kernel, /*stride=*/1,
                               /*padding=*/config.ffn_kernel / 2}),
      conv2_(scope / "conv2", {config.ffn_hidden, config.hidden, config.ffn_kernel, /*stride=*/1,
                               /*padding=*/config.ffn_kernel / 2}) {}

ggml_tensor* TransformerBlock::forward(ggml_context* graph, ggml_tensor* x) const {
  x = attention_.forward(graph, norm1_.forward(graph, x), x);
  ggml_tensor* y = norm2_.forward(graph, x);
  y = conv1_.forward(graph, y);                         // (1, ffn, tokens)
  return conv2_.forward(graph, y, nn::relu().plus(x));  // (1, tokens, hidden)
}

LinguisticEncoder::LinguisticEncoder(const core::Scope& scope,
                                     const core::LinguisticEncoderConfig& config)
    : phone_(scope / "phone", config.num_phones, config.hidden),
      stress_(scope / "stress", config.num_stresses, config.hidden),
      boundary_(scope / "boundary", config.num_boundaries, config.hidden),
      norm_(scope / "norm", config.hidden) {
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    blocks_.emplace_back(scope / "blocks" / layer, config);
  }
}

ggml_tensor* LinguisticEncoder::forward(ggml_context* graph, const TokenIds& ids) const {
  ggml_tensor* x = phone_.forward(graph, ids.phones);  // (1, tokens, hidden)
  x = ggml_add(graph, x, stress_.forward(graph, ids.stresses));
  x = ggml_add(graph, x, boundary_.forward(graph, ids.boundaries));
  for (const TransformerBlock& block : blocks_) {
    x = block.forward(graph, x);
  }
  return norm_.forward(graph, x);
}

}  // namespace muspeaker::model
