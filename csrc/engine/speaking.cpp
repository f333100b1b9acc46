#include "engine/speaking.h"

#include <utility>

namespace muspeaker::engine {

Speaking::Speaking(std::vector<int32_t> durations, int64_t num_samples, VocoderStream::State state,
                   const VocoderStream& vocoder, core::GraphRunner& runner, std::mutex& mutex)
    : durations_(std::move(durations)),
      num_samples_(num_samples),
      state_(std::move(state)),
      vocoder_(vocoder),
      runner_(runner),
      mutex_(mutex) {}

std::vector<float> Speaking::next_chunk() {
  std::vector<float> samples;
  next_chunk(samples);
  return samples;
}

void Speaking::next_chunk(std::vector<float>& samples) {
  const std::scoped_lock lock(mutex_);
  vocoder_.next(runner_, state_, samples);
}

std::vector<float> Speaking::rest() {
  const std::scoped_lock lock(mutex_);
  return vocoder_.rest(runner_, state_);
}

}  // namespace muspeaker::engine
