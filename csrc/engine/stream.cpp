#include "engine/stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "dsp/pulse_train.h"

namespace muspeaker::engine {
namespace {

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
constexpr int64_t kWhole = 0;       // all, in parts of one length instead of chunks
constexpr int64_t kLeastPart = 96;  // frames; the margins of a shorter one would cost too much

/// A frame's F0 with its neighbours'.
dsp::FrameF0 f0_around(const std::vector<float>& f0, int64_t frame) {
  const auto at = [&f0](int64_t i) {
    return f0[static_cast<size_t>(std::clamp<int64_t>(i, 0, core::count_of(f0) - 1))];
  };
  return {at(frame - 1), at(frame), at(frame + 1)};
}

}  // namespace

VocoderStream::VocoderStream(const model::MuSpeaker& model, int64_t first_frames,
                             int64_t chunk_frames)
    : model_(model),
      first_frames_(first_frames > 0 ? first_frames : model.vocoder().first_frames()),
      second_frames_(chunk_frames > 0 ? chunk_frames : model.vocoder().second_frames()),
      chunk_frames_(chunk_frames > 0 ? chunk_frames : model.vocoder().chunk_frames()),
      post_(model.config()) {}

VocoderStream::State VocoderStream::begin(core::Frames mel, std::vector<float> f0, NoiseAt noise,
                                          std::optional<uint32_t> watermark) const {
  State state;
  state.mel = std::move(mel);
  state.f0 = std::move(f0);
  state.noise = std::move(noise);
  state.post = post_.begin(watermark);
  const auto hop = static_cast<size_t>(model_.vocoder().samples_a_frame());
  state.phase.resize(state.f0.size() * hop);
  return state;
}

/// The phase of frames before `end`, where there are so many.
void VocoderStream::integrate_until(State& state, int64_t end) const {
  const int64_t hop = model_.vocoder().samples_a_frame();
  const int64_t until = std::min(end, core::count_of(state.f0));
  for (; state.integrated_frames < until; ++state.integrated_frames) {
    const int64_t i = state.integrated_frames;
    state.end_phase = model_.vocoder().integrate_frame(f0_around(state.f0, i), state.end_phase,
                                                       state.phase.data() + (i * hop));
  }
}

void VocoderStream::next(core::GraphRunner& runner, State& state,
                         std::vector<float>& samples) const {
  samples.clear();
  while (samples.empty() && state.given_frames < state.mel.rows()) {
    if (state.given_frames == state.made_frames) {
      make(runner, state, state.made_frames == 0 ? 1 : runner.num_threads());
    }
    give(runner, state, chunk_at(state, state.given_frames).end, samples);
  }
}

std::vector<float> VocoderStream::rest(core::GraphRunner& runner, State& state) const {
  const bool whole = state.made_frames == 0;
  make(runner, state, whole && model_.vocoder().whole_frames() > 0 ? kWhole : kAll);
  if (whole) {
    state.given_frames = state.made_frames;
    return PostChain::take_whole(runner, state.post, state.mel, std::move(state.made));
  }
  std::vector<float> samples;
  give(runner, state, state.made_frames, samples);
  return samples;
}

std::vector<float> VocoderStream::vocode(core::GraphRunner& runner, core::Frames mel,
                                         std::vector<float> f0, NoiseAt noise,
                                         std::optional<uint32_t> watermark) const {
  State state = begin(std::move(mel), std::move(f0), std::move(noise), watermark);
  return rest(runner, state);
}

/// Parts of a whole utterance: as few as there may be, and as many for each thread.
int64_t VocoderStream::num_parts(int64_t frames, int64_t threads) const {
  const int64_t longest = threads * model_.vocoder().whole_frames();
  const int64_t parts = (frames + longest - 1) / longest * threads;
  return std::max<int64_t>(1, std::min(parts, frames / kLeastPart));
}

/// The chunk that begins at `frame`, where one does.
VocoderStream::Chunk VocoderStream::chunk_at(const State& state, int64_t frame) const {
  int64_t wanted = chunk_frames_;
  if (frame == 0) {
    wanted = first_frames_;
  } else if (frame == first_frames_) {
    wanted = second_frames_;
  }
  return {frame, std::min(frame + wanted, state.mel.rows())};
}

/// Leaves the next chunks, `most` at most, or the parts of all in state.chunks.
void VocoderStream::find_chunks(State& state, int64_t most, int64_t threads) const {
  const int64_t frames = state.mel.rows();
  std::vector<Chunk>& chunks = state.chunks;
  chunks.clear();
  if (most == kWhole) {
    const int64_t parts = num_parts(frames, threads);
    for (int64_t part = 0; part < parts; ++part) {
      chunks.push_back({part * frames / parts, (part + 1) * frames / parts});
    }
    return;
  }
  int64_t end = state.made_frames;
  while (core::count_of(chunks) < most && end < frames) {
    chunks.push_back(chunk_at(state, end));
    end = chunks.back().end;
  }
}

/// Makes the samples of find_chunks().
void VocoderStream::make(core::GraphRunner& runner, State& state, int64_t most) const {
  const core::Timer timer = runner.timer("vocoder");
  const int64_t hop = model_.vocoder().samples_a_frame();
  const int64_t threads = runner.num_threads();
  const int64_t begin = state.made_frames;
  find_chunks(state, most, threads);
  const std::vector<Chunk>& chunks = state.chunks;
  const int64_t count = core::count_of(chunks);
  state.made_frames = count == 0 ? begin : chunks.back().end;
  integrate_until(state, state.made_frames + model_.vocoder().reach_frames());
  const int64_t kept = (begin - state.given_frames) * hop;
  state.made.erase(state.made.begin(), state.made.end() - kept);
  state.made.resize(static_cast<size_t>((state.made_frames - state.given_frames) * hop));
  state.workspaces.resize(static_cast<size_t>(threads));
  float* samples = state.made.data() + kept;
  const auto make_chunk = [&](core::GraphRunner& lane, int64_t index) {
    const Chunk chunk = chunks[static_cast<size_t>(index)];
    const auto thread = static_cast<size_t>(core::ThreadPool::thread_index());
    render(lane, state, chunk, state.workspaces[thread], samples + ((chunk.begin - begin) * hop));
  };
  if (threads > 1 && count > 1 && 2 * count >= threads) {
    runner.run_lanes(count, make_chunk);  // each chunk by one thread
    return;
  }
  for (int64_t index = 0; index < count; ++index) {
    make_chunk(runner, index);  // each chunk by all threads
  }
}

/// The samples of one chunk, from the frames that it depends on.
void VocoderStream::render(core::GraphRunner& runner, const State& state, const Chunk& chunk,
                           State::Workspace& workspace, float* samples) const {
  const model::Vocoder& vocoder = model_.vocoder();
  const int64_t hop = vocoder.samples_a_frame();
  const int64_t reach = vocoder.reach_frames();
  const model::Margins margins{
      std::min(chunk.begin, reach),
      std::min(state.mel.rows() - chunk.end, reach),
  };
  const int64_t first = chunk.begin - margins.before;
  const int64_t count = chunk.end + margins.after - first;
  const float* f0 = state.f0.data() + first;
  workspace.noise.resize(static_cast<size_t>(count * hop));
  state.noise(first * hop, workspace.noise.data(), count * hop);
  workspace.inputs.assign({
      {"mel", {state.mel.row(first), count, state.mel.width}},
      {"f0", {f0, 1, count}},
      {"phase", {state.phase.data() + (first * hop), 1, count * hop}},
      {"noise", {workspace.noise.data(), 1, count * hop}},
  });
  const auto describe = [&vocoder, &margins](ggml_context* graph,
                                             const std::vector<ggml_tensor*>& x) {
    return vocoder.forward(graph, x[0], x[1], x[2], x[3], margins);
  };
  runner.run_again({vocoder.id(), margins.before, margins.after}, workspace.inputs, describe,
                   samples);
}

/// Appends what the made samples of frames up to `end` complete.
void VocoderStream::give(core::GraphRunner& runner, State& state, int64_t end,
                         std::vector<float>& samples) const {
  const int64_t hop = model_.vocoder().samples_a_frame();
  const float* made =
      state.made.data() + state.made.size() - ((state.made_frames - state.given_frames) * hop);
  PostChain::take(runner, state.post, state.mel, made, (end - state.given_frames) * hop, samples);
  state.given_frames = end;
}

}  // namespace muspeaker::engine
