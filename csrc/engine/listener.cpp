#include "engine/listener.h"

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/error.h"
#include "dsp/best_path.h"
#include "dsp/cepstra.h"
#include "dsp/normalized_mel.h"

namespace muspeaker::engine {
namespace {

/// mel: (frames, num_mels); phones: (tokens,), pauses merged. Returns (frames, tokens), scores by
/// the hidden Markov model.
std::vector<float> aligner_scores(core::GraphRunner& runner, const model::MuSpeaker& model,
                                  const std::vector<float>& mel,
                                  const std::vector<int32_t>& phones) {
  const int64_t num_mels = model.config().audio.num_mels;
  const int64_t num_cepstra = model.config().aligner->num_cepstra;
  const std::vector<float> features = dsp::cepstral_features(mel, num_mels, num_cepstra);
  const int64_t frames = static_cast<int64_t>(mel.size()) / num_mels;
  const auto tokens = static_cast<int64_t>(phones.size());
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* heard =
        graph.input("features", GGML_TYPE_F32, {2 * num_cepstra, frames}, features.data());
    ggml_tensor* ids = graph.input("phones", GGML_TYPE_I32, {tokens}, phones.data());
    graph.output("scores", model.aligner()->forward(graph.context(), heard, ids));
  });
  return runner.take("scores");
}

/// scores: (frames, num_phones); phones: (tokens,), pauses merged. Returns (frames, tokens).
std::vector<float> scores_of_text(const std::vector<float>& scores, int64_t num_phones,
                                  const std::vector<int32_t>& phones) {
  std::vector<float> of_text;
  of_text.reserve(scores.size() / static_cast<size_t>(num_phones) * phones.size());
  for (size_t frame = 0; frame < scores.size(); frame += static_cast<size_t>(num_phones)) {
    for (const int32_t phone : phones) {
      of_text.push_back(scores[frame + static_cast<size_t>(phone)]);
    }
  }
  return of_text;
}

}  // namespace

Listener::Listener(const model::MuSpeaker& model)
    : model_(model), log_mel_(model.config().audio), pitch_tracker_(model.config().audio) {}

Recording Listener::hear(core::GraphRunner& runner, Samples samples,
                         const std::vector<int32_t>& phones) const {
  const core::ModelConfig& config = model_.config();
  if (!config.phone_classifier && !config.aligner) {
    throw std::invalid_argument(
        "this model has no phone classifier and no aligner, one of which voice conversion needs");
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
  Recording recording = measure(samples);
  recording.durations = align(runner, recording.mel, phones);
  return recording;
}

Recording Listener::measure(Samples samples) const {
  Recording recording;
  recording.mel = log_mel_.log_mel(samples.data, samples.count);
  recording.f0 = pitch_tracker_.track(samples.data, samples.count);
  recording.energy = log_mel_.log_energy(samples.data, samples.count);
  const core::VariationAdapterConfig& scales = model_.config().variation_adapter;
  for (float& value : recording.energy) {
    value = (value - scales.log_energy_mean) / scales.log_energy_std;
  }
  return recording;
}

std::vector<float> Listener::phone_logits(core::GraphRunner& runner,
                                          const std::vector<float>& mel) const {
  const std::optional<model::PhoneClassifier>& classifier = model_.phone_classifier();
  if (!classifier) {
    throw std::invalid_argument("this model has no phone classifier");
  }
  const int64_t num_mels = model_.config().audio.num_mels;
  const std::vector<float> x = dsp::normalized_mel(mel, num_mels);
  const int64_t frames = static_cast<int64_t>(mel.size()) / num_mels;
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* heard = graph.input("x", GGML_TYPE_F32, {num_mels, frames}, x.data());
    graph.output("logits", classifier->forward(graph.context(), heard));
  });
  return runner.take("logits");
}

std::vector<float> Listener::phone_scores(core::GraphRunner& runner,
                                          const std::vector<float>& mel) const {
  std::vector<float> logits = phone_logits(runner, mel);
  return model_.phone_classifier()->phone_scores(std::move(logits));
}

std::vector<int32_t> Listener::align(core::GraphRunner& runner, const std::vector<float>& mel,
                                     const std::vector<int32_t>& phones) const {
  const core::ModelConfig& config = model_.config();
  const int64_t num_pauses =
      config.phone_classifier ? config.phone_classifier->num_pauses : config.aligner->num_pauses;
  const int64_t frames = static_cast<int64_t>(mel.size()) / config.audio.num_mels;
  const std::vector<int32_t> states = model::states_of(phones, frames, num_pauses);
  const std::vector<int32_t> merged = model::merge_pauses(phones, num_pauses);
  const std::vector<float> scores =
      config.phone_classifier
          ? scores_of_text(phone_scores(runner, mel), config.linguistic_encoder.num_phones, merged)
          : aligner_scores(runner, model_, mel, merged);
  return dsp::best_path(scores, static_cast<int64_t>(phones.size()), states);
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
