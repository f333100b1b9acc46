#include "model/aligner.h"

#include "nn/score_frames.h"

namespace muspeaker::model {

Aligner::Aligner(const core::Scope& scope, const core::AlignerConfig& config, int64_t num_phones)
    : mean_(scope / "mean", num_phones, 2 * config.num_cepstra),
      log_std_(scope / "log_std", num_phones, 2 * config.num_cepstra),
      phone_(scope / "phone", num_phones, config.hidden) {
  const core::Scope context = scope / "context";
  context_.emplace_back(context / 0,
                        nn::Conv1dShape{config.hidden, config.hidden, config.kernel, /*stride=*/1,
                                        /*padding=*/config.kernel / 2});
  context_.emplace_back(context / 2,
                        nn::Conv1dShape{config.hidden, 2 * config.num_cepstra, /*kernel=*/1});
}

ggml_tensor* Aligner::forward(ggml_context* graph, ggml_tensor* features,
                              ggml_tensor* phones) const {
  ggml_tensor* shift = context_[0].forward(graph, phone_.forward(graph, phones));
  shift = ggml_tanh(graph, context_[1].forward(graph, shift, nn::relu()));  // (1, tokens, features)
  return nn::score_frames(graph, {features, mean_.forward(graph, phones),
                                  log_std_.forward(graph, phones), shift, phones});
}

}  // namespace muspeaker::model
