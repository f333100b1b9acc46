#include "nn/score_frames.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace muspeaker::nn {
namespace {

constexpr float kEmissionScale = 0.3F;
constexpr float kMinLogStd = -1.5F;
constexpr float kMaxLogStd = 1.0F;

/// Threads share out the frames.
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* scores, int thread, int num_threads, void* /*userdata*/) {
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
  std::vector<float> centres(static_cast<size_t>(channels));
  std::vector<float> weights(centres.size());
  float* centre = centres.data();
  float* weight = weights.data();
  for (int64_t token = 0; token < tokens; ++token) {
    float constant = 0.0F;
    for (int64_t i = 0; i < channels; ++i) {
      const int64_t at = (token * channels) + i;
      const float level = std::clamp(log_std[at], kMinLogStd, kMaxLogStd);
      centre[i] = mean[at] + (phones[token] > 0 ? shift[at] : 0.0F);
      weight[i] = std::exp(-2.0F * level);
      constant += 2.0F * level;
    }
    for (int64_t t = frames * thread / num_threads; t < end; ++t) {
      const float* x = features + (t * channels);
      float distance = constant;
      for (int64_t i = 0; i < channels; ++i) {
        const float difference = x[i] - centre[i];
        distance += weight[i] * difference * difference;
      }
      static_cast<float*>(scores->data)[(t * tokens) + token] = -0.5F * kEmissionScale * distance;
    }
  }
}

}  // namespace

ggml_tensor* score_frames(ggml_context* graph, const FrameScores& operands) {
  ggml_tensor* sources[] = {operands.features, operands.mean, operands.log_std, operands.shift,
                            operands.phones};
  return ggml_custom_4d(graph, GGML_TYPE_F32, operands.phones->ne[0], operands.features->ne[1], 1,
                        1, sources, 5, run_node, GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
