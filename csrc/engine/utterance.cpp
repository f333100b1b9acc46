#include "engine/utterance.h"

#include <algorithm>
#include <utility>

namespace muspeaker::engine {

Utterance::Utterance(std::vector<int32_t> durations, int64_t num_samples,
                     VocoderStream::State state, const VocoderStream& vocoder,
                     core::GraphRunner& runner, std::mutex& mutex)
    : durations_(std::move(durations)),
      num_samples_(num_samples),
      state_(std::move(state)),
      vocoder_(vocoder),
      runner_(runner),
      mutex_(mutex) {}

std::vector<float> Utterance::next_chunk() {
  const std::scoped_lock lock(mutex_);
  std::vector<float> chunk = vocoder_.next(runner_, state_, next_frames_);
  next_frames_ = std::min(2 * next_frames_, VocoderStream::kChunkFrames);
  return chunk;
}

}  // namespace muspeaker::engine
