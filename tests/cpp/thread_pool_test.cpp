#include "core/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <thread>
#include <vector>

namespace muspeaker::core {
namespace {

TEST(ThreadPool, DoesEveryPieceOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.num_threads(), threads);
    for (int64_t pieces = 0; pieces < 200; ++pieces) {
      std::vector<int> done(static_cast<size_t>(pieces), 0);  // plain: the caller sees all writes
      pool.run(pieces, [&](int64_t piece) { ++done[static_cast<size_t>(piece)]; });
      EXPECT_EQ(done, std::vector<int>(static_cast<size_t>(pieces), 1));
    }
    EXPECT_NO_THROW(pool.rethrow());
  }
}

/// Without it a call hangs, sooner or later, or some piece is done twice.
TEST(ThreadPool, ALateHelperTakesNothingOfAnotherCall) {
  constexpr int64_t kMost = 3;
  ThreadPool pool(4);  // more than have work, so that there is always one that comes too late
  std::vector<std::atomic<int>> done(kMost);
  int64_t wrong = 0;
  for (int64_t call = 0; call < 1000000; ++call) {
    const int64_t pieces = call % 2 == 0 ? kMost - 1 : kMost;
    pool.run(pieces, [&](int64_t piece) { ++done[static_cast<size_t>(piece)]; });
    for (int64_t piece = 0; piece < kMost; ++piece) {
      wrong += done[static_cast<size_t>(piece)].exchange(0) == (piece < pieces ? 1 : 0) ? 0 : 1;
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadPool, ItsThreadsHaveNumbers) {
  ThreadPool pool(3);
  ThreadPool inner(1);
  std::vector<std::atomic<int>> pieces_of(3);
  pool.run(300, [&](int64_t) {
    const int index = ThreadPool::thread_index();
    ++pieces_of.at(static_cast<size_t>(index));
    inner.run(1, [&](int64_t) { EXPECT_EQ(ThreadPool::thread_index(), 0); });
    EXPECT_EQ(ThreadPool::thread_index(), index);
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  });
  EXPECT_EQ(pieces_of[0] + pieces_of[1] + pieces_of[2], 300);
  EXPECT_GT(pieces_of[0], 0);
}

TEST(ThreadPool, ALateThreadHoldsUpNothingButItsPiece) {
  ThreadPool pool(2);
  constexpr int64_t kPieces = 9;
  std::atomic<int64_t> others{0};
  std::atomic<bool> waited_in_vain{false};
  pool.run(kPieces, [&](int64_t piece) {
    if (piece != 0) {
      ++others;
      return;
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (others < kPieces - 1 && !waited_in_vain) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      waited_in_vain = std::chrono::steady_clock::now() > give_up;
    }
  });
  EXPECT_FALSE(waited_in_vain);
}

TEST(ThreadPool, KeepsTheFirstException) {
  ThreadPool pool(3);
  std::atomic<int> done{0};
  pool.run(20, [&](int64_t piece) {
    ++done;
    if (piece == 7) {
      throw std::domain_error("seven");
    }
  });
  EXPECT_EQ(done, 20);
  EXPECT_THROW(pool.rethrow(), std::domain_error);
  EXPECT_NO_THROW(pool.rethrow());
}

TEST(ThreadPool, SleepsWhenIdle) {
  ThreadPool pool(4);
  pool.run(50, [](int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::clock_t begin = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  const double used = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_LT(used, 0.1);  // of three helpers that spun it would be 0.4 and more
}

TEST(ThreadPool, CountsCpuTime) {
  ThreadPool pool(2);
  const double begin = pool.cpu_seconds();
  std::atomic<double> sum{0};
  pool.run(8, [&](int64_t piece) {
    double value = static_cast<double>(piece);
    for (int i = 0; i < 400000; ++i) {
      value = (value * 0.999) + 1.0;
    }
    sum = value;
  });
  EXPECT_GT(pool.cpu_seconds() - begin, 1e-4);
}

TEST(ParallelRanges, CoverAll) {
  ThreadPool pool(3);
  EXPECT_EQ(parallel_threads(), 1);
  const UsingPool using_pool(pool);
  EXPECT_EQ(parallel_threads(), 3);
  for (const int64_t count : {0, 1, 4, 5, 97}) {
    std::vector<int> done(static_cast<size_t>(count), 0);
    std::atomic<int64_t> short_ranges{0};
    parallel_ranges(count, 4, [&](int64_t begin, int64_t end) {
      short_ranges += end - begin < 4 ? 1 : 0;
      for (int64_t i = begin; i < end; ++i) {
        ++done[static_cast<size_t>(i)];
      }
    });
    EXPECT_EQ(done, std::vector<int>(static_cast<size_t>(count), 1));
    EXPECT_LE(short_ranges, 1);
  }
}

TEST(ParallelFor, WithinAPieceRunsThere) {
  ThreadPool pool(2);
  const UsingPool using_pool(pool);
  std::atomic<int> elsewhere{0};
  parallel_for(6, [&](int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(5, [&](int64_t) { elsewhere += std::this_thread::get_id() == here ? 0 : 1; });
  });
  EXPECT_EQ(elsewhere, 0);
}

}  // namespace
}  // namespace muspeaker::core
