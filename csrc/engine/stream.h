#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/graph.h"
#include "dsp/mel_correction.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// Fills out with the vocoder's noise, standard normal, from an absolute sample index on.
using NoiseAt = std::function<void(int64_t first_sample, float* out, int64_t count)>;

/// The vocoder, run chunk by chunk: memory is bounded by a chunk, whatever the utterance's length.
///
/// Every chunk is computed with the frames on either side that its convolutions reach into. In
/// float arithmetic chunks of any sizes joined are the whole, bit for bit; in int8 the vocoder's
/// scales of few channels are quantised by tiles of a chunk, so bits depend on where chunks begin,
/// and every way to speak takes the same ones. With several threads each takes a chunk of its own,
/// for a chunk's layers are too small to be shared well; the first of a stream is shared all the
/// same, so that speech begins early. Where the config asks for it, MelCorrection follows, which
/// holds three and a half frames back until their successors are there. What one utterance needs
/// from chunk to chunk is a State of its own: one stream serves any number of them in turns.
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
    int64_t taken_frames = 0;  ///< whose samples next() has taken from `made`
    int64_t made_frames = 0;   ///< at least as many: whose samples have been made
    std::vector<float> made;   ///< (chunks, chunk * hop) samples of the last chunks made
    dsp::MelCorrection::State correction;

    /// What one chunk is computed in: memory to use again.
    struct Workspace {
      std::vector<float> phase;
      std::vector<float> noise;
      std::vector<core::GraphRunner::Matrix> inputs;
    };
    std::vector<Workspace> workspaces;  ///< one a thread
  };

  /// mel: (frames, num_mels) natural-log mel; f0: (frames) in Hz, 0 where unvoiced.
  [[nodiscard]] State begin(std::vector<float> mel, std::vector<float> f0, NoiseAt noise) const;

  /// The next chunk, or what is left: `samples` becomes those that it completes, in [-1, 1], none
  /// at the end. Several threads make as many chunks at once, which the next calls give. Chunk
  /// after chunk of one size allocates nothing.
  void next(core::GraphRunner& runner, State& state, std::vector<float>& samples) const;

  /// All that is left, at once: the samples that next() would give, joined, sooner where there are
  /// several threads.
  [[nodiscard]] std::vector<float> rest(core::GraphRunner& runner, State& state) const;

  /// The whole utterance: (frames * hop) samples in [-1, 1].
  [[nodiscard]] std::vector<float> vocode(core::GraphRunner& runner, std::vector<float> mel,
                                          std::vector<float> f0, NoiseAt noise) const;

 private:
  /// One chunk: frames [begin, end).
  struct Chunk {
    int64_t begin;
    int64_t end;
  };
  [[nodiscard]] Chunk chunk_at(const State& state, int64_t begin) const;
  [[nodiscard]] const float* take(core::GraphRunner& runner, State& state, Chunk& chunk) const;
  void make(core::GraphRunner& runner, State& state) const;
  void make_side_by_side(core::GraphRunner& runner, State& state, int64_t begin, int64_t chunks,
                         float* samples) const;
  void render(core::GraphRunner& runner, const State& state, const Chunk& chunk,
              State::Workspace& workspace, float* samples) const;

  void correct(core::GraphRunner& runner, State& state, const float* made, int64_t count,
               std::vector<float>& samples) const;
  [[nodiscard]] std::vector<float> correct_in_parts(core::GraphRunner& runner, const State& state,
                                                    const std::vector<float>& made) const;
  [[nodiscard]] std::vector<float> make_rest(core::GraphRunner& runner, State& state) const;

  const model::MuSpeaker& model_;
  int64_t first_frames_;
  int64_t chunk_frames_;
  std::optional<dsp::MelCorrection> correction_;
};

}  // namespace muspeaker::engine
