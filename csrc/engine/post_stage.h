#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "core/graph.h"
#include "dsp/watermark.h"

namespace muspeaker::engine {

/// A step that samples go through after the vocoder.
///
/// A stage itself is immutable and serves many utterances at once; each has a State. A new stage is
/// a class that derives from this one and a line in make_post_stages.
class PostStage {
 public:
  /// What one utterance needs from call to call.
  struct State {
    State() = default;
    virtual ~State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
  };

  PostStage() = default;
  virtual ~PostStage() = default;
  PostStage(const PostStage&) = delete;
  PostStage& operator=(const PostStage&) = delete;

  /// The part that its CPU time is counted as.
  [[nodiscard]] virtual const char* name() const = 0;

  /// Samples that are held back until later ones have come, at most.
  [[nodiscard]] virtual int64_t latency() const = 0;

  /// The state before an utterance's first samples. mark: what this stage is to mark the utterance
  /// with, which must outlive the state; null for nothing.
  [[nodiscard]] virtual std::unique_ptr<State> begin(const dsp::Watermark* mark) const = 0;

  /// Takes the next samples of an utterance, and appends to `given` those that are final: all of
  /// them when the last has come. mel: (frames, num_mels), that of the whole utterance. Allocates
  /// nothing once samples of one count have come and `given` has room.
  virtual void take(State& state, const core::Frames& mel, const float* samples, int64_t count,
                    std::vector<float>& given) const = 0;

  /// A whole utterance at once, on all threads: `given` becomes what take() gives, in the memory
  /// that it has.
  virtual void take_whole(core::GraphRunner& runner, const dsp::Watermark* mark,
                          const core::Frames& mel, const std::vector<float>& samples,
                          std::vector<float>& given) const;
};

/// Stages one after the other; with none, samples stay as they are.
///
/// The last stage marks the utterance, since a later one would undo some of it. A model that needs
/// no stage has one for speech that is marked.
class PostChain {
 public:
  /// The stages that a model's config asks for. Throws ModelFileError if it cannot have them.
  explicit PostChain(const core::ModelConfig& config);

  struct State {
    std::shared_ptr<const dsp::Watermark> mark;  ///< null for none
    std::vector<const PostStage*> taken;         ///< the stages of this utterance
    std::vector<std::unique_ptr<PostStage::State>> stages;
    std::vector<std::vector<float>> between;  ///< what each stage but the last has just given
  };

  /// As PostStage; the CPU time of each stage is counted by its name. watermark: the payload of the
  /// mark, if the utterance is to have one; throws std::invalid_argument if the model's windows are
  /// too short for it.
  [[nodiscard]] static int64_t latency(const State& state);
  [[nodiscard]] State begin(std::optional<uint32_t> watermark = std::nullopt) const;
  static void take(core::GraphRunner& runner, State& state, const core::Frames& mel,
                   const float* samples, int64_t count, std::vector<float>& given);
  [[nodiscard]] static std::vector<float> take_whole(core::GraphRunner& runner, const State& state,
                                                     const core::Frames& mel,
                                                     std::vector<float> samples);

 private:
  [[nodiscard]] std::shared_ptr<const dsp::Watermark> mark_of(uint32_t payload) const;

  core::AudioConfig audio_;
  std::vector<std::unique_ptr<const PostStage>> stages_;
  std::unique_ptr<const PostStage> marker_;  ///< only marks; null if stages_ do, or cannot

  mutable std::mutex mark_mutex_;  ///< guards the two below: utterances begin on many threads
  mutable uint32_t last_payload_ = 0;
  mutable std::shared_ptr<const dsp::Watermark> last_mark_;  ///< of last_payload_; null at first
};

}  // namespace muspeaker::engine
