#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "core/graph.h"
#include "engine/stream.h"

namespace muspeaker::engine {

/// One utterance that is being spoken: its acoustic pass is done, its samples come in chunks.
///
/// Made by Synthesizer::start, which must outlive it. Those of one synthesizer may be pulled
/// in any order and from any thread: each chunk is one turn at the engine, and so is rest().
class Speaking {
 public:
  /// durations: (tokens) in frames; state: before its first chunk; runner: used under `mutex` only.
  Speaking(std::vector<int32_t> durations, int64_t num_samples, VocoderStream::State state,
           const VocoderStream& vocoder, core::GraphRunner& runner, std::mutex& mutex);
  ~Speaking() = default;
  Speaking(Speaking&&) = default;
  Speaking& operator=(Speaking&&) = delete;
  Speaking(const Speaking&) = delete;
  Speaking& operator=(const Speaking&) = delete;

  [[nodiscard]] const std::vector<int32_t>& durations() const { return durations_; }
  [[nodiscard]] int64_t num_samples() const { return num_samples_; }

  /// The next samples in [-1, 1], none at the end. Joined they are what synthesize gives, bit for
  /// bit.
  [[nodiscard]] std::vector<float> next_chunk();

  /// All that is left of them, (samples left), which several threads make sooner than chunks.
  [[nodiscard]] std::vector<float> rest();

  /// The same as the first into memory that is used again: from the first chunk of full length that
  /// has speech on both sides on, nothing is allocated.
  void next_chunk(std::vector<float>& samples);

 private:
  std::vector<int32_t> durations_;
  int64_t num_samples_;
  VocoderStream::State state_;  // guarded by mutex_
  const VocoderStream& vocoder_;
  core::GraphRunner& runner_;
  std::mutex& mutex_;
};

}  // namespace muspeaker::engine
