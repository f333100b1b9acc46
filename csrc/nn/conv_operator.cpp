#include "nn/conv_operator.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/elementary.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/fine.h"
#include "nn/custom_node.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastFineIn = 16;  // channels: fewer are not worth quantising
constexpr int64_t kLeastFrames = 24;  // fewer cost more by loading the overlap twice than they save

float* data_of(const ggml_tensor* tensor) {
  return static_cast<float*>(tensor->data);
}

// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* y, int /*ith*/, int /*nth*/, void* userdata) {
  const auto& kernel = *static_cast<const kernels::Conv1d*>(userdata);
  kernels::ConvCall call;
  static_cast<kernels::ConvScalars&>(call) = node_params<kernels::ConvScalars>(y);
  ggml_tensor* const* sources = y->src + (call.accumulate ? 1 : 0);  // the first is then y itself
  call.x = data_of(sources[0]);
  call.in_frames = sources[0]->ne[1];
  call.residual = sources[1] != nullptr ? data_of(sources[1]) : nullptr;
  call.y = data_of(y);
  const int64_t frames = y->ne[1];
  const int64_t split = kernel.split_frames();
  const int64_t steps = (frames + split - 1) / split;
  core::parallel_ranges(steps, std::max<int64_t>(kLeastFrames / split, 1),
                        [&](int64_t first, int64_t last) {
                          kernel.run(call, first * split, std::min(frames, last * split));
                        });
}

std::string shape_text(const ggml_tensor* tensor) {
  return "(" + std::to_string(tensor->ne[1]) + ", " + std::to_string(tensor->ne[0]) + ")";
}

/// The largest factors that make each output channel of weights (kernel, out, in) integers of 16
/// bits of which a tap's products fit 32. Throws ModelFileError if a weight is NaN or infinite,
/// which no integer is.
std::vector<float> fine_factors(const kernels::ConvShape& shape, const float* weight,
                                const char* name) {
  constexpr float kMostWeight = 32767.0F;
  const auto most_sum = static_cast<float>(kernels::kMostFineSum - shape.in);  // roundings left out
  constexpr float kAny = 1e30F;
  std::vector<float> factors(static_cast<size_t>(shape.out), kAny);
  for (int64_t row = 0; row < shape.kernel * shape.out; ++row) {
    float largest = 0.0F;
    float sum = 0.0F;
    for (int64_t i = 0; i < shape.in; ++i) {
      const float magnitude = std::abs(weight[(row * shape.in) + i]);
      largest = std::max(largest, magnitude);
      sum += magnitude;
    }
    if (!std::isfinite(sum)) {
      throw core::ModelFileError("tensor " + std::string(name) +
                                 " of the model file has weights that are no numbers");
    }
    float& factor = factors[static_cast<size_t>(row % shape.out)];
    if (largest > 0.0F) {
      factor = std::min({factor, kMostWeight / largest, most_sum / sum});
    }
  }
  return factors;
}

/// Weights (kernel, out, in) as integers of as many bits as there is room for.
kernels::Conv1d pack_halves(const kernels::ConvShape& shape, const core::StoredWeight& stored,
                            const float* bias, const kernels::KernelTable& fine) {
  const std::vector<float> weight = stored.to_float();
  std::vector<float> factors = fine_factors(shape, weight.data(), ggml_get_name(stored.values));
  std::vector<int16_t> values(weight.size());
  for (int64_t row = 0; row < shape.kernel * shape.out; ++row) {
    const float factor = factors[static_cast<size_t>(row % shape.out)];
    for (int64_t i = row * shape.in; i < (row + 1) * shape.in; ++i) {
      const auto at = static_cast<size_t>(i);
      values[at] = static_cast<int16_t>(core::nearest(weight[at] * factor));
    }
  }
  for (float& factor : factors) {
    factor = 1.0F / factor;
  }
  return {shape, values.data(), factors.data(), bias, fine};
}

