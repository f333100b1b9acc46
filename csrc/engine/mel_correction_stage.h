#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dsp/mel_correction.h"
#include "engine/post_stage.h"

namespace muspeaker::engine {

/// dsp::MelCorrection as a stage after the vocoder. Marks speech too.
class MelCorrectionStage : public PostStage {
 public:
  /// Throws std::invalid_argument unless dsp::MelCorrection::fits(audio).
  MelCorrectionStage(const core::AudioConfig& audio, float share) : correction_(audio, share) {}

  [[nodiscard]] const char* name() const override { return "mel_correction"; }
  [[nodiscard]] int64_t latency() const override { return correction_.latency_samples(); }
  [[nodiscard]] std::unique_ptr<State> begin(const dsp::Watermark* mark) const override;
  void take(State& state, const core::Frames& mel, const float* samples, int64_t count,
            std::vector<float>& given) const override;

  /// Each thread corrects its share.
  void take_whole(core::GraphRunner& runner, const dsp::Watermark* mark, const core::Frames& mel,
                  const std::vector<float>& samples, std::vector<float>& given) const override;

 private:
  struct Correcting : State {
    dsp::MelCorrection::State state;
  };

  dsp::MelCorrection correction_;
};

}  // namespace muspeaker::engine
