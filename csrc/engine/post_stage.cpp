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

void PostStage::take_whole(core::GraphRunner& /*runner*/, const dsp::Watermark* mark,
                           const core::Frames& mel, const std::vector<float>& samples,
                           std::vector<float>& given) const {
  const std::unique_ptr<State> state = begin(mark);
  given.clear();
  given.reserve(samples.size());
  take(*state, mel, samples.data(), core::count_of(samples), given);
}

PostChain::PostChain(const core::ModelConfig& config)
    : audio_(config.audio), stages_(make_post_stages(config)) {
  if (stages_.empty() && dsp::MelCorrection::fits(audio_)) {
    marker_ = std::make_unique<MelCorrectionStage>(audio_, /*share=*/0.0F);
  }
}

int64_t PostChain::latency(const State& state) {
  int64_t total = 0;
  for (const PostStage* stage : state.taken) {
    total += stage->latency();
  }
  return total;
}

/// The mark of a payload. The last is kept, for most utterances have one and the same.
std::shared_ptr<const dsp::Watermark> PostChain::mark_of(uint32_t payload) const {
  const std::scoped_lock lock(mark_mutex_);
  if (last_mark_ == nullptr || last_payload_ != payload) {
    last_mark_ = std::make_shared<const dsp::Watermark>(audio_, payload);
    last_payload_ = payload;
  }
  return last_mark_;
}

PostChain::State PostChain::begin(std::optional<uint32_t> watermark) const {
  State state;
  for (const auto& stage : stages_) {
    state.taken.push_back(stage.get());
  }
  if (watermark.has_value()) {
    state.mark = mark_of(*watermark);
    if (state.taken.empty()) {
      core::require_input(marker_ != nullptr,
                          "the windows of this model are too short for a watermark: speak without");
      state.taken.push_back(marker_.get());
    }
  }
  for (const PostStage* stage : state.taken) {
    const bool last = stage == state.taken.back();
    state.stages.push_back(stage->begin(last ? state.mark.get() : nullptr));
  }
  state.between.resize(state.taken.size());
  return state;
}

void PostChain::take(core::GraphRunner& runner, State& state, const core::Frames& mel,
                     const float* samples, int64_t count, std::vector<float>& given) {
  given.reserve(given.size() + static_cast<size_t>(count + latency(state)));
  if (state.taken.empty()) {
    given.insert(given.end(), samples, samples + count);
  }
  for (size_t i = 0; i < state.taken.size(); ++i) {
    const core::Timer timer = runner.timer(state.taken[i]->name());
    if (i + 1 == state.taken.size()) {
      state.taken[i]->take(*state.stages[i], mel, samples, count, given);
      return;
    }
    state.between[i].clear();
    state.taken[i]->take(*state.stages[i], mel, samples, count, state.between[i]);
    samples = state.between[i].data();
    count = core::count_of(state.between[i]);
  }
}

std::vector<float> PostChain::take_whole(core::GraphRunner& runner, const State& state,
                                         const core::Frames& mel, std::vector<float> samples) {
  std::vector<float> given;
  for (const PostStage* stage : state.taken) {
    const core::Timer timer = runner.timer(stage->name());
    const bool last = stage == state.taken.back();
    stage->take_whole(runner, last ? state.mark.get() : nullptr, mel, samples, given);
    std::swap(samples, given);  // two arrays by turns
  }
  return samples;
}

}  // namespace muspeaker::engine
