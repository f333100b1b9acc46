#include "core/graph.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/error.h"
#include "core/log.h"

namespace muspeaker::core {
namespace {

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

GraphRunner::GraphRunner(int num_threads)
    : pool_(checked_threads(num_threads)), context_memory_(new uint8_t[graph_context_bytes()]) {
  install_log();
  backend_ = ggml_backend_cpu_init();
  if (backend_ == nullptr) {
    throw std::runtime_error("ggml could not start its CPU backend");
  }
  ggml_threadpool_params params = ggml_threadpool_params_default(/*n_threads=*/1);
  threadpool_ = ggml_threadpool_new(&params);
  allocator_ = ggml_gallocr_new(ggml_backend_cpu_buffer_type());
  if (threadpool_ == nullptr || allocator_ == nullptr) {
    ggml_gallocr_free(allocator_);
    ggml_threadpool_free(threadpool_);
    ggml_backend_free(backend_);
    throw std::runtime_error("not enough memory for the engine");
  }
  ggml_backend_cpu_set_n_threads(backend_, /*n_threads=*/1);
  ggml_backend_cpu_set_threadpool(backend_, threadpool_);
}

GraphRunner::~GraphRunner() {
  ggml_gallocr_free(allocator_);
  ggml_backend_free(backend_);
  ggml_threadpool_free(threadpool_);
}

void GraphRunner::run(const std::function<void(GraphBuilder&)>& build) {
  outputs_.clear();
  const GraphContext context = make_graph_context(context_memory_.get());
  ggml_cgraph* graph = ggml_new_graph_custom(context.get(), kMaxNodes, /*grads=*/false);
  GraphBuilder builder(context.get(), graph);
  build(builder);
  allocate(graph);
  for (const GraphBuilder::Input& input : builder.inputs_) {
    ggml_backend_tensor_set(input.tensor, input.bytes.data(), /*offset=*/0, input.bytes.size());
  }
  compute(graph);
  keep_outputs(builder);
}

/// Reserves each time: ggml would reuse the last layout for any graph of as many nodes, whatever
/// depends on what. Memory is only allocated if the buffer is too small.
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
    ggml_backend_tensor_get(tensor, output.values.data(), /*offset=*/0, ggml_nbytes(tensor));
    outputs_[name] = std::move(output);
  }
}

void GraphRunner::run_again(const PlanKey& key, const std::vector<PlanInput>& inputs,
                            const Describe& describe, float* out) {
  if (!plan_.fits(key, inputs, ggml_gallocr_get_buffer_size(allocator_, /*buffer_id=*/0))) {
    plan_ = {};
    Plan plan = make_plan(key, inputs, describe, out);
    allocate(plan.graph);
    plan.buffer_bytes = ggml_gallocr_get_buffer_size(allocator_, /*buffer_id=*/0);
    plan_ = std::move(plan);
  }
  plan_.lend(inputs, out);
  compute(plan_.graph);
}

void GraphRunner::make_lanes() {
  while (static_cast<int>(lanes_.size()) < num_threads()) {
    lanes_.push_back(std::make_unique<GraphRunner>(/*num_threads=*/1));
  }
}

std::vector<float> GraphRunner::take(const std::string& name) {
  const auto found = outputs_.find(name);
  if (found == outputs_.end() || found->second.taken) {
    throw std::out_of_range("the last graph has no output " + name);
  }
  found->second.taken = true;
  return std::move(found->second.values);
}

Frames GraphRunner::take_frames(const std::string& name) {
  const int64_t width = shape(name).front();
  return {take(name), width};
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
