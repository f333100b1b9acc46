#include "model/predictor.h"

namespace muspeaker::model {

PredictorLayer::PredictorLayer(const core::Scope& scope, int64_t hidden, int64_t kernel)
    : conv_(scope / "conv", {hidden, hidden, kernel, /*stride=*/1, /*padding=*/kernel / 2}),
      norm_(scope / "norm", hidden) {}

ggml_tensor* PredictorLayer::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = conv_.forward(graph, x);
  return norm_.forward(graph, ggml_relu(graph, y));
}

Predictor::Predictor(const core::Scope& scope, const core::VariationAdapterConfig& config,
                     int64_t content, int64_t style, int64_t outputs)
    : project_(scope / "project", content, config.hidden),
      attention_(scope / "attention", config.hidden, style, config.num_heads),
      norm_(scope / "norm", config.hidden),
      linear_(scope / "linear", config.hidden, outputs) {
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    layers1_.emplace_back(scope / "layers1" / layer, config.hidden, config.kernel);
    layers2_.emplace_back(scope / "layers2" / layer, config.hidden, config.kernel);
  }
}

Predictor::StyleMemory Predictor::remember(ggml_context* graph, ggml_tensor* e_sty) const {
  return attention_.remember(graph, e_sty);
}

ggml_tensor* Predictor::forward(ggml_context* graph, ggml_tensor* x,
                                const StyleMemory& style) const {
  x = project_.forward(graph, x);  // (1, frames, hidden)
  for (const PredictorLayer& layer : layers1_) {
    x = layer.forward(graph, x);
  }
  x = norm_.forward(graph, attention_.forward(graph, x, style, x));
  for (const PredictorLayer& layer : layers2_) {
    x = layer.forward(graph, x);
  }
  return linear_.forward(graph, x);
}

}  // namespace muspeaker::model
