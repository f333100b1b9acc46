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

void Plan::lend(const std::vector<PlanInput>& given, float* out) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i]->data = const_cast<float*>(given[i].frames.data);  // only read
  }
  for (ggml_tensor* view : views) {
    view->data = static_cast<char*>(view->view_src->data) + view->view_offs;
  }
  output->data = out;
}

Plan make_plan(const PlanKey& key, const std::vector<PlanInput>& inputs, const Describe& describe,
               float* out) {
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
  ggml_tensor* result = describe(context, plan.inputs);
  const bool owned = result->op != GGML_OP_NONE && result->view_src == nullptr;
  plan.output = owned && ggml_is_contiguous(result) ? result : ggml_cont(context, result);
  ggml_set_output(plan.output);
  ggml_build_forward_expand(plan.graph, plan.output);
  for (int i = 0; i < ggml_graph_n_nodes(plan.graph); ++i) {
    ggml_tensor* node = ggml_graph_node(plan.graph, i);
    const auto& all = plan.inputs;
    if (std::find(all.begin(), all.end(), node->view_src) != all.end()) {
      plan.views.push_back(node);
    }
  }
  plan.lend(inputs, out);  // what has memory gets none from the allocator
  return plan;
}

}  // namespace muspeaker::core