kernels::Conv1d pack(ConvOperator::Kind kind, kernels::ConvShape shape,
                     const core::StoredWeight& weight, const ggml_tensor* bias,
                     Arithmetic arithmetic) {
  const bool transposed = kind == ConvOperator::Kind::kTransposed;
  const float* bias_data = bias == nullptr ? nullptr : static_cast<const float*>(bias->data);
  if (weight.values->type == GGML_TYPE_I8 && arithmetic.kind == Arithmetic::kInt8) {
    shape.tile_rows = arithmetic.tile_rows;
    const auto* values = static_cast<const int8_t*>(weight.values->data);
    const auto* scale = static_cast<const float*>(weight.scale->data);
    return transposed ? kernels::Conv1d::transposed(shape, values, scale, bias_data)
                      : kernels::Conv1d(shape, values, scale, bias_data);
  }
  const kernels::KernelTable* fine = kernels::active_fine_kernels();
  const bool can_be_fine =
      fine != nullptr && shape.in >= kLeastFineIn && shape.in <= kernels::kMostFineIn;
  if (weight.values->type == GGML_TYPE_F16 && weight.among_int8 && can_be_fine && !transposed) {
    return pack_halves(shape, weight, bias_data, *fine);
  }
  if (weight.values->type == GGML_TYPE_I8 && can_be_fine) {
    const auto* values = static_cast<const int8_t*>(weight.values->data);
    const auto* scale = static_cast<const float*>(weight.scale->data);
    return transposed ? kernels::Conv1d::transposed(shape, values, scale, bias_data, *fine)
                      : kernels::Conv1d(shape, values, scale, bias_data, *fine);
  }
  const bool plain = weight.values->type == GGML_TYPE_F32;
  const std::vector<float> expanded = plain ? std::vector<float>{} : weight.to_float();
  const float* values = plain ? data_of(weight.values) : expanded.data();
  return transposed ? kernels::Conv1d::transposed(shape, values, bias_data)
                    : kernels::Conv1d(shape, values, bias_data);
}

}  // namespace

ConvOperator::ConvOperator(Kind kind, const kernels::ConvShape& shape,
                           const core::StoredWeight& weight, const ggml_tensor* bias,
                           Arithmetic arithmetic)
    : kernel_(pack(kind, shape, weight, bias, arithmetic)) {}

ggml_tensor* ConvOperator::forward(ggml_context* graph, ggml_tensor* x,
                                   const Fusion& fusion) const {
  const kernels::ConvShape& shape = kernel_.shape();
  core::require_input(x->type == GGML_TYPE_F32 && x->ne[0] == shape.in && ggml_is_matrix(x),
                      "a convolution expects (frames, " + std::to_string(shape.in) +
                          ") float32, got " + shape_text(x));
  const int64_t frames = kernel_.out_frames(x->ne[1]);
  core::require_input(frames > 0, "too few frames for a convolution: " + std::to_string(x->ne[1]));
  const auto checked = [&](ggml_tensor* added) {
    core::require_input(added->ne[0] == shape.out && added->ne[1] == frames &&
                            added->type == GGML_TYPE_F32 && ggml_is_matrix(added),
                        "a convolution's result is (" + std::to_string(frames) + ", " +
                            std::to_string(shape.out) + "), what is added to it " +
                            shape_text(added));
    return ggml_is_contiguous(added) ? added : ggml_cont(graph, added);
  };
  std::vector<ggml_tensor*> sources{ggml_is_contiguous(x) ? x : ggml_cont(graph, x)};
  if (fusion.residual != nullptr) {
    sources.push_back(checked(fusion.residual));
  }
  const auto num_sources = static_cast<int>(sources.size());
  auto* kernel = const_cast<kernels::Conv1d*>(&kernel_);  // only read
  ggml_tensor* y =
      fusion.sum == nullptr
          ? ggml_custom_4d(graph, GGML_TYPE_F32, shape.out, frames, 1, 1, sources.data(),
                           num_sources, run_node, GGML_N_TASKS_MAX, kernel)
          : ggml_custom_inplace(graph, checked(fusion.sum), sources.data(), num_sources, run_node,
                                GGML_N_TASKS_MAX, kernel);
  set_node_params(y, kernels::ConvScalars{fusion.input_slope, fusion.scale, fusion.sum != nullptr});
  return y;
}

void ConvOperator::run(const float* x, int64_t frames, float* y) const {
  kernels::ConvCall call;
  call.x = x;
  call.in_frames = frames;
  call.y = y;
  kernel_.run(call, 0, frames);
}

}  // namespace muspeaker::nn
