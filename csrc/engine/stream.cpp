#include "engine/stream.h"

#include <algorithm>
#include <utility>

namespace muspeaker::engine {

VocoderStream::VocoderStream(const model::MuSpeaker& model, int64_t first_frames,
                             int64_t chunk_frames)
    : model_(model), first_frames_(first_frames), chunk_frames_(chunk_frames) {}

VocoderStream::State VocoderStream::begin(std::vector<float> mel, std::vector<float> f0,
                                          NoiseAt noise) const {
  State state;
  state.mel = std::move(mel);
  state.f0 = std::move(f0);
  state.noise = std::move(noise);
  state.phase.resize(state.f0.size());
  double phase = 0.0;
  for (size_t frame = 0; frame < state.f0.size(); ++frame) {
    state.phase[frame] = phase;
    phase = model::advance_phase(phase, state.f0[frame], model_.config().audio);
  }
  return state;
}

void VocoderStream::next(core::GraphRunner& runner, State& state,
                         std::vector<float>& samples) const {
  const int64_t frames =
      std::min(state.next_frame == 0 ? first_frames_ : chunk_frames_, state.frames_left());
  const core::AudioConfig& audio = model_.config().audio;
  const int64_t hop = audio.hop_samples;
  samples.resize(static_cast<size_t>(frames * hop));
  if (frames < 1) {
    return;
  }
  const core::GraphRunner::Timer timer(runner, "vocoder");
  const int64_t reach = model_.vocoder().reach_frames();
  const model::Margins margins{
      std::min(state.next_frame, reach),
      std::min(state.frames_left() - frames, reach),
  };
  const int64_t first = state.next_frame - margins.before;
  const int64_t count = margins.before + frames + margins.after;
  state.chunk_phase.resize(static_cast<size_t>(count * hop));
  state.chunk_noise.resize(static_cast<size_t>(count * hop));
  model::integrate_phase(state.f0.data() + first, count, audio, state.chunk_phase.data(),
                         state.phase[static_cast<size_t>(first)]);
  state.noise(first * hop, state.chunk_noise.data(), count * hop);
  state.chunk.assign({
      {"mel", audio.num_mels, count, state.mel.data() + (first * audio.num_mels)},
      {"f0", count, 1, state.f0.data() + first},
      {"phase", count * hop, 1, state.chunk_phase.data()},
      {"noise", count * hop, 1, state.chunk_noise.data()},
  });
  const auto describe = [this, &margins](ggml_context* graph,
                                         const std::vector<ggml_tensor*>& inputs) {
    return model_.vocoder().forward(graph, inputs[0], inputs[1], inputs[2], inputs[3], margins);
  };
  const auto network = static_cast<int64_t>(reinterpret_cast<intptr_t>(&model_));
  runner.run_again({network, margins.before, margins.after}, state.chunk, describe, samples.data());
  state.next_frame += frames;
}

std::vector<float> VocoderStream::vocode(core::GraphRunner& runner, std::vector<float> mel,
                                         std::vector<float> f0, NoiseAt noise) const {
  State state = begin(std::move(mel), std::move(f0), std::move(noise));
  std::vector<float> samples;
  std::vector<float> chunk;
  samples.reserve(state.f0.size() * static_cast<size_t>(model_.config().audio.hop_samples));
  while (state.frames_left() > 0) {
    next(runner, state, chunk);
    samples.insert(samples.end(), chunk.begin(), chunk.end());
  }
  return samples;
}

}  // namespace muspeaker::engine
