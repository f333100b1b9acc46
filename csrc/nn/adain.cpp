#include "nn/adain.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/thread_pool.h"
#include "core/wide_vectors.h"

namespace muspeaker::nn {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr int64_t kStripe = 32;  // channels worked on at once, their sums on the stack

using Stripe = std::array<double, kStripe>;

/// Operands of one node: (frames, channels) in and out, and (2, channels) gain and shift.
struct Operands {
  const float* x;
  const float* gain;
  const float* shift;
  float* y;
  int64_t frames;
  int64_t channels;
};

/// Channels [first, first + width): their mean and variance over all frames, then the result.
MUSPEAKER_INTO_CALLER void normalize_stripe(const Operands& operands, int64_t first,
                                            int64_t width) {
  const int64_t channels = operands.channels;
  const float* x = operands.x + first;
  Stripe mean{};
  Stripe variance{};
  for (int64_t t = 0; t < operands.frames; ++t) {
    for (int64_t c = 0; c < width; ++c) {
      mean[c] += x[(t * channels) + c];
    }
  }
  for (int64_t c = 0; c < width; ++c) {
    mean[c] /= static_cast<double>(operands.frames);
  }
  for (int64_t t = 0; t < operands.frames; ++t) {
    for (int64_t c = 0; c < width; ++c) {
      const double centred = x[(t * channels) + c] - mean[c];
      variance[c] += centred * centred;
    }
  }
  std::array<float, kStripe> factor{};
  std::array<float, kStripe> offset{};
  for (int64_t c = 0; c < width; ++c) {
    const double deviation =
        std::sqrt((variance[c] / static_cast<double>(operands.frames)) + kEpsilon);
    factor[c] = static_cast<float>((1.0 + operands.gain[first + c]) / deviation);
    offset[c] = static_cast<float>(mean[c]);
  }
  for (int64_t t = 0; t < operands.frames; ++t) {
    for (int64_t c = 0; c < width; ++c) {
      operands.y[(t * channels) + first + c] =
          ((x[(t * channels) + c] - offset[c]) * factor[c]) + operands.shift[first + c];
    }
  }
}

/// Sources: x, then gain and shift in one row. Threads share out the channels, so that each sum is
/// taken in one order whatever their number.
// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* y, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  const auto* restyle = static_cast<const float*>(y->src[1]->data);
  const int64_t channels = y->ne[0];
  const Operands operands{
      static_cast<const float*>(y->src[0]->data),
      restyle,
      restyle + channels,
      static_cast<float*>(y->data),
      y->ne[1],
      channels,
  };
  core::parallel_for((channels + kStripe - 1) / kStripe, [&](int64_t stripe) {
    const int64_t first = stripe * kStripe;
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      if (channels - first >= kStripe) {
        normalize_stripe(operands, first, kStripe);  // a length that compilers know
      } else {
        normalize_stripe(operands, first, channels - first);
      }
    });
  });
}

}  // namespace

AdaIN::AdaIN(const core::Scope& scope, int64_t channels, int64_t timbre)
    : linear_(scope / "linear", timbre, 2 * channels) {}

ggml_tensor* AdaIN::forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* e_tim) const {
  ggml_tensor* gain_and_shift = linear_.forward(graph, e_tim);  // (1, 2 * channels)
  ggml_tensor* sources[] = {ggml_is_contiguous(x) ? x : ggml_cont(graph, x), gain_and_shift};
  return ggml_custom_4d(graph, GGML_TYPE_F32, x->ne[0], x->ne[1], 1, 1, sources, 2, run_node,
                        GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
