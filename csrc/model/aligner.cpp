#include "model/aligner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace muspeaker::model {
namespace {

constexpr float kEmissionScale = 0.3F;
constexpr float kMinLogStd = -1.5F;
constexpr float kMaxLogStd = 1.0F;
constexpr int64_t kStatesAPhone = 2;  // so a phone lasts at least two frames; a pause has one

/// scores (frames, tokens) of features (frames, channels) under mean and log_std, (tokens,
/// channels), the mean of all phones but silence moved by shift, (tokens, channels).
void score_frames(ggml_tensor* scores, int thread, int num_threads, void* /*unused*/) {
  const auto floats = [&](int index) {
    return static_cast<const float*>(scores->src[index]->data);
  };
  const float* features = floats(0);
  const float* mean = floats(1);
  const float* log_std = floats(2);
  const float* shift = floats(3);
  const auto* phones = static_cast<const int32_t*>(scores->src[4]->data);
  const int64_t channels = scores->src[0]->ne[0];
  const int64_t tokens = scores->ne[0];
  const int64_t frames = scores->ne[1];
  const int64_t end = frames * (thread + 1) / num_threads;
  std::vector<float> centre(static_cast<size_t>(channels));
  std::vector<float> weight(centre.size());
  for (int64_t token = 0; token < tokens; ++token) {
    float constant = 0.0F;
    for (int64_t i = 0; i < channels; ++i) {
      const int64_t at = (token * channels) + i;
      const float level = std::clamp(log_std[at], kMinLogStd, kMaxLogStd);
      centre[static_cast<size_t>(i)] = mean[at] + (phones[token] > 0 ? shift[at] : 0.0F);
      weight[static_cast<size_t>(i)] = std::exp(-2.0F * level);
      constant += 2.0F * level;
    }
    for (int64_t t = frames * thread / num_threads; t < end; ++t) {
      const float* x = features + (t * channels);
      float distance = constant;
      for (int64_t i = 0; i < channels; ++i) {
        const float difference = x[i] - centre[static_cast<size_t>(i)];
        distance += weight[static_cast<size_t>(i)] * difference * difference;
      }
      static_cast<float*>(scores->data)[(t * tokens) + token] = -0.5F * kEmissionScale * distance;
    }
  }
}

}  // namespace

Aligner::Aligner(const core::Scope& scope, const core::AlignerConfig& config, int64_t num_phones)
    : mean_(scope / "mean", num_phones, 2 * config.num_cepstra),
      log_std_(scope / "log_std", num_phones, 2 * config.num_cepstra),
      phone_(scope / "phone", num_phones, config.hidden) {
  const core::Scope context = scope / "context";
  context_.emplace_back(context / 0, config.hidden, config.hidden, config.kernel, 1,
                        config.kernel / 2);
  context_.emplace_back(context / 2, config.hidden, 2 * config.num_cepstra, 1);
}

ggml_tensor* Aligner::forward(ggml_context* graph, ggml_tensor* features,
                              ggml_tensor* phones) const {
  ggml_tensor* shift = context_[0].forward(graph, phone_.forward(graph, phones));
  shift = ggml_tanh(graph, context_[1].forward(graph, shift, {0.0F}));  // (1, tokens, features)
  ggml_tensor* operands[] = {
      features, mean_.forward(graph, phones), log_std_.forward(graph, phones), shift, phones,
  };
  return ggml_custom_4d(graph, GGML_TYPE_F32, phones->ne[0], features->ne[1], 1, 1, operands, 5,
                        score_frames, GGML_N_TASKS_MAX, nullptr);
}

std::vector<int32_t> merge_pauses(std::vector<int32_t> phones, int64_t num_pauses) {
  std::replace_if(
      phones.begin(), phones.end(), [=](int32_t phone) { return phone < num_pauses; }, 0);
  return phones;
}

std::vector<int32_t> states_of(const std::vector<int32_t>& phones, int64_t frames,
                               int64_t num_pauses) {
  std::vector<int32_t> states;
  for (size_t token = 0; token < phones.size(); ++token) {
    const int64_t count = phones[token] < num_pauses ? 1 : kStatesAPhone;
    states.insert(states.end(), static_cast<size_t>(count), static_cast<int32_t>(token));
  }
  if (static_cast<int64_t>(states.size()) > frames) {
    states.resize(phones.size());
    std::iota(states.begin(), states.end(), 0);
  }
  return states;
}

}  // namespace muspeaker::model
