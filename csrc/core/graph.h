#pragma once

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/array.h"
#include "core/graph_builder.h"
#include "core/plan.h"
#include "core/thread_pool.h"
#include "core/timer.h"

namespace muspeaker::core {

/// Builds, allocates and runs graphs on the CPU, one after the other.
///
///   GraphRunner runner(num_threads);
///   runner.run([&](GraphBuilder& graph) {
///     ggml_tensor* x = graph.input("x", frames);
///     graph.output("mel", decoder.forward(graph.context(), x));
///   });
///   Frames mel = runner.take_frames("mel");   // mel.width is 80
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

  /// Runs what `describe` makes of the inputs, where they lie, and leaves the float32 tensor that
  /// it returns in `out`. If the last such call had the same key and shapes, its plan is used
  /// again: `describe` is not called, and nothing is allocated. key: everything else that the graph
  /// depends on.
  void run_again(const PlanKey& key, const std::vector<PlanInput>& inputs, const Describe& describe,
                 float* out);

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

  /// Calls work(), in which parallel_for has the threads of the runner. Throws what a piece threw
  /// first.
  template <typename Work>
  void share(const Work& work) {
    {
      const UsingPool using_pool(pool_);
      work();
    }
    pool_.rethrow();
  }

  /// Counts what all threads of the runner do, until the timer ends, as the part's.
  [[nodiscard]] Timer timer(std::string_view part) { return {pool_, timings_, part}; }

  /// CPU seconds of each part so far.
  [[nodiscard]] const Timings& timings() const { return timings_; }

  /// The output's elements, fastest axis first; it can be taken once.
  /// Throws std::out_of_range if the last run had no such output or it was taken.
  std::vector<float> take(const std::string& name);

  /// The same as a matrix whose width is the fastest axis.
  Frames take_frames(const std::string& name);

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

  void make_lanes();
  void allocate(ggml_cgraph* graph);
  void compute(ggml_cgraph* graph);
  void keep_outputs(const GraphBuilder& builder);

  ThreadPool pool_;
  Timings timings_;
  std::unique_ptr<uint8_t[]> context_memory_;  // memory of the graphs that run() describes
  Plan plan_;                                  // plan of run_again()
  ggml_threadpool* threadpool_ = nullptr;
  ggml_backend_t backend_ = nullptr;
  ggml_gallocr_t allocator_ = nullptr;
  std::map<std::string, Output> outputs_;
  std::vector<std::unique_ptr<GraphRunner>> lanes_;  // one a thread, once they were asked for
};

}  // namespace muspeaker::core
