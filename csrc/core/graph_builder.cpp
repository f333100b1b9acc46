#include "core/graph_builder.h"

#include <stdexcept>

#include "core/error.h"

namespace muspeaker::core {

size_t graph_context_bytes() {
  return (kMaxNodes * ggml_tensor_overhead()) +
         ggml_graph_overhead_custom(kMaxNodes, /*grads=*/false);
}

GraphContext make_graph_context(void* memory) {
  GraphContext context(ggml_init({graph_context_bytes(), memory, /*no_alloc=*/true}));
  if (context == nullptr) {
    throw std::runtime_error("ggml could not make a graph of " +
                             std::to_string(graph_context_bytes()) + " bytes");
  }
  return context;
}

ggml_tensor* GraphBuilder::input(const std::string& name, ggml_type type,
                                 std::initializer_list<int64_t> ne, const void* data) {
  require_input(
      ne.size() >= 1 && ne.size() <= GGML_MAX_DIMS,
      "graph input " + name + " needs one to four axes, got " + std::to_string(ne.size()));
  for (const int64_t size : ne) {
    require_input(size > 0, "graph input " + name + " has an axis of " + std::to_string(size));
  }
  require_input(data != nullptr, "graph input " + name + " has no data");
  ggml_tensor* tensor = ggml_new_tensor(context_, type, static_cast<int>(ne.size()), ne.begin());
  ggml_set_name(tensor, name.c_str());
  ggml_set_input(tensor);
  ggml_build_forward_expand(graph_, tensor);
  const auto* first = static_cast<const uint8_t*>(data);
  inputs_.push_back({tensor, std::vector<uint8_t>(first, first + ggml_nbytes(tensor))});
  return tensor;
}

ggml_tensor* GraphBuilder::input(const std::string& name, FramesView frames) {
  return input(name, GGML_TYPE_F32, {frames.width, frames.rows}, frames.data);
}

ggml_tensor* GraphBuilder::lend(const std::string& name, FramesView frames) {
  require_input(frames.data != nullptr && frames.rows > 0 && frames.width > 0,
                "graph input " + name + " has no data");
  ggml_tensor* tensor = ggml_new_tensor_2d(context_, GGML_TYPE_F32, frames.width, frames.rows);
  ggml_set_name(tensor, name.c_str());
  ggml_set_input(tensor);
  tensor->data = const_cast<float*>(frames.data);  // only read; the allocator leaves it as it is
  ggml_build_forward_expand(graph_, tensor);
  return tensor;
}

ggml_tensor* GraphBuilder::input(const std::string& name, const std::vector<int32_t>& ids) {
  return input(name, GGML_TYPE_I32, {count_of(ids)}, ids.data());
}

void GraphBuilder::output(const std::string& name, ggml_tensor* tensor) {
  require_input(tensor->type == GGML_TYPE_F32, "graph output " + name + " is not f32");
  require_input(outputs_.count(name) == 0, "graph output " + name + " was given twice");
  // A copy where the tensor's own memory could be shared with, or reused by, another node.
  const bool owned = tensor->op != GGML_OP_NONE && tensor->view_src == nullptr;
  if (!owned || !ggml_is_contiguous(tensor)) {
    tensor = ggml_cont(context_, tensor);
  }
  ggml_set_name(tensor, name.c_str());
  ggml_set_output(tensor);
  ggml_build_forward_expand(graph_, tensor);
  outputs_[name] = tensor;
}

}  // namespace muspeaker::core
