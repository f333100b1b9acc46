#include "model/style_encoder.h"

#include <cmath>

namespace muspeaker::model {
namespace {

constexpr float kSlope = 0.1F;
constexpr float kLongestPeriod = 10000.0F;

/// y: (frames, hidden), without sources.
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void fill_sinusoids(ggml_tensor* y, int ith, int nth, void* /*userdata*/) {
  const int64_t hidden = y->ne[0];
  const int64_t half = hidden / 2;
  for (int64_t t = ith; t < y->ne[1]; t += nth) {
    float* out = static_cast<float*>(y->data) + (t * hidden);
    for (int64_t i = 0; i < half; ++i) {
      const float order = static_cast<float>(i) / static_cast<float>(half);
      const float angle = static_cast<float>(t) * std::exp(-std::log(kLongestPeriod) * order);
      out[i] = std::sin(angle);
      out[half + i] = std::cos(angle);
    }
  }
}

}  // namespace

StyleBlock::StyleBlock(const core::Scope& scope, int64_t hidden, int64_t kernel)
    : norm_(scope / "norm", hidden),
      conv_(scope / "conv", {hidden, hidden, kernel, /*stride=*/1, /*padding=*/kernel / 2}) {}

ggml_tensor* StyleBlock::forward(ggml_context* graph, ggml_tensor* x) const {
  ggml_tensor* y = conv_.forward(graph, norm_.forward(graph, x));
  return ggml_add(graph, x, ggml_leaky_relu(graph, y, kSlope, /*inplace=*/false));
}

StyleEncoder::StyleEncoder(const core::Scope& scope, const core::StyleEncoderConfig& config,
                           int64_t num_mels)
    : conv1_(scope / "conv1",
             {num_mels, config.hidden, config.kernel, /*stride=*/2, /*padding=*/config.kernel / 2}),
      conv2_(scope / "conv2", {config.hidden, config.hidden, config.kernel, /*stride=*/2,
                               /*padding=*/config.kernel / 2}),
      norm_(scope / "norm", config.hidden) {
  for (int64_t block = 0; block < config.num_blocks; ++block) {
    blocks_.emplace_back(scope / "blocks" / block, config.hidden, config.kernel);
  }
}

ggml_tensor* StyleEncoder::forward(ggml_context* graph, ggml_tensor* mel) const {
  ggml_tensor* x = conv1_.forward(graph, mel);      // (1, hidden, frames / 2)
  x = conv2_.forward(graph, x, nn::leaky(kSlope));  // (1, frames / 4, hidden)
  x = ggml_leaky_relu(graph, x, kSlope, /*inplace=*/false);
  for (const StyleBlock& block : blocks_) {
    x = block.forward(graph, x);
  }
  return ggml_add(graph, norm_.forward(graph, x), sinusoids(graph, x->ne[1], x->ne[0]));
}

ggml_tensor* sinusoids(ggml_context* graph, int64_t frames, int64_t hidden) {
  return ggml_custom_4d(graph, GGML_TYPE_F32, hidden, frames, /*ne2=*/1, /*ne3=*/1,
                        /*args=*/nullptr, /*n_args=*/0, fill_sinusoids, GGML_N_TASKS_MAX,
                        /*userdata=*/nullptr);
}

}  // namespace muspeaker::model
