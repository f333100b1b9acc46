#include "engine/mel_correction_stage.h"

#include <utility>

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

std::vector<float> MelCorrectionStage::take_whole(core::GraphRunner& runner,
                                                  const dsp::Watermark* mark,
                                                  const core::Frames& mel,
                                                  std::vector<float> samples) const {
  const int64_t frames = mel.rows();
  const int64_t parts = runner.num_threads();
  if (parts == 1 || frames < parts * kLeastFrames) {
    return PostStage::take_whole(runner, mark, mel, std::move(samples));
  }
  std::vector<float> corrected(samples.size());
  runner.run_lanes(parts, [&](core::GraphRunner& /*lane*/, int64_t part) {
    correction_.correct_part(mel, samples.data(), part * frames / parts,
                             (part + 1) * frames / parts, corrected.data(), mark);
  });
  return corrected;
}

}  // namespace muspeaker::engine
