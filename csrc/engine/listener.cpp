#include "engine/listener.h"

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/error.h"
#include "dsp/best_path.h"
#include "dsp/cepstra.h"

namespace muspeaker::engine {
namespace {

/// mel: (frames, num_mels); phones: (tokens,). Returns the frames of each, (tokens,).
std::vector<int32_t> align(core::GraphRunner& runner, const model::Aligner& aligner,
                           int64_t num_cepstra, const std::vector<float>& mel, int64_t num_mels,
                           std::vector<int32_t> phones) {
  const std::vector<float> features = dsp::cepstral_features(mel, num_mels, num_cepstra);
  const int64_t frames = static_cast<int64_t>(mel.size()) / num_mels;
  const auto tokens = static_cast<int64_t>(phones.size());
  const std::vector<int32_t> states = aligner.states_of(phones, frames);
  phones = aligner.merge_pauses(std::move(phones));
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* heard =
        graph.input("features", GGML_TYPE_F32, {2 * num_cepstra, frames}, features.data());
    ggml_tensor* ids = graph.input("phones", GGML_TYPE_I32, {tokens}, phones.data());
    graph.output("scores", aligner.forward(graph.context(), heard, ids));
  });
  return dsp::best_path(runner.take("scores"), tokens, states);
}

}  // namespace

Listener::Listener(const model::MuSpeaker& model)
    : model_(model), log_mel_(model.config().audio), pitch_tracker_(model.config().audio) {}

Recording Listener::hear(core::GraphRunner& runner, Samples samples,
                         std::vector<int32_t> phones) const {
  const core::ModelConfig& config = model_.config();
  const std::optional<model::Aligner>& aligner = model_.aligner();
  if (!aligner || !config.aligner) {
    throw std::invalid_argument("this model has no aligner, which voice conversion needs");
  }
  const int64_t most = kMaxSeconds * config.audio.sample_rate;
  core::require_input(samples.count >= log_mel_.min_samples() && samples.count <= most,
                      "the recording must hold " + std::to_string(log_mel_.min_samples()) + " to " +
                          std::to_string(most) + " samples, got " + std::to_string(samples.count));
  require_finite(samples.data, samples.count, "the recording");
  const int64_t frames = log_mel_.num_frames(samples.count);
  const auto tokens = static_cast<int64_t>(phones.size());
  core::require_input(tokens <= frames, "the text has " + std::to_string(tokens) +
                                            " phones and pauses, more than the recording's " +
                                            std::to_string(frames) + " frames");
  Recording recording;
  recording.mel = log_mel_.log_mel(samples.data, samples.count);
  recording.durations = align(runner, *aligner, config.aligner->num_cepstra, recording.mel,
                              config.audio.num_mels, std::move(phones));
  recording.f0 = pitch_tracker_.track(samples.data, samples.count);
  recording.energy = log_mel_.log_energy(samples.data, samples.count);
  const core::VariationAdapterConfig& scales = config.variation_adapter;
  for (float& value : recording.energy) {
    value = (value - scales.log_energy_mean) / scales.log_energy_std;
  }
  return recording;
}

float register_factor(const std::vector<float>& source_f0, const std::vector<float>& target_f0) {
  double sum = 0.0;
  int64_t count = 0;
  for (size_t t = 0; t < source_f0.size(); ++t) {
    if (source_f0[t] > 0.0F && target_f0[t] > 0.0F) {
      sum += std::log(static_cast<double>(target_f0[t]) / source_f0[t]);
      ++count;
    }
  }
  return count > 0 ? static_cast<float>(std::exp(sum / static_cast<double>(count))) : 1.0F;
}

}  // namespace muspeaker::engine
