#pragma once

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/thread_pool.h"

namespace muspeaker::core {

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

/// Builds, allocates and runs graphs on the CPU, one after the other.
///
///   GraphRunner runner(num_threads);
///   runner.run([&](GraphBuilder& graph) {
///     ggml_tensor* x = graph.input("x", GGML_TYPE_F32, {channels, frames}, samples.data());
///     graph.output("mel", decoder.forward(graph.context(), x));
///   });
///   std::vector<float> mel = runner.take("mel");   // runner.shape("mel") is {80, frames}
///
/// The threads live as long as the runner, and the memory of one run is used again by the next.
/// Threads are our operators' own (core/thread_pool.h): ggml itself runs on the calling thread, for
/// its own threads wait for each other in busy loops after every node. Weights are tensors that
/// already have their data (core/weights.h) and are not copied. One runner belongs to one thread at
/// a time; it is not copied and not moved.
class GraphRunner {
 public:
  /// Throws std::invalid_argument if num_threads is not within 1 to kMaxThreads.
  explicit GraphRunner(int num_threads);
  ~GraphRunner();
  GraphRunner(const GraphRunner&) = delete;
  GraphRunner& operator=(const GraphRunner&) = delete;

  static constexpr int kMaxThreads = 256;

  /// Calls `build`, runs what it described, and keeps copies of its outputs until the next run.
  /// What `build` throws is passed on and leaves the runner usable. Throws std::runtime_error if
  /// memory is short or ggml reports a failure.
  void run(const std::function<void(GraphBuilder&)>& build);

  /// One matrix, (ne1, ne0) float32, that goes into run_again.
  struct Matrix {
    const char* name;
    int64_t ne0;
    int64_t ne1;
    const float* data;
  };
  using Describe = std::function<ggml_tensor*(ggml_context*, const std::vector<ggml_tensor*>&)>;

  /// Runs what `describe` makes of the matrices, and copies the float32 tensor it returns to `out`.
  /// Where the last such call had the same key and shapes, its plan is used again: `describe` is
  /// not called, and nothing is allocated. key: whatever else the graph depends on.
  void run_again(const std::array<int64_t, 4>& key, const std::vector<Matrix>& matrices,
                 const Describe& describe, float* out);

  [[nodiscard]] int num_threads() const { return pool_.num_threads(); }

  /// Calls work(lane, piece) for each piece of [0, pieces), as many at once as there are threads. A
  /// lane is a runner for one thread, with memory and a plan of its own that the next call uses
  /// again; ThreadPool::thread_index() tells lanes apart. Throws what a piece threw first.
  template <typename Work>
  void run_lanes(int64_t pieces, const Work& work) {
    make_lanes();
    pool_.run(pieces, [&](int64_t piece) {
      work(*lanes_[static_cast<size_t>(ThreadPool::thread_index())], piece);
    });
    pool_.rethrow();
  }

  /// Adds the CPU time from its making to its end, on all threads of the runner, to a part's.
  class Timer {
   public:
    Timer(GraphRunner& runner, std::string_view part);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    const ThreadPool& pool_;
    double& total_;
    double begin_;
  };
  using Timings = std::map<std::string, double, std::less<>>;

  /// CPU seconds of each part so far.
  [[nodiscard]] const Timings& timings() const { return timings_; }

  /// The output's elements, fastest axis first; it can be taken once.
  /// Throws std::out_of_range if the last run had no such output or it was taken.
  std::vector<float> take(const std::string& name);

  /// The output's axes, fastest first, without trailing ones (at least one axis).
  /// Throws std::out_of_range if the last run had no such output.
  [[nodiscard]] std::vector<int64_t> shape(const std::string& name) const;

  /// Names of the last run's outputs that were not taken yet, sorted.
  [[nodiscard]] std::vector<std::string> output_names() const;

 private:
  struct Output {
    std::vector<int64_t> shape;
    std::vector<float> values;
    bool taken = false;
  };

  struct ContextDeleter {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };
  using Context = std::unique_ptr<ggml_context, ContextDeleter>;

  /// What run_again keeps.
  struct Plan {
    std::array<int64_t, 4> key{};
    Context context;
    ggml_cgraph* graph = nullptr;
    std::vector<ggml_tensor*> inputs;
    ggml_tensor* output = nullptr;
    size_t buffer_bytes = 0;  // tensors lie in the allocator's buffer, until it grows

    [[nodiscard]] bool fits(const std::array<int64_t, 4>& wanted,
                            const std::vector<Matrix>& matrices, size_t bytes) const;
  };

  void make_lanes();
  static Context make_context(void* memory);
  void allocate(ggml_cgraph* graph);
  void compute(ggml_cgraph* graph);
  void keep_outputs(const GraphBuilder& builder);
  void make_plan(const std::array<int64_t, 4>& key, const std::vector<Matrix>& matrices,
                 const Describe& describe);

  ThreadPool pool_;
  Timings timings_;
  std::unique_ptr<uint8_t[]> context_memory_;  // of run's descriptions
  Plan plan_;
  ggml_threadpool* threadpool_ = nullptr;
  ggml_backend_t backend_ = nullptr;
  ggml_gallocr_t allocator_ = nullptr;
  std::map<std::string, Output> outputs_;
  std::vector<std::unique_ptr<GraphRunner>> lanes_;  // one a thread, once they were asked for
};

}  // namespace muspeaker::core
