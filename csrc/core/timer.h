#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/thread_pool.h"

namespace muspeaker::core {

/// CPU seconds of each part.
using Timings = std::map<std::string, double, std::less<>>;

/// Adds the CPU time of all threads of a pool, from its making to its end, to a part's.
class Timer {
 public:
  Timer(const ThreadPool& pool, Timings& timings, std::string_view part);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  const ThreadPool& pool_;
  double& total_;
  double begin_;
};

}  // namespace muspeaker::core
