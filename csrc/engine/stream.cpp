#include "engine/stream.h"

#include <algorithm>
#include <utility>

namespace muspeaker::engine {

VocoderStream::VocoderStream(const model::MuSpeaker& model, int64_t first_frames,
                             int64_t chunk_frames)
    : model_(model), first_frames_(first_frames), chunk_frames_(chunk_frames) {
  const core::ModelConfig& config = model.config();
  if (config.vocoder.mel_correction > 0.0F) {
    correction_.emplace(config.audio, config.vocoder.mel_correction);
  }
}

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

VocoderStream::Chunk VocoderStream::chunk_at(const State& state, int64_t begin) const {
  const int64_t wanted = begin == 0 ? first_frames_ : chunk_frames_;
  return {begin, std::min(begin + wanted, static_cast<int64_t>(state.f0.size()))};
}

void VocoderStream::next(core::GraphRunner& runner, State& state,
                         std::vector<float>& samples) const {
  samples.clear();
  const int64_t hop = model_.config().audio.hop_samples;
  while (samples.empty() && state.taken_frames < static_cast<int64_t>(state.f0.size())) {
    Chunk chunk{};
    const float* made = take(runner, state, chunk);
    correct(runner, state, made, (chunk.end - chunk.begin) * hop, samples);
  }
}

/// The next chunk and its samples as the vocoder made them, valid until the next call.
const float* VocoderStream::take(core::GraphRunner& runner, State& state, Chunk& chunk) const {
  if (state.taken_frames == state.made_frames) {
    make(runner, state);
  }
  chunk = chunk_at(state, state.taken_frames);
  const int64_t hop = model_.config().audio.hop_samples;
  const int64_t made_before = state.made_frames - (static_cast<int64_t>(state.made.size()) / hop);
  state.taken_frames = chunk.end;
  return state.made.data() + ((chunk.begin - made_before) * hop);
}

/// Appends to `samples` what these of the vocoder complete.
void VocoderStream::correct(core::GraphRunner& runner, State& state, const float* made,
                            int64_t count, std::vector<float>& samples) const {
  if (!correction_) {
    samples.insert(samples.end(), made, made + count);
    return;
  }
  const core::GraphRunner::Timer timer(runner, "mel_correction");
  samples.reserve(samples.size() + static_cast<size_t>(count) +
                  static_cast<size_t>(model_.config().audio.fft_samples));
  correction_->correct(state.correction, state.mel.data(), static_cast<int64_t>(state.f0.size()),
                       made, count, samples);
}

/// The next chunks: one for each thread; all threads at one where it is the first or the last.
void VocoderStream::make(core::GraphRunner& runner, State& state) const {
  const core::GraphRunner::Timer timer(runner, "vocoder");
  const int64_t hop = model_.config().audio.hop_samples;
  const Chunk first = chunk_at(state, state.made_frames);
  int64_t chunks = 1;
  int64_t end = first.end;
  while (first.begin > 0 && chunks < runner.num_threads() && chunk_at(state, end).end > end) {
    end = chunk_at(state, end).end;
    ++chunks;
  }
  state.made.resize(static_cast<size_t>((end - first.begin) * hop));
  state.workspaces.resize(static_cast<size_t>(runner.num_threads()));
  if (chunks > 1) {
    make_side_by_side(runner, state, first.begin, chunks, state.made.data());
  } else if (end > first.begin) {
    render(runner, state, first, state.workspaces[0], state.made.data());
  }
  state.made_frames = end;
}

/// The chunks from frame `begin` on, each by one thread.
void VocoderStream::make_side_by_side(core::GraphRunner& runner, State& state, int64_t begin,
                                      int64_t chunks, float* samples) const {
  const int64_t hop = model_.config().audio.hop_samples;
  const int64_t shift = begin == 0 ? first_frames_ - chunk_frames_ : 0;  // of all but the first
  runner.run_lanes(chunks, [&](core::GraphRunner& lane, int64_t piece) {
    const Chunk chunk = chunk_at(state, begin + (piece == 0 ? 0 : (piece * chunk_frames_) + shift));
    const auto thread = static_cast<size_t>(core::ThreadPool::thread_index());
    render(lane, state, chunk, state.workspaces[thread], samples + ((chunk.begin - begin) * hop));
  });
}

void VocoderStream::render(core::GraphRunner& runner, const State& state, const Chunk& chunk,
                           State::Workspace& workspace, float* samples) const {
  const core::AudioConfig& audio = model_.config().audio;
  const int64_t hop = audio.hop_samples;
  const int64_t reach = model_.vocoder().reach_frames();
  const model::Margins margins{
      std::min(chunk.begin, reach),
      std::min(static_cast<int64_t>(state.f0.size()) - chunk.end, reach),
  };
  const int64_t first = chunk.begin - margins.before;
  const int64_t count = chunk.end + margins.after - first;
  workspace.phase.resize(static_cast<size_t>(count * hop));
  workspace.noise.resize(static_cast<size_t>(count * hop));
  model::integrate_phase(state.f0.data() + first, count, audio, workspace.phase.data(),
                         state.phase[static_cast<size_t>(first)]);
  state.noise(first * hop, workspace.noise.data(), count * hop);
  workspace.inputs.assign({
      {"mel", audio.num_mels, count, state.mel.data() + (first * audio.num_mels)},
      {"f0", count, 1, state.f0.data() + first},
      {"phase", count * hop, 1, workspace.phase.data()},
      {"noise", count * hop, 1, workspace.noise.data()},
  });
  const auto describe = [this, &margins](ggml_context* graph,
                                         const std::vector<ggml_tensor*>& inputs) {
    return model_.vocoder().forward(graph, inputs[0], inputs[1], inputs[2], inputs[3], margins);
  };
  const auto network = static_cast<int64_t>(reinterpret_cast<intptr_t>(&model_));
  runner.run_again({network, margins.before, margins.after}, workspace.inputs, describe, samples);
}

std::vector<float> VocoderStream::rest(core::GraphRunner& runner, State& state) const {
  const bool whole = state.taken_frames == 0;
  std::vector<float> made = make_rest(runner, state);
  if (!correction_) {
    return made;
  }
  const auto frames = static_cast<int64_t>(state.f0.size());
  if (whole && runner.num_threads() > 1 && frames >= runner.num_threads() * kChunkFrames) {
    return correct_in_parts(runner, state, made);
  }
  std::vector<float> samples;
  correct(runner, state, made.data(), static_cast<int64_t>(made.size()), samples);
  return samples;
}

/// The samples of a whole utterance, each thread's share of it corrected by that thread.
std::vector<float> VocoderStream::correct_in_parts(core::GraphRunner& runner, const State& state,
                                                   const std::vector<float>& made) const {
  const core::GraphRunner::Timer timer(runner, "mel_correction");
  const auto frames = static_cast<int64_t>(state.f0.size());
  const int64_t parts = runner.num_threads();
  std::vector<float> samples(made.size());
  runner.run_lanes(parts, [&](core::GraphRunner& /*lane*/, int64_t part) {
    correction_->correct_part(state.mel.data(), frames, made.data(), part * frames / parts,
                              (part + 1) * frames / parts, samples.data());
  });
  return samples;
}

/// The samples of all frames that next() has not taken, as the vocoder makes them.
std::vector<float> VocoderStream::make_rest(core::GraphRunner& runner, State& state) const {
  const auto frames = static_cast<int64_t>(state.f0.size());
  const int64_t hop = model_.config().audio.hop_samples;
  const int64_t taken_before = state.taken_frames;
  std::vector<float> samples(static_cast<size_t>((frames - taken_before) * hop));
  const auto copy_next = [&] {
    Chunk chunk{};
    const float* made = take(runner, state, chunk);
    std::copy(made, made + ((chunk.end - chunk.begin) * hop),
              samples.begin() + ((chunk.begin - taken_before) * hop));
  };
  while (state.taken_frames < state.made_frames) {
    copy_next();
  }
  int64_t chunks = 0;
  for (int64_t frame = state.made_frames; frame < frames; frame = chunk_at(state, frame).end) {
    ++chunks;
  }
  if (runner.num_threads() > 1 && chunks >= runner.num_threads()) {
    const core::GraphRunner::Timer timer(runner, "vocoder");
    state.workspaces.resize(static_cast<size_t>(runner.num_threads()));
    make_side_by_side(runner, state, state.made_frames, chunks,
                      samples.data() + ((state.made_frames - taken_before) * hop));
    state.made.clear();
    state.taken_frames = state.made_frames = frames;
  }
  while (state.taken_frames < frames) {
    copy_next();
  }
  return samples;
}

std::vector<float> VocoderStream::vocode(core::GraphRunner& runner, std::vector<float> mel,
                                         std::vector<float> f0, NoiseAt noise) const {
  State state = begin(std::move(mel), std::move(f0), std::move(noise));
  return rest(runner, state);
}

}  // namespace muspeaker::engine
