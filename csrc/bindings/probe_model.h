#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "core/config.h"
#include "core/graph.h"
#include "core/weights.h"

namespace muspeaker::bindings {

/// A model file with threads to run its parts on, for the probes of single parts.
struct ProbeModel {
  core::WeightFile file;
  core::ModelConfig config;
  core::GraphRunner runner;

  ProbeModel(const std::string& path, int num_threads)
      : file(path), config(core::read_config(file.header())), runner(num_threads) {}

  /// Runs one graph and takes its output "y", axes in NumPy's order.
  pybind11::array_t<float> run(const std::function<ggml_tensor*(core::GraphBuilder&)>& build) {
    runner.run([&](core::GraphBuilder& graph) { graph.output("y", build(graph)); });
    const std::vector<int64_t> ne = runner.shape("y");
    return to_numpy(runner.take("y"), {ne.rbegin(), ne.rend()});
  }
};

/// The array as a graph's input, its last axis fastest; it has one to four axes.
inline ggml_tensor* graph_input(core::GraphBuilder& graph, const std::string& name,
                                const FloatArray& array) {
  const auto size = [&array](pybind11::ssize_t from_last) -> int64_t {
    return from_last < array.ndim() ? array.shape(array.ndim() - 1 - from_last) : 1;
  };
  return graph.input(name, GGML_TYPE_F32, {size(0), size(1), size(2), size(3)}, array.data());
}

/// The same for (count,) ids.
inline ggml_tensor* graph_input(core::GraphBuilder& graph, const std::string& name,
                                const IntArray& array) {
  return graph.input(name, GGML_TYPE_I32, {array.size()}, array.data());
}

}  // namespace muspeaker::bindings
