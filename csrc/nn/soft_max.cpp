#include "nn/soft_max.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/elementary.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "core/wide_vectors.h"
#include "nn/custom_node.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kLeastRows = 16;  // rows of one thread

struct Params {
  float scale;
};

/// The largest of all lanes, half of them by half.
MUSPEAKER_INTO_CALLER float most_of(float (&lanes)[kLanes]) {
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; ++lane) {
      lanes[lane] = lanes[lane] < lanes[lane + half] ? lanes[lane + half] : lanes[lane];
    }
  }
  return lanes[0];
}

/// Less than a vector of values, as a whole one: one by one they would take as long as all others.
MUSPEAKER_INTO_CALLER void exp_of_few(float* __restrict values, int64_t count, float most) {
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, most);
  std::copy(values, values + count, lanes);
  for (float& lane : lanes) {
    lane = core::exp_of(lane - most);
  }
  std::copy(lanes, lanes + count, values);
}

/// bias: one value a key, or null. Sums by lanes, for a compiler may not reorder one long sum.
MUSPEAKER_INTO_CALLER void soft_max_row(float* __restrict row, int64_t keys, float scale,
                                        const float* __restrict bias) {
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, row[0] * scale + (bias == nullptr ? 0.0F : bias[0]));
  if (bias == nullptr) {
    for (int64_t i = 0; i < keys; ++i) {
      row[i] *= scale;
    }
  } else {
    for (int64_t i = 0; i < keys; ++i) {
      row[i] = (row[i] * scale) + bias[i];
    }
  }
  const int64_t whole = keys - (keys % kLanes);
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = lanes[lane] < row[i + lane] ? row[i + lane] : lanes[lane];
    }
  }
  for (int64_t i = whole; i < keys; ++i) {
    lanes[0] = std::max(lanes[0], row[i]);
  }
  const float most = most_of(lanes);
  for (int64_t i = 0; i < whole; ++i) {
    row[i] = core::exp_of(row[i] - most);
  }
  exp_of_few(row + whole, keys - whole, most);
  std::fill(lanes, lanes + kLanes, 0.0F);
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += row[i + lane];
    }
  }
  for (int64_t i = whole; i < keys; ++i) {
    lanes[i - whole] += row[i];
  }
  float sum = 0.0F;
  for (const float lane : lanes) {
    sum += lane;
  }
  const float inverse = 1.0F / sum;
  for (int64_t i = 0; i < keys; ++i) {
    row[i] *= inverse;
  }
}

/// The bias of every distance from -(queries - 1) to keys - 1, for each head; empty for null.
std::vector<float> spread(const ggml_tensor* relative, const ggml_tensor* x) {
  std::vector<float> biases;
  if (relative == nullptr) {
    return biases;
  }
  const auto* table = static_cast<const float*>(relative->data);
  const int64_t num_heads = x->ne[2];
  const int64_t window = relative->ne[1] / 2;
  for (int64_t head = 0; head < num_heads; ++head) {
    for (int64_t distance = 1 - x->ne[1]; distance < x->ne[0]; ++distance) {
      const int64_t place = std::clamp(distance, -window, window) + window;
      biases.push_back(table[(place * num_heads) + head]);
    }
  }
  return biases;
}

// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* y, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  auto* values = static_cast<float*>(y->data);
  const int64_t keys = y->ne[0];
  const int64_t queries = y->ne[1];
  const std::vector<float> biases = spread(y->src[1], y);
  const float scale = node_params<Params>(y).scale;
  core::parallel_ranges(queries * y->ne[2], kLeastRows, [&](int64_t begin, int64_t end) {
    core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t head = row / queries;
        const int64_t query = row % queries;
        const float* bias =
            biases.empty() ? nullptr
                           : biases.data() + (head * (queries + keys - 1)) + (queries - 1 - query);
        soft_max_row(values + (row * keys), keys, scale, bias);
      }
    });
  });
}

}  // namespace

ggml_tensor* soft_max_in_place(ggml_context* graph, ggml_tensor* x, float scale,
                               ggml_tensor* relative) {
  core::require_input(x->type == GGML_TYPE_F32 && ggml_is_contiguous(x) && x->ne[3] == 1 &&
                          (relative == nullptr || relative->ne[0] == x->ne[2]),
                      "a softmax expects (heads, queries, keys) float32, contiguous");
  ggml_tensor* y = ggml_custom_inplace(graph, x, &relative, relative == nullptr ? 0 : 1, run_node,
                                       GGML_N_TASKS_MAX, nullptr);
  set_node_params(y, Params{scale});
  return y;
}

}  // namespace muspeaker::nn
