#include "core/timer.h"

namespace muspeaker::core {
namespace {

/// The part's seconds so far; only the first call for a part allocates.
double& total_of(Timings& timings, std::string_view part) {
  const auto found = timings.find(part);
  return found != timings.end() ? found->second : timings.emplace(part, 0.0).first->second;
}

}  // namespace

Timer::Timer(const ThreadPool& pool, Timings& timings, std::string_view part)
    : pool_(pool), total_(total_of(timings, part)), begin_(pool.cpu_seconds()) {}

Timer::~Timer() {
  total_ += pool_.cpu_seconds() - begin_;
}

}  // namespace muspeaker::core
