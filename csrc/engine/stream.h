#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/array.h"
#include "core/graph.h"
#include "engine/noise.h"
#include "engine/post_stage.h"
#include "model/muspeaker.h"

namespace muspeaker::engine {

/// The vocoder, run chunk by chunk, and the stages after it: memory is bounded by a chunk, whatever
/// the utterance's length.
///
/// Each chunk is computed with the frames on either side that its convolutions reach into. In float
/// arithmetic chunks of any sizes joined are the whole, bit for bit; in int8 the vocoder's scales
/// of few channels are quantised by tiles of a chunk, so bits depend on where chunks begin, and
/// every way to speak takes the same ones.
///
/// A chunk's layers are too small to be shared well, so each of several threads takes a chunk of
/// its own. Only the first of a stream is shared, so that speech begins early.
///
/// VocoderStream itself is immutable. Each utterance has its own State, so one stream can serve
/// many utterances, interleaved.
class VocoderStream {
 public:
  /// The model must outlive the stream. Sizes of the first and of the other chunks; 0 is what suits
  /// the vocoder.
  /// Throws ModelFileError if the model cannot have the post stages that its config asks for.
  explicit VocoderStream(const model::MuSpeaker& model, int64_t first_frames = 0,
                         int64_t chunk_frames = 0);

  /// Frames [begin, end).
  struct Chunk {
    int64_t begin;
    int64_t end;
  };

  /// Streaming state of one utterance.
  struct State {
    core::Frames mel;          ///< (frames, num_mels), natural log
    std::vector<float> f0;     ///< (frames) in Hz, 0 where unvoiced
    std::vector<float> phase;  ///< (frames * hop) of the fundamental, in cycles
    NoiseAt noise;
    int64_t integrated_frames = 0;  ///< frames whose phase is known: what has been needed so far
    double end_phase = 0.0;         ///< after the last of these
    int64_t made_frames = 0;        ///< frames whose samples the vocoder has made
    int64_t given_frames = 0;       ///< frames of these whose samples went on to the post stages
    std::vector<float> made;        ///< the newest samples made, up to made_frames
    PostChain::State post;

    /// What one chunk is computed in: memory to use again.
    struct Workspace {
      std::vector<float> noise;
      std::vector<core::PlanInput> inputs;
    };
    std::vector<Workspace> workspaces;  ///< one a thread
    std::vector<Chunk> chunks;          ///< those that are being made
  };

  /// mel: (frames, num_mels) natural-log mel; f0: (frames) in Hz, 0 where unvoiced;
  /// watermark: as PostChain::begin, which it throws as.
  [[nodiscard]] State begin(core::Frames mel, std::vector<float> f0, NoiseAt noise,
                            std::optional<uint32_t> watermark = std::nullopt) const;

  /// The next chunk, or what is left: `samples` becomes those that it completes, in [-1, 1], none
  /// at the end. Several threads make as many chunks at once, which the next calls give. Chunk
  /// after chunk of one size allocates nothing.
  void next(core::GraphRunner& runner, State& state, std::vector<float>& samples) const;

  /// All that is left, at once: the samples that next() would give, joined, sooner if there are
  /// several threads.
  [[nodiscard]] std::vector<float> rest(core::GraphRunner& runner, State& state) const;

  /// The whole utterance: (frames * hop) samples in [-1, 1].
  [[nodiscard]] std::vector<float> vocode(core::GraphRunner& runner, core::Frames mel,
                                          std::vector<float> f0, NoiseAt noise,
                                          std::optional<uint32_t> watermark = std::nullopt) const;

 private:
  [[nodiscard]] Chunk chunk_at(const State& state, int64_t frame) const;
  [[nodiscard]] int64_t num_parts(int64_t frames, int64_t threads) const;
  void integrate_until(State& state, int64_t end) const;
  void find_chunks(State& state, int64_t most, int64_t threads) const;
  void make(core::GraphRunner& runner, State& state, int64_t most) const;
  void render(core::GraphRunner& runner, const State& state, const Chunk& chunk,
              State::Workspace& workspace, float* samples) const;
  void give(core::GraphRunner& runner, State& state, int64_t end,
            std::vector<float>& samples) const;

  const model::MuSpeaker& model_;
  int64_t first_frames_;
  int64_t second_frames_;
  int64_t chunk_frames_;
  PostChain post_;
};

}  // namespace muspeaker::engine
