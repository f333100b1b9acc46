#include "core/changed_weights.h"

#include <algorithm>
#include <cmath>

#include "core/array.h"
#include "core/elementary.h"
#include "core/error.h"

namespace muspeaker::core {
namespace {

constexpr float kMost = 127.0F;  // of the codes

int64_t rows_of(const WeightValues& weight) {
  return count_of(weight.values) / weight.ne[0];
}

void require_sizes(const std::vector<WeightValues>& weights, const WeightChanges& changes) {
  int64_t count = 0;
  int64_t rows = 0;
  for (const WeightValues& weight : weights) {
    count += count_of(weight.values);
    rows += rows_of(weight);
  }
  require_input(count_of(changes.codes) == count && count_of(changes.scales) == rows,
                "the changes must be " + std::to_string(count) + " codes and " +
                    std::to_string(rows) + " scales, got " + std::to_string(changes.codes.size()) +
                    " and " + std::to_string(changes.scales.size()));
}

/// Adds the changes from `codes` and `scales` on.
void add_changes(WeightValues& weight, const int8_t* codes, const float* scales) {
  const int64_t width = weight.ne[0];
  for (int64_t row = 0; row < rows_of(weight); ++row) {
    float* values = weight.values.data() + (row * width);
    for (int64_t i = 0; i < width; ++i) {
      values[i] += static_cast<float>(codes[(row * width) + i]) * scales[row];
    }
  }
  const bool finite = std::all_of(weight.values.begin(), weight.values.end(),
                                  [](float value) { return std::isfinite(value); });
  require_input(finite, "the changes make weights of " + weight.name + " that are not finite");
}

/// Scales for the output channels of (..., out, in), of which each row of `in` belongs to one.
std::vector<float> channel_scales(const WeightValues& weight) {
  const int64_t width = weight.ne[0];
  std::vector<float> scales(static_cast<size_t>(weight.ne[1]), 0.0F);
  for (int64_t row = 0; row < rows_of(weight); ++row) {
    const float* values = weight.values.data() + (row * width);
    float largest = 0.0F;
    for (int64_t i = 0; i < width; ++i) {
      largest = std::max(largest, std::abs(values[i]));
    }
    float& scale = scales[static_cast<size_t>(row % weight.ne[1])];
    scale = std::max(scale, largest);
  }
  for (float& scale : scales) {
    scale = scale > 0.0F ? scale / kMost : 1.0F;
  }
  return scales;
}

}  // namespace

ChangedWeights::ChangedWeights(const Weights& base, const std::string& prefix,
                               const WeightChanges& changes) {
  path_ = "with changes";
  std::vector<WeightValues> weights = base.values_of(prefix);
  require_sizes(weights, changes);
  const int64_t num_tensors = 2 * count_of(weights);  // a scale each
  const size_t bytes = (changes.codes.size() + changes.scales.size()) * sizeof(float);
  const size_t overhead = ggml_tensor_overhead() + GGML_MEM_ALIGN;
  context_.reset(ggml_init({bytes + (static_cast<size_t>(num_tensors) * overhead),
                            /*mem_buffer=*/nullptr, /*no_alloc=*/false}));
  expect(num_tensors);
  const int8_t* codes = changes.codes.data();
  const float* scales = changes.scales.data();
  for (WeightValues& weight : weights) {
    add_changes(weight, codes, scales);
    codes += weight.values.size();
    scales += rows_of(weight);
    store(weight, base.is_int8(weight.name));
  }
}

void ChangedWeights::store(const WeightValues& weight, bool as_int8) {
  const auto rank = static_cast<int>(weight.ne.size());
  ggml_tensor* stored = ggml_new_tensor(context_.get(), as_int8 ? GGML_TYPE_I8 : GGML_TYPE_F32,
                                        rank, weight.ne.data());
  ggml_set_name(stored, weight.name.c_str());
  if (as_int8) {
    const std::vector<float> scales = channel_scales(weight);
    const int64_t width = weight.ne[0];
    for (int64_t row = 0; row < rows_of(weight); ++row) {
      const float* values = weight.values.data() + (row * width);
      auto* codes = static_cast<int8_t*>(stored->data) + (row * width);
      const float scale = scales[static_cast<size_t>(row % weight.ne[1])];
      for (int64_t i = 0; i < width; ++i) {
        codes[i] = static_cast<int8_t>(std::clamp(nearest(values[i] / scale), -kMost, kMost));
      }
    }
    ggml_tensor* scale = ggml_new_tensor_1d(context_.get(), GGML_TYPE_F32, weight.ne[1]);
    ggml_set_name(scale, scale_name(weight.name).c_str());
    std::copy(scales.begin(), scales.end(), static_cast<float*>(scale->data));
    add(scale);
  } else {
    std::copy(weight.values.begin(), weight.values.end(), static_cast<float*>(stored->data));
  }
  add(stored);
}

}  // namespace muspeaker::core
