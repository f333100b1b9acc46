#include "engine/stream.h"

#include <algorithm>

namespace muspeaker::engine {
namespace {

/// Samples that a scale's residual blocks reach to either side.
int64_t resblock_reach(const core::VocoderConfig& config) {
  int64_t dilations = 0;
  for (const int64_t dilation : config.resblock_dilations) {
    dilations += dilation + 1;  // a dilated and a plain convolution
  }
  int64_t half = 0;
  for (const int64_t kernel : config.resblock_kernels) {
    half = std::max(half, kernel / 2);
  }
  return half * dilations;
}

/// Frames that the vocoder reaches to either side: from the output back to the mel, rounding up.
int64_t vocoder_reach(const core::VocoderConfig& config) {
  int64_t reach = 3;  // conv_post
  for (size_t scale = config.upsample_rates.size(); scale-- > 0;) {
    reach += resblock_reach(config) + 1;  // and the source's convolution
    reach = ((reach + config.upsample_kernels[scale]) / config.upsample_rates[scale]) + 1;
  }
  return reach + 3;  // conv_pre
}

}  // namespace

VocoderStream::VocoderStream(const model::MuSpeaker& model, int64_t chunk_frames)
    : model_(model),
      chunk_frames_(chunk_frames),
      overlap_frames_(vocoder_reach(model.config().vocoder)) {}

std::vector<float> VocoderStream::vocode(core::GraphRunner& runner, const std::vector<float>& mel,
                                         const std::vector<float>& f0, const NoiseAt& noise) const {
  const core::AudioConfig& audio = model_.config().audio;
  const auto num_frames = static_cast<int64_t>(f0.size());
  const int64_t hop = audio.hop_samples;
  std::vector<float> samples(static_cast<size_t>(num_frames * hop));
  std::vector<float> phase(samples.size());
  model::integrate_phase(f0.data(), num_frames, audio, phase.data());
  std::vector<float> chunk_noise;
  for (int64_t begin = 0; begin < num_frames; begin += chunk_frames_) {
    const int64_t end = std::min(num_frames, begin + chunk_frames_);
    const int64_t first = std::max<int64_t>(0, begin - overlap_frames_);
    const int64_t frames = std::min(num_frames, end + overlap_frames_) - first;
    chunk_noise.resize(static_cast<size_t>(frames * hop));
    noise(first * hop, chunk_noise.data(), frames * hop);
    runner.run([&](core::GraphBuilder& graph) {
      const auto input = [&](const char* name, int64_t ne0, int64_t ne1, const float* data) {
        return graph.input(name, GGML_TYPE_F32, {ne0, ne1}, data);
      };
      ggml_tensor* chunk = model_.vocoder().forward(
          graph.context(),
          input("mel", audio.num_mels, frames, mel.data() + (first * audio.num_mels)),
          input("f0", frames, 1, f0.data() + first),
          input("phase", frames * hop, 1, phase.data() + (first * hop)),
          input("noise", frames * hop, 1, chunk_noise.data()));
      graph.output("samples", chunk);
    });
    const std::vector<float> chunk = runner.take("samples");
    std::copy_n(chunk.begin() + ((begin - first) * hop), (end - begin) * hop,
                samples.begin() + (begin * hop));
  }
  return samples;
}

}  // namespace muspeaker::engine
