#include "model/phone_classifier.h"

#include <algorithm>
#include <cmath>

namespace muspeaker::model {
namespace {

constexpr int64_t kBlockKernel = 3;
constexpr double kPriorPower = 0.7;  // exponent of the prior that is divided out of the posterior
constexpr double kLeast = -12.0;     // scores are clamped to it

std::vector<float> copy(const ggml_tensor* tensor) {
  const float* data = ggml_get_data_f32(tensor);
  return {data, data + ggml_nelements(tensor)};
}

}  // namespace

PhoneClassifierBlock::PhoneClassifierBlock(const core::Scope& scope, int64_t hidden,
                                           int64_t dilation)
    : norm1_(scope / "norm1", hidden),
      norm2_(scope / "norm2", hidden),
      conv_(scope / "conv",
            {hidden, hidden, kBlockKernel, /*stride=*/1, /*padding=*/dilation, dilation}),
      linear_(scope / "linear", hidden, hidden) {}

ggml_tensor* PhoneClassifierBlock::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = conv_.forward(graph, norm1_.forward(graph, x), nn::relu());
  return linear_.forward(graph, norm2_.forward(graph, y), nn::relu());
}

PhoneClassifier::PhoneClassifier(const core::Scope& scope,
                                 const core::PhoneClassifierConfig& config, int64_t num_mels,
                                 int64_t num_phones)
    : conv_pre_(scope / "conv_pre", {num_mels, config.hidden, config.kernel, /*stride=*/1,
                                     /*padding=*/config.kernel / 2}),
      norm_(scope / "norm", config.hidden),
      linear_(scope / "linear", config.hidden, num_phones),
      log_prior_(copy(scope.tensor("log_prior", {num_phones}))) {
  int64_t block = 0;
  for (const int64_t dilation : config.dilations) {
    blocks_.emplace_back(scope / "blocks" / block, config.hidden, dilation);
    ++block;
  }
}

ggml_tensor* PhoneClassifier::forward(ggml_context* graph, ggml_tensor* x) const {
  x = conv_pre_.forward(graph, x);  // (1, frames, hidden)
  for (const PhoneClassifierBlock& block : blocks_) {
    x = ggml_add(graph, x, block.forward(graph, x));
  }
  return linear_.forward(graph, norm_.forward(graph, x), nn::relu());
}

void PhoneClassifier::phone_scores(core::Frames& logits) const {
  const int64_t phones = logits.width;
  const float* log_prior = log_prior_.data();
  for (int64_t t = 0; t < logits.rows(); ++t) {
    float* frame = logits.row(t);
    const double largest = *std::max_element(frame, frame + phones);
    double sum = 0.0;
    for (int64_t phone = 0; phone < phones; ++phone) {
      sum += std::exp(frame[phone] - largest);
    }
    const double log_sum = largest + std::log(sum);
    for (int64_t phone = 0; phone < phones; ++phone) {
      const double score = frame[phone] - log_sum - (kPriorPower * log_prior[phone]);
      frame[phone] = static_cast<float>(std::max(score, kLeast));
    }
  }
}

}  // namespace muspeaker::model
