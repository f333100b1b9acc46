#include "core/plan.h"

#include <algorithm>

namespace muspeaker::core {

bool Plan::fits(const PlanKey& wanted, const std::vector<PlanInput>& given, size_t bytes) const {
  return output != nullptr && key == wanted && buffer_bytes == bytes &&
         std::equal(inputs.begin(), inputs.end(), given.begin(), given.end(),
                    [](const ggml_tensor* input, const PlanInput& other) {
                      return input->ne[0] == other.frames.width &&
                             input->ne[1] == other.frames.rows;
                    });
}

Plan make_plan(const PlanKey& key, const std::vector<PlanInput>& inputs, const Describe& describe) {
  Plan plan;
  plan.key = key;
  plan.context = make_graph_context(/*memory=*/nullptr);
  ggml_context* context = plan.context.get();
  plan.graph = ggml_new_graph_custom(context, kMaxNodes, /*grads=*/false);
  for (const PlanInput& given : inputs) {
    ggml_tensor* input =
        ggml_new_tensor_2d(context, GGML_TYPE_F32, given.frames.width, given.frames.rows);
    ggml_set_name(input, given.name);
    ggml_set_input(input);
    ggml_build_forward_expand(plan.graph, input);
    plan.inputs.push_back(input);
  }
  plan.output = ggml_cont(context, describe(context, plan.inputs));
  ggml_set_output(plan.output);
  ggml_build_forward_expand(plan.graph, plan.output);
  return plan;
}

}  // namespace muspeaker::core
