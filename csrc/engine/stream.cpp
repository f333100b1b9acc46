#include "engine/stream.h"

#include <algorithm>
#include <utility>

namespace muspeaker::engine {

VocoderStream::VocoderStream(const model::MuSpeaker& model, int64_t chunk_frames)
    : model_(model), chunk_frames_(chunk_frames) {}

VocoderStream::State VocoderStream::begin(std::vector<float> mel, std::vector<float> f0,
                                          NoiseAt noise) const {
  State state{std::move(mel), std::move(f0), {}, std::move(noise)};
  state.phase.resize(state.f0.size());
  double phase = 0.0;
  for (size_t frame = 0; frame < state.f0.size(); ++frame) {
    state.phase[frame] = phase;
    phase = model::advance_phase(phase, state.f0[frame], model_.config().audio);
  }
  return state;
}

std::vector<float> VocoderStream::next(core::GraphRunner& runner, State& state,
                                       int64_t frames) const {
  frames = std::min(frames, state.frames_left());
  if (frames < 1) {
    return {};
  }
  const core::AudioConfig& audio = model_.config().audio;
  const int64_t hop = audio.hop_samples;
  const int64_t reach = model_.vocoder().reach_frames();
  const model::Margins margins{std::min(state.next_frame, reach),
                               std::min(state.frames_left() - frames, reach)};
  const int64_t first = state.next_frame - margins.before;
  const int64_t count = margins.before + frames + margins.after;
  std::vector<float> phase(static_cast<size_t>(count * hop));
  model::integrate_phase(state.f0.data() + first, count, audio, phase.data(),
                         state.phase[static_cast<size_t>(first)]);
  std::vector<float> noise(phase.size());
  state.noise(first * hop, noise.data(), count * hop);
  runner.run([&](core::GraphBuilder& graph) {
    const auto input = [&](const char* name, int64_t ne0, int64_t ne1, const float* data) {
      return graph.input(name, GGML_TYPE_F32, {ne0, ne1}, data);
    };
    ggml_tensor* chunk = model_.vocoder().forward(
        graph.context(),
        input("mel", audio.num_mels, count, state.mel.data() + (first * audio.num_mels)),
        input("f0", count, 1, state.f0.data() + first),
        input("phase", count * hop, 1, phase.data()), input("noise", count * hop, 1, noise.data()),
        margins);
    graph.output("samples", chunk);
  });
  state.next_frame += frames;
  return runner.take("samples");
}

std::vector<float> VocoderStream::vocode(core::GraphRunner& runner, std::vector<float> mel,
                                         std::vector<float> f0, NoiseAt noise) const {
  State state = begin(std::move(mel), std::move(f0), std::move(noise));
  std::vector<float> samples;
  samples.reserve(state.f0.size() * static_cast<size_t>(model_.config().audio.hop_samples));
  while (state.frames_left() > 0) {
    const std::vector<float> chunk = next(runner, state, chunk_frames_);
    samples.insert(samples.end(), chunk.begin(), chunk.end());
  }
  return samples;
}

}  // namespace muspeaker::engine
