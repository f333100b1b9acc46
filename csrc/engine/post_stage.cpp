#include "engine/post_stage.h"

#include <string>
#include <utility>

#include "core/error.h"
#include "dsp/mel_correction.h"
#include "engine/mel_correction_stage.h"

namespace muspeaker::engine {
namespace {

std::vector<std::unique_ptr<const PostStage>> make_post_stages(const core::ModelConfig& config) {
  std::vector<std::unique_ptr<const PostStage>> stages;
  if (config.vocoder.mel_correction > 0.0F) {
    core::require_model(dsp::MelCorrection::fits(config.audio),
                        "header value muspeaker.vocoder.mel_correction needs windows of at least " +
                            std::to_string(dsp::MelCorrection::kOverlap) +
                            " hops, those of this model are shorter");
    for (int64_t pass = 0; pass < config.vocoder.correction_passes; ++pass) {
      stages.push_back(
          std::make_unique<MelCorrectionStage>(config.audio, config.vocoder.mel_correction));
    }
  }
  return stages;
}

}  // namespace

std::vector<float> PostStage::take_whole(core::GraphRunner& /*runner*/, const core::Frames& mel,
                                         std::vector<float> samples) const {
  const std::unique_ptr<State> state = begin();
  std::vector<float> given;
  given.reserve(samples.size());
  take(*state, mel, samples.data(), core::count_of(samples), given);
  return given;
}

PostChain::PostChain(const core::ModelConfig& config) : stages_(make_post_stages(config)) {}

int64_t PostChain::latency() const {
  int64_t total = 0;
  for (const auto& stage : stages_) {
    total += stage->latency();
  }
  return total;
}

PostChain::State PostChain::begin() const {
  State state;
  for (const auto& stage : stages_) {
    state.stages.push_back(stage->begin());
  }
  state.between.resize(stages_.size());
  return state;
}

void PostChain::take(core::GraphRunner& runner, State& state, const core::Frames& mel,
                     const float* samples, int64_t count, std::vector<float>& given) const {
  given.reserve(given.size() + static_cast<size_t>(count + latency()));
  if (stages_.empty()) {
    given.insert(given.end(), samples, samples + count);
  }
  for (size_t i = 0; i < stages_.size(); ++i) {
    const core::Timer timer = runner.timer(stages_[i]->name());
    if (i + 1 == stages_.size()) {
      stages_[i]->take(*state.stages[i], mel, samples, count, given);
      return;
    }
    state.between[i].clear();
    stages_[i]->take(*state.stages[i], mel, samples, count, state.between[i]);
    samples = state.between[i].data();
    count = core::count_of(state.between[i]);
  }
}

std::vector<float> PostChain::take_whole(core::GraphRunner& runner, const core::Frames& mel,
                                         std::vector<float> samples) const {
  for (const auto& stage : stages_) {
    const core::Timer timer = runner.timer(stage->name());
    samples = stage->take_whole(runner, mel, std::move(samples));
  }
  return samples;
}

}  // namespace muspeaker::engine
