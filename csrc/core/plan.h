#pragma once

#include <ggml.h>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/array.h"
#include "core/graph_builder.h"

namespace muspeaker::core {

/// What a plan depends on in addition to the shapes of its inputs, such as the network it runs.
using PlanKey = std::array<int64_t, 4>;

/// One (rows, width) float32 input of a plan.
struct PlanInput {
  const char* name;
  FramesView frames;
};

/// Makes the result of a plan from its inputs, in their order.
using Describe = std::function<ggml_tensor*(ggml_context*, const std::vector<ggml_tensor*>&)>;

/// A graph that is kept, to be run again on other values of the same shapes.
struct Plan {
  PlanKey key{};
  GraphContext context;
  ggml_cgraph* graph = nullptr;
  std::vector<ggml_tensor*> inputs;
  std::vector<ggml_tensor*> views;  ///< those of the inputs
  ggml_tensor* output = nullptr;
  size_t buffer_bytes = 0;  ///< size of the allocator's buffer, in which the tensors lie

  /// Whether this serves for the key and shapes: the buffer has not been replaced by another size.
  [[nodiscard]] bool fits(const PlanKey& wanted, const std::vector<PlanInput>& given,
                          size_t bytes) const;

  /// Makes the caller's arrays the memory of inputs and output, so that nothing is copied.
  void lend(const std::vector<PlanInput>& given, float* out);
};

/// Describes a plan of lent inputs and output, without memory for the tensors between them.
Plan make_plan(const PlanKey& key, const std::vector<PlanInput>& inputs, const Describe& describe,
               float* out);

}  // namespace muspeaker::core
