#include "model/spectral_vocoder.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/elementary.h"
#include "core/thread_pool.h"
#include "dsp/pulse_train.h"
#include "nn/custom_node.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kSourceFeatures = 2;  // log-F0 and whether there is one
constexpr float kLogF0Mean = 5.1F;
constexpr float kLogF0Std = 0.38F;
constexpr int64_t kSpectraReach = dsp::SpectralSynthesis::kSpectraReach;
constexpr int64_t kSourceReach = dsp::SpectralSynthesis::kSourceReach;
constexpr int64_t kChunkFrames = 160;  // the margins are then a sixth of a chunk's work
// Eight seconds: most sentences are one part, without margins.
constexpr int64_t kWholeFrames = 640;
constexpr int64_t kLeastFrames = 32;  // fewer are not worth a thread: four more are computed twice

/// Where the features of a chunk begin in it, and the frames whose samples are wanted.
struct Wanted {
  int64_t features_begin;
  int64_t begin;
  int64_t end;
};

const float* values_of(const ggml_tensor* tensor) {
  return static_cast<const float*>(tensor->data);
}

}  // namespace

SpectralVocoder::SpectralVocoder(const core::Scope& scope, const core::VocoderConfig& config,
                                 const core::AudioConfig& audio, nn::Arithmetic arithmetic)
    : Vocoder(audio.hop_samples, kChunkFrames, kWholeFrames),
      audio_(audio),
      half_kernel_(config.kernel / 2),
      synthesis_(audio),
      conv_pre_(scope / "conv_pre",
                {audio.num_mels + kSourceFeatures, config.channels, config.kernel,
                 /*stride=*/1, /*padding=*/config.kernel / 2}),
      norm_(scope / "norm", config.channels),
      head_(scope / "head", config.channels,
            dsp::SpectralSynthesis::kPlanes * synthesis_.num_bins(), arithmetic) {
  for (int64_t block = 0; block < config.num_blocks; ++block) {
    blocks_.emplace_back(scope / "blocks" / block, config.channels, config.hidden, config.kernel,
                         arithmetic);
  }
  reach_frames_ = std::max(kSourceReach, kSpectraReach + ((1 + config.num_blocks) * half_kernel_));
}

double SpectralVocoder::integrate_frame(const dsp::FrameF0& f0, double start, float* phase) const {
  return dsp::integrate_frame(f0, audio_, start, phase);
}

ggml_tensor* SpectralVocoder::forward(ggml_context* graph, ggml_tensor* mel, ggml_tensor* f0,
                                      ggml_tensor* phase, ggml_tensor* noise,
                                      const Margins& margins) const {
  check_inputs(mel, f0, phase, noise);
  const int64_t frames = mel->ne[1];
  ggml_tensor* features[] = {mel, f0};
  ggml_tensor* x = ggml_custom_4d(graph, GGML_TYPE_F32, mel->ne[0] + kSourceFeatures, frames, 1, 1,
                                  features, 2, join_features, GGML_N_TASKS_MAX, nullptr);
  x = conv_pre_.forward(graph, x);  // (1, channels, frames)
  Margins rows = margins;           // frames around the wanted ones that x has
  int64_t reach = kSpectraReach + (static_cast<int64_t>(blocks_.size()) * half_kernel_);
  for (const ConvNextBlock& block : blocks_) {
    reach -= half_kernel_;
    const int64_t begin = std::max<int64_t>(0, rows.before - reach);
    const int64_t end = std::max<int64_t>(0, rows.after - reach);
    x = block.forward(graph, x, {begin, x->ne[1] - begin - end});
    rows = {rows.before - begin, rows.after - end};
  }
  x = norm_.forward(graph, x);
  const int64_t hop = samples_a_frame();
  const Wanted wanted{margins.before - rows.before, margins.before, frames - margins.after};
  ggml_tensor* inputs[] = {x, mel, f0, phase, noise};
  ggml_tensor* samples =
      ggml_custom_4d(graph, GGML_TYPE_F32, (wanted.end - wanted.begin) * hop, 1, 1, 1, inputs, 5,
                     synthesize, GGML_N_TASKS_MAX, const_cast<SpectralVocoder*>(this));
  nn::set_node_params(samples, wanted);
  return samples;
}

/// Each frame of the mel, its log-F0 and 1 where it is voiced.
void SpectralVocoder::join_features(ggml_tensor* joined, int thread, int /*num_threads*/,
                                    void* /*self*/) {
  if (thread != 0) {
    return;
  }
  const ggml_tensor* mel = joined->src[0];
  const float* f0 = values_of(joined->src[1]);
  const int64_t num_mels = mel->ne[0];
  auto* to = static_cast<float*>(joined->data);
  for (int64_t frame = 0; frame < mel->ne[1]; ++frame) {
    const float* from = values_of(mel) + (frame * num_mels);
    to = std::copy(from, from + num_mels, to);
    const float voiced = f0[frame] > 0.0F ? 1.0F : 0.0F;
    *to++ = (core::log_of(std::max(f0[frame], 1.0F)) - kLogF0Mean) / kLogF0Std * voiced;
    *to++ = voiced;
  }
}

void SpectralVocoder::synthesize(ggml_tensor* samples, int /*thread*/, int /*num_threads*/,
                                 void* self) {
  const auto& vocoder = *static_cast<const SpectralVocoder*>(self);
  const auto wanted = nn::node_params<Wanted>(samples);
  const int64_t hop = vocoder.samples_a_frame();
  const int64_t width = samples->src[0]->ne[0];
  const float* features = values_of(samples->src[0]) - (wanted.features_begin * width);
  dsp::SpectralSynthesis::Chunk chunk;
  chunk.frames = samples->src[1]->ne[1];
  chunk.mel = values_of(samples->src[1]);
  chunk.f0 = values_of(samples->src[2]);
  chunk.phase = values_of(samples->src[3]);
  chunk.noise = values_of(samples->src[4]);
  auto* to = static_cast<float*>(samples->data);
  core::parallel_ranges(wanted.end - wanted.begin, kLeastFrames, [&](int64_t begin, int64_t end) {
    thread_local dsp::SpectralSynthesis::Workspace workspace;
    thread_local std::vector<float> planes;
    planes.resize(
        static_cast<size_t>(dsp::SpectralSynthesis::kTileFrames * dsp::SpectralSynthesis::kPlanes *
                            vocoder.synthesis_.num_bins()));
    dsp::SpectralSynthesis::Chunk part = chunk;
    part.begin = wanted.begin + begin;
    part.end = wanted.begin + end;
    const auto planes_of = [&](int64_t from, int64_t until) {
      vocoder.head_.run(features + (from * width), until - from, planes.data());
      return planes.data();
    };
    part.planes = std::cref(planes_of);
    vocoder.synthesis_.synthesize(part, to + (begin * hop), workspace);
  });
}

}  // namespace muspeaker::model
