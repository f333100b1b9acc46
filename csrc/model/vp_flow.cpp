#include "model/vp_flow.h"

#include <utility>

namespace muspeaker::model {
namespace {

/// Half 0 or 1 of (1, tokens, latent): (1, tokens, latent / 2).
ggml_tensor* half_of(ggml_context* graph, ggml_tensor* x, int half) {
  const int64_t width = x->ne[0] / 2;
  return ggml_cont(graph, ggml_view_2d(graph, x, width, x->ne[1], x->nb[1],
                                       static_cast<size_t>(half * width) * x->nb[0]));
}

}  // namespace

AdditiveCoupling::AdditiveCoupling(const core::Scope& scope, int64_t latent, int64_t condition,
                                   int64_t hidden, int64_t kernel)
    : conv1_(scope / "conv1", {latent / 2, hidden, kernel, /*stride=*/1, /*padding=*/kernel / 2}),
      condition_(scope / "condition", condition, hidden),
      conv2_(scope / "conv2", {hidden, hidden, kernel, /*stride=*/1, /*padding=*/kernel / 2}),
      linear_(scope / "linear", hidden, latent / 2) {}

ggml_tensor* AdditiveCoupling::forward(ggml_context* graph, ggml_tensor* x,
                                       ggml_tensor* e_ling) const {
  ggml_tensor* y = conv1_.forward(graph, x, nn::plus(condition_.forward(graph, e_ling)));
  y = conv2_.forward(graph, y, nn::relu());  // (1, tokens, hidden)
  return linear_.forward(graph, y, nn::relu());
}

VPFlow::VPFlow(const core::Scope& scope, const core::VPFlowConfig& config, int64_t latent,
               int64_t condition) {
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    couplings_.emplace_back(scope / "couplings" / layer, latent, condition, config.hidden,
                            config.kernel);
  }
}

ggml_tensor* VPFlow::forward(ggml_context* graph, ggml_tensor* e_mel, ggml_tensor* e_ling) const {
  ggml_tensor* a = half_of(graph, e_mel, /*half=*/0);  // (1, tokens, latent / 2)
  ggml_tensor* b = half_of(graph, e_mel, /*half=*/1);
  for (const AdditiveCoupling& coupling : couplings_) {
    std::swap(a, b);
    a = ggml_add(graph, a, coupling.forward(graph, b, e_ling));
  }
  return ggml_concat(graph, a, b, /*dim=*/0);
}

ggml_tensor* VPFlow::inverse(ggml_context* graph, ggml_tensor* noise, ggml_tensor* e_ling) const {
  ggml_tensor* a = half_of(graph, noise, /*half=*/0);  // (1, tokens, latent / 2)
  ggml_tensor* b = half_of(graph, noise, /*half=*/1);
  for (auto coupling = couplings_.rbegin(); coupling != couplings_.rend(); ++coupling) {
    std::swap(a, b);
    b = ggml_sub(graph, b, coupling->forward(graph, a, e_ling));
  }
  return ggml_concat(graph, a, b, /*dim=*/0);
}

}  // namespace muspeaker::model
