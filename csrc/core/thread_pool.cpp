#include "core/thread_pool.h"

#include <chrono>
#include <ctime>

#ifdef __linux__
#include <pthread.h>
#endif
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace muspeaker::core {
namespace {

// Longer than the pauses between two layers, and between most stages of a call. By the clock, for a
// processor's hint to relax takes one cycle on some and 140 on others.
constexpr std::chrono::microseconds kSpinTime{60};
constexpr int kSpins = 16;  // from one look at the clock to the next
constexpr unsigned kUnclaimedBits = 32;
constexpr uint64_t kUnclaimedMask = (uint64_t{1} << kUnclaimedBits) - 1U;

thread_local ThreadPool* this_threads_pool = nullptr;
thread_local int this_threads_index = 0;

/// Nested parallelism is off: inside a piece, parallel_for runs on the calling thread. The caller
/// of a pool is its thread 0, whatever it is in another.
class InsidePieces {
 public:
  InsidePieces() : pool_(this_threads_pool), index_(this_threads_index) {
    this_threads_pool = nullptr;
    this_threads_index = 0;
  }
  ~InsidePieces() {
    this_threads_pool = pool_;
    this_threads_index = index_;
  }
  InsidePieces(const InsidePieces&) = delete;
  InsidePieces& operator=(const InsidePieces&) = delete;

 private:
  ThreadPool* pool_;
  int index_;
};

uint64_t generation_of(uint64_t ticket) {
  return ticket >> kUnclaimedBits;
}

void relax() {
#ifdef __x86_64__
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Waits for a short time, awake. Returns whether it came true.
template <typename Condition>
bool spin_until(const Condition& condition) {
  if (condition()) {
    return true;
  }
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (condition()) {
        return true;
      }
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return condition();
}

#ifdef _WIN32
double process_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;  // wall time, on this system
}
#else
double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + (1e-9 * static_cast<double>(now.tv_nsec));
}
#endif

}  // namespace

ThreadPool::ThreadPool(int num_threads) {
  helpers_.reserve(static_cast<size_t>(num_threads - 1));
  for (int i = 1; i < num_threads; ++i) {
    helpers_.emplace_back([this, i] { help(i); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  begun_.notify_all();
  for (std::thread& helper : helpers_) {
    helper.join();
  }
}

void ThreadPool::rethrow() {
  std::exception_ptr error;
  {
    const std::scoped_lock lock(mutex_);
    std::swap(error, error_);
  }
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

double ThreadPool::cpu_seconds() const {
#ifdef __linux__
  double total = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  for (const std::thread& helper : helpers_) {
    clockid_t clock{};
    // A helper runs until the pool is closed, so its handle is valid.
    if (pthread_getcpuclockid(const_cast<std::thread&>(helper).native_handle(), &clock) == 0) {
      total += seconds_of(clock);
    }
  }
  return total;
#elif defined(_WIN32)
  return process_seconds();
#else
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
#endif
}

void ThreadPool::call(Function function, const void* context, int64_t piece) noexcept {
  try {
    function(context, piece);
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    if (error_ == nullptr) {
      error_ = std::current_exception();
    }
  }
}

void ThreadPool::run_pieces(int64_t pieces, Function function, const void* context) noexcept {
  if (helpers_.empty() || pieces < 2) {
    const InsidePieces inside;
    for (int64_t piece = 0; piece < pieces; ++piece) {
      call(function, context, piece);
    }
    return;
  }
  function_.store(function, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  pieces_.store(pieces, std::memory_order_relaxed);
  unfinished_.store(pieces, std::memory_order_relaxed);
  const uint64_t generation = generation_of(ticket_.load(std::memory_order_relaxed)) + 1;
  // Sequentially consistent, as is the count of sleepers: either a helper sees the ticket before it
  // sleeps, or this thread sees the sleeper. Exchanged and not stored: an emulator of another
  // processor may let a load pass the store before it.
  ticket_.exchange((generation << kUnclaimedBits) | static_cast<uint64_t>(pieces));
  if (sleepers_.load() > 0) {
    {
      const std::scoped_lock lock(mutex_);
    }
    begun_.notify_all();
  }
  {
    const InsidePieces inside;
    work_through(generation);
  }
  if (spin_until([this] { return unfinished_.load(std::memory_order_acquire) == 0; })) {
    return;
  }
  std::unique_lock lock(mutex_);
  caller_sleeps_.exchange(true);  // as above: the thread that ends the last piece must see it
  finished_.wait(lock, [this] { return unfinished_.load() == 0; });
  caller_sleeps_.store(false);
}

/// Claims pieces of this call until none is left.
void ThreadPool::work_through(uint64_t generation) noexcept {
  uint64_t ticket = ticket_.load();
  while (generation_of(ticket) == generation) {
    const auto unclaimed = static_cast<int64_t>(ticket & kUnclaimedMask);
    if (unclaimed == 0) {
      return;
    }
    if (!ticket_.compare_exchange_weak(ticket, ticket - 1)) {
      continue;
    }
    call(function_.load(std::memory_order_relaxed), context_.load(std::memory_order_relaxed),
         pieces_.load(std::memory_order_relaxed) - unclaimed);
    if (unfinished_.fetch_sub(1) == 1 && caller_sleeps_.load()) {
      {
        const std::scoped_lock lock(mutex_);
      }
      finished_.notify_one();
    }
    ticket = ticket_.load();
  }
}

/// What a helper does all its life.
void ThreadPool::help(int index) {
  this_threads_index = index;
  uint64_t seen = 0;
  while (true) {
    if (!spin_until([&] { return generation_of(ticket_.load()) != seen; })) {
      std::unique_lock lock(mutex_);
      sleepers_.fetch_add(1);
      begun_.wait(lock, [&] { return closing_ || generation_of(ticket_.load()) != seen; });
      sleepers_.fetch_sub(1);
      if (closing_) {
        return;
      }
    }
    seen = generation_of(ticket_.load());
    work_through(seen);
  }
}

UsingPool::UsingPool(ThreadPool& pool) : before_(this_threads_pool) {
  this_threads_pool = &pool;
}

UsingPool::~UsingPool() {
  this_threads_pool = before_;
}

int ThreadPool::thread_index() {
  return this_threads_index;
}

ThreadPool* current_pool() {
  return this_threads_pool;
}

int parallel_threads() {
  return this_threads_pool == nullptr ? 1 : this_threads_pool->num_threads();
}

}  // namespace muspeaker::core
