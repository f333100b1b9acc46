#include "engine/mel_correction_stage.h"

namespace muspeaker::engine {
namespace {

constexpr int64_t kLeastFrames = 64;  // frames of one thread, more than correct_part needs

}  // namespace

std::unique_ptr<PostStage::State> MelCorrectionStage::begin(const dsp::Watermark* mark) const {
  auto state = std::make_unique<Correcting>();
  state->state.mark = mark;
  return state;
}

void MelCorrectionStage::take(State& state, const core::Frames& mel, const float* samples,
                              int64_t count, std::vector<float>& given) const {
  correction_.correct(static_cast<Correcting&>(state).state, mel, samples, count, given);
}

void MelCorrectionStage::take_whole(core::GraphRunner& runner, const dsp::Watermark* mark,
                                    const core::Frames& mel, const std::vector<float>& samples,
                                    std::vector<float>& given) const {
  const int64_t frames = mel.rows();
  const int64_t parts = runner.num_threads();
  if (parts == 1 || frames < parts * kLeastFrames) {
    PostStage::take_whole(runner, mark, mel, samples, given);
    return;
  }
  given.resize(samples.size());
  runner.run_lanes(parts, [&](core::GraphRunner& /*lane*/, int64_t part) {
    correction_.correct_part(mel, samples.data(), part * frames / parts,
                             (part + 1) * frames / parts, given.data(), mark);
  });
}

}  // namespace muspeaker::engine
