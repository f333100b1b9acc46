#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/graph.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// Fills out with the vocoder's noise, standard normal, from an absolute sample index on.
using NoiseAt = std::function<void(int64_t first_sample, float* out, int64_t count)>;

/// The vocoder, run chunk by chunk: memory is bounded by a chunk, whatever the utterance's length.
///
/// Every chunk is computed with the frames on either side that its convolutions reach into. In
/// float arithmetic chunks of any sizes joined are the whole, bit for bit; in int8 the vocoder's
/// scales of few channels are quantised by tiles of a chunk, so bits depend on where chunks begin,
/// and every way to speak takes the same ones. What one utterance needs from chunk to chunk is a
/// State of its own: one stream serves any number of them in turns.
class VocoderStream {
 public:
  /// The model must outlive the stream. Sizes of the first and of the other chunks, at least 1.
  explicit VocoderStream(const model::MuSpeaker& model, int64_t first_frames = kFirstFrames,
                         int64_t chunk_frames = kChunkFrames);

  /// The first chunk is small, so that speech begins early.
  static constexpr int64_t kFirstFrames = 32;

  /// What one scale of a chunk reads and writes stays in the L2 cache: 64 frames take three
  /// quarters of the time of 512, the context that each chunk computes again included.
  static constexpr int64_t kChunkFrames = 64;

  /// One utterance on its way through the vocoder.
  struct State {
    std::vector<float> mel;     ///< (frames, num_mels), natural log
    std::vector<float> f0;      ///< (frames) in Hz, 0 where unvoiced
    std::vector<double> phase;  ///< (frames) where each frame's fundamental begins, in cycles
    NoiseAt noise;
    int64_t next_frame = 0;  ///< frames before it have been made samples

    std::vector<float> chunk_phase;  ///< of the last chunk with its margins: memory to use again
    std::vector<float> chunk_noise;
    std::vector<core::GraphRunner::Matrix> chunk;

    [[nodiscard]] int64_t frames_left() const {
      return static_cast<int64_t>(f0.size()) - next_frame;
    }
  };

  /// mel: (frames, num_mels) natural-log mel; f0: (frames) in Hz, 0 where unvoiced.
  [[nodiscard]] State begin(std::vector<float> mel, std::vector<float> f0, NoiseAt noise) const;

  /// The next chunk, or what is left: `samples` becomes (frames * hop) of them in (-1, 1), none at
  /// the end. Chunk after chunk of one size allocates nothing.
  void next(core::GraphRunner& runner, State& state, std::vector<float>& samples) const;

  /// The whole utterance: (frames * hop) samples in (-1, 1).
  [[nodiscard]] std::vector<float> vocode(core::GraphRunner& runner, std::vector<float> mel,
                                          std::vector<float> f0, NoiseAt noise) const;

 private:
  const model::MuSpeaker& model_;
  int64_t first_frames_;
  int64_t chunk_frames_;
};

}  // namespace muspeaker::engine
