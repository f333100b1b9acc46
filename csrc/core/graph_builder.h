#pragma once

#include <ggml.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/array.h"

namespace muspeaker::core {

/// Nodes that one graph may have. The full-size timbre encoder has about 300.
constexpr size_t kMaxNodes = 8192;

struct GraphContextDeleter {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
using GraphContext = std::unique_ptr<ggml_context, GraphContextDeleter>;

/// Bytes that make_graph_context needs for a graph of kMaxNodes; it holds descriptions only.
size_t graph_context_bytes();

/// memory: graph_context_bytes() that outlive the context, or null to allocate them.
/// Throws std::runtime_error if ggml refuses.
GraphContext make_graph_context(void* memory);

/// What a stage uses to describe one graph; lives only inside GraphRunner::run.
class GraphBuilder {
 public:
  GraphBuilder(ggml_context* context, ggml_cgraph* graph) : context_(context), graph_(graph) {}

  /// The context every ggml call of the graph takes.
  [[nodiscard]] ggml_context* context() const { return context_; }

  /// A tensor that holds `data` when the graph runs: ggml_nelements contiguous elements of `type`,
  /// axes fastest first. `data` is copied at once and may go away after the call. Throws
  /// std::invalid_argument if an axis is not positive, there are more than four, or data is null.
  ggml_tensor* input(const std::string& name, ggml_type type, std::initializer_list<int64_t> ne,
                     const void* data);

  /// The same for (rows, width) float32.
  ggml_tensor* input(const std::string& name, FramesView frames);

  /// The same for frames that stay where they are until the graph has run, so that they need no
  /// copy.
  ggml_tensor* lend(const std::string& name, FramesView frames);

  /// The same for (count,) ids.
  ggml_tensor* input(const std::string& name, const std::vector<int32_t>& ids);

  /// Keeps `tensor` (f32, any strides) so that GraphRunner::take can read it after the run.
  /// Throws std::invalid_argument if the name is taken or the tensor is not f32.
  void output(const std::string& name, ggml_tensor* tensor);

 private:
  friend class GraphRunner;

  struct Input {
    ggml_tensor* tensor;
    std::vector<uint8_t> bytes;
  };

  ggml_context* context_;
  ggml_cgraph* graph_;
  std::vector<Input> inputs_;
  std::map<std::string, ggml_tensor*> outputs_;
};

}  // namespace muspeaker::core
