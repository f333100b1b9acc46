#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace muspeaker::core {

/// Threads that help the one that calls, and sleep while nobody does.
///
/// Work is cut into pieces that are claimed one by one, by the caller too: a helper that the
/// machine is too busy to run claims none, and the caller waits for pieces that were begun, never
/// for threads that were not. One thread calls at a time. A call allocates nothing.
class ThreadPool {
 public:
  /// num_threads, at least 1, counts the caller: one fewer is started.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Calls work(piece) for each piece of [0, pieces), in any order, from any of the threads.
  /// Returns when all are done. An exception ends nothing but its piece; see rethrow().
  template <typename Work>
  void run(int64_t pieces, const Work& work) noexcept {
    run_pieces(
        pieces,
        [](const void* context, int64_t piece) { (*static_cast<const Work*>(context))(piece); },
        &work);
  }

  /// Throws the first exception of a piece since the last call, on the thread that calls this.
  void rethrow();

  [[nodiscard]] int num_threads() const { return static_cast<int>(helpers_.size()) + 1; }

  /// Inside a piece, which of the pool's threads runs it: 0 is the caller's, below num_threads().
  [[nodiscard]] static int thread_index();

  /// CPU time that the helpers and the calling thread have used so far; of the whole process where
  /// the system cannot tell threads apart.
  [[nodiscard]] double cpu_seconds() const;

 private:
  using Function = void (*)(const void* context, int64_t piece);

  void run_pieces(int64_t pieces, Function function, const void* context) noexcept;
  void work_through(uint64_t generation) noexcept;
  void call(Function function, const void* context, int64_t piece) noexcept;
  void help(int index);

  // The call at work. A ticket holds its number and how many of its pieces are unclaimed. Both are
  // changed as one, so that a helper which wakes late cannot claim a piece of another call. After
  // claiming a piece, a thread may read `pieces_`, `function_` and `context_`: the call cannot end,
  // so they cannot change, until that piece is done.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<int64_t> pieces_{0};
  std::atomic<Function> function_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<int64_t> unfinished_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable begun_;
  std::condition_variable finished_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  bool closing_ = false;
  std::exception_ptr error_;
  std::vector<std::thread> helpers_;
};

/// Makes a pool the one that parallel_for takes, on this thread and as long as the object lives.
class UsingPool {
 public:
  explicit UsingPool(ThreadPool& pool);
  ~UsingPool();
  UsingPool(const UsingPool&) = delete;
  UsingPool& operator=(const UsingPool&) = delete;

 private:
  ThreadPool* before_;
};

/// The pool of UsingPool on this thread, or null.
ThreadPool* current_pool();

/// Threads that parallel_for may use here; 1 without a pool.
int parallel_threads();

/// Calls work(piece) for each piece of [0, pieces), on the current pool or else here.
template <typename Work>
void parallel_for(int64_t pieces, const Work& work) {
  ThreadPool* pool = current_pool();  // NOLINT(misc-const-correctness): run() changes it
  if (pool != nullptr) {
    pool->run(pieces, work);
    return;
  }
  for (int64_t piece = 0; piece < pieces; ++piece) {
    work(piece);
  }
}

constexpr int64_t kRangesPerThread = 4;

/// Calls work(begin, end) for ranges that cover [0, count), none but the last shorter than `least`:
/// one on one thread, else enough that a late thread leaves no other waiting for long.
template <typename Work>
void parallel_ranges(int64_t count, int64_t least, const Work& work) {
  const int64_t threads = parallel_threads();
  const int64_t wanted = threads == 1 ? 1 : threads * kRangesPerThread;
  const int64_t length = std::max(least, (count + wanted - 1) / wanted);
  parallel_for((count + length - 1) / length,
               [&](int64_t piece) { work(piece * length, std::min(count, (piece + 1) * length)); });
}

}  // namespace muspeaker::core
