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
/// Every chunk is computed with `overlap` frames on either side, which its convolutions reach into
/// and which are then dropped, so that chunks joined are the whole, bit for bit.
class VocoderStream {
 public:
  /// The model must outlive the stream. chunk_frames is at least 1.
  explicit VocoderStream(const model::MuSpeaker& model, int64_t chunk_frames = kChunkFrames);

  static constexpr int64_t kChunkFrames = 512;

  /// mel: (frames, num_mels) natural-log mel; f0: (frames) in Hz, 0 where unvoiced.
  /// Returns (frames * hop) samples in (-1, 1).
  [[nodiscard]] std::vector<float> vocode(core::GraphRunner& runner, const std::vector<float>& mel,
                                          const std::vector<float>& f0, const NoiseAt& noise) const;

  /// Frames that one output frame can depend on, to either side.
  [[nodiscard]] int64_t overlap_frames() const { return overlap_frames_; }

 private:
  const model::MuSpeaker& model_;
  int64_t chunk_frames_;
  int64_t overlap_frames_;
};

}  // namespace muspeaker::engine
