#include "core/graph.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/error.h"
#include "core/log.h"

namespace muspeaker::core {
namespace {

// The full-size timbre encoder has about 300. The context holds descriptions only.
constexpr size_t kMaxNodes = 8192;

size_t context_bytes() {
  return (kMaxNodes * ggml_tensor_overhead()) + ggml_graph_overhead_custom(kMaxNodes, false);
}

/// num_threads, if a runner can have so many.
int checked_threads(int num_threads) {
  require_input(num_threads >= 1 && num_threads <= GraphRunner::kMaxThreads,
                "num_threads must be 1 to " + std::to_string(GraphRunner::kMaxThreads) + ", got " +
                    std::to_string(num_threads));
  return num_threads;
}

std::vector<int64_t> shape_of(const ggml_tensor* tensor) {
  return {tensor->ne, tensor->ne + std::max(1, ggml_n_dims(tensor))};
}

}  // namespace

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

GraphRunner::GraphRunner(int num_threads)
    : pool_(checked_threads(num_threads)), context_memory_(new uint8_t[context_bytes()]) {
  install_log();
  backend_ = ggml_backend_cpu_init();
  if (backend_ == nullptr) {
    throw std::runtime_error("ggml could not start its CPU backend");
  }
  ggml_threadpool_params params = ggml_threadpool_params_default(1);
  threadpool_ = ggml_threadpool_new(&params);
  allocator_ = ggml_gallocr_new(ggml_backend_cpu_buffer_type());
  if (threadpool_ == nullptr || allocator_ == nullptr) {
    ggml_gallocr_free(allocator_);
    ggml_threadpool_free(threadpool_);
    ggml_backend_free(backend_);
    throw std::runtime_error("not enough memory for the engine");
  }
  ggml_backend_cpu_set_n_threads(backend_, 1);
  ggml_backend_cpu_set_threadpool(backend_, threadpool_);
}

GraphRunner::~GraphRunner() {
  ggml_gallocr_free(allocator_);
  ggml_backend_free(backend_);
  ggml_threadpool_free(threadpool_);
}

GraphRunner::Context GraphRunner::make_context(void* memory) {
  Context context(ggml_init({context_bytes(), memory, /*no_alloc=*/true}));
  if (context == nullptr) {
    throw std::runtime_error("ggml could not make a graph of " + std::to_string(context_bytes()) +
                             " bytes");
  }
  return context;
}

void GraphRunner::run(const std::function<void(GraphBuilder&)>& build) {
  outputs_.clear();
  const Context context = make_context(context_memory_.get());
  ggml_cgraph* graph = ggml_new_graph_custom(context.get(), kMaxNodes, false);
  GraphBuilder builder(context.get(), graph);
  build(builder);
  allocate(graph);
  for (const GraphBuilder::Input& input : builder.inputs_) {
    ggml_backend_tensor_set(input.tensor, input.bytes.data(), 0, input.bytes.size());
  }
  compute(graph);
  keep_outputs(builder);
}

/// Planned anew each time: ggml would reuse the last plan for any graph of as many nodes, whatever
/// depends on what. Memory is only taken again where it does not suffice.
void GraphRunner::allocate(ggml_cgraph* graph) {
  if (!ggml_gallocr_reserve(allocator_, graph) || !ggml_gallocr_alloc_graph(allocator_, graph)) {
    throw std::runtime_error("not enough memory for the graph");
  }
}

void GraphRunner::compute(ggml_cgraph* graph) {
  const UsingPool using_pool(pool_);
  const ggml_status status = ggml_backend_graph_compute(backend_, graph);
  pool_.rethrow();
  if (status != GGML_STATUS_SUCCESS) {
    throw std::runtime_error(std::string("ggml could not run the graph: ") +
                             ggml_status_to_string(status));
  }
}

void GraphRunner::keep_outputs(const GraphBuilder& builder) {
  for (const auto& [name, tensor] : builder.outputs_) {
    Output output;
    output.shape = shape_of(tensor);
    output.values.resize(static_cast<size_t>(ggml_nelements(tensor)));
    ggml_backend_tensor_get(tensor, output.values.data(), 0, ggml_nbytes(tensor));
    outputs_[name] = std::move(output);
  }
}

bool GraphRunner::Plan::fits(const std::array<int64_t, 4>& wanted,
                             const std::vector<Matrix>& matrices, size_t bytes) const {
  return output != nullptr && key == wanted && buffer_bytes == bytes &&
         std::equal(inputs.begin(), inputs.end(), matrices.begin(), matrices.end(),
                    [](const ggml_tensor* input, const Matrix& matrix) {
                      return input->ne[0] == matrix.ne0 && input->ne[1] == matrix.ne1;
                    });
}

void GraphRunner::make_plan(const std::array<int64_t, 4>& key, const std::vector<Matrix>& matrices,
                            const Describe& describe) {
  plan_ = {};
  Plan plan;
  plan.key = key;
  plan.context = make_context(nullptr);
  ggml_context* context = plan.context.get();
  plan.graph = ggml_new_graph_custom(context, kMaxNodes, false);
  for (const Matrix& matrix : matrices) {
    ggml_tensor* input = ggml_new_tensor_2d(context, GGML_TYPE_F32, matrix.ne0, matrix.ne1);
    ggml_set_name(input, matrix.name);
    ggml_set_input(input);
    ggml_build_forward_expand(plan.graph, input);
    plan.inputs.push_back(input);
  }
  plan.output = ggml_cont(context, describe(context, plan.inputs));
  ggml_set_output(plan.output);
  ggml_build_forward_expand(plan.graph, plan.output);
  allocate(plan.graph);
  plan.buffer_bytes = ggml_gallocr_get_buffer_size(allocator_, 0);
  plan_ = std::move(plan);
}

void GraphRunner::run_again(const std::array<int64_t, 4>& key, const std::vector<Matrix>& matrices,
                            const Describe& describe, float* out) {
  if (!plan_.fits(key, matrices, ggml_gallocr_get_buffer_size(allocator_, 0))) {
    make_plan(key, matrices, describe);
  }
  for (size_t i = 0; i < matrices.size(); ++i) {
    ggml_backend_tensor_set(plan_.inputs[i], matrices[i].data, 0, ggml_nbytes(plan_.inputs[i]));
  }
  compute(plan_.graph);
  ggml_backend_tensor_get(plan_.output, out, 0, ggml_nbytes(plan_.output));
}

void GraphRunner::make_lanes() {
  while (static_cast<int>(lanes_.size()) < num_threads()) {
    lanes_.push_back(std::make_unique<GraphRunner>(1));
  }
}

GraphRunner::Timer::Timer(GraphRunner& runner, std::string_view part)
    : pool_(runner.pool_),
      total_(runner.timings_.find(part) != runner.timings_.end()
                 ? runner.timings_.find(part)->second
                 : runner.timings_.emplace(part, 0.0).first->second),
      begin_(pool_.cpu_seconds()) {}

GraphRunner::Timer::~Timer() {
  total_ += pool_.cpu_seconds() - begin_;
}

std::vector<float> GraphRunner::take(const std::string& name) {
  const auto found = outputs_.find(name);
  if (found == outputs_.end() || found->second.taken) {
    throw std::out_of_range("the last graph has no output " + name);
  }
  found->second.taken = true;
  return std::move(found->second.values);
}

std::vector<int64_t> GraphRunner::shape(const std::string& name) const {
  const auto found = outputs_.find(name);
  if (found == outputs_.end()) {
    throw std::out_of_range("the last graph has no output " + name);
  }
  return found->second.shape;
}

std::vector<std::string> GraphRunner::output_names() const {
  std::vector<std::string> names;
  for (const auto& [name, output] : outputs_) {
    if (!output.taken) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace muspeaker::core
