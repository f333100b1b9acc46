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

/// Scores by the hidden Markov model, (frames, tokens). mel: (frames, num_mels); phones: (tokens,),
/// pauses merged.
core::Frames aligner_scores(core::GraphRunner& runner, const model::MuSpeaker& model,
                            const core::Frames& mel, const std::vector<int32_t>& phones) {
  const core::Frames features = dsp::cepstral_features(mel, model.config().aligner->num_cepstra);
  runner.run([&](core::GraphBuilder& graph) {
    ggml_tensor* heard = graph.input("features", features);
    ggml_tensor* ids = graph.input("phones", phones);
    graph.output("scores", model.aligner()->forward(graph.context(), heard, ids));
  });
  return runner.take_frames("scores");
}

/// scores: (frames, num_phones); phones: (tokens,), pauses merged. Returns (frames, tokens).
core::Frames scores_of_text(const core::Frames& scores, const std::vector<int32_t>& phones) {
  core::Frames of_text(scores.rows(), core::count_of(phones));
  float* to = of_text.data();
  for (int64_t frame = 0; frame < scores.rows(); ++frame) {
    for (const int32_t phone : phones) {
      *to++ = scores.row(frame)[phone];
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
  require_samples(samples, "the recording");
  const int64_t frames = log_mel_.num_frames(samples.count);
  const int64_t tokens = core::count_of(phones);
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

core::Frames Listener::phone_logits(core::GraphRunner& runner, const core::Frames& mel) const {
  const std::optional<model::PhoneClassifier>& classifier = model_.phone_classifier();
  if (!classifier) {
    throw std::invalid_argument("this model has no phone classifier");
  }
  const core::Frames x = dsp::normalized_mel(mel);
  runner.run([&](core::GraphBuilder& graph) {
    graph.output("logits", classifier->forward(graph.context(), graph.input("x", x)));
  });
  return runner.take_frames("logits");
}

core::Frames Listener::phone_scores(core::GraphRunner& runner, const core::Frames& mel) const {
  core::Frames logits = phone_logits(runner, mel);
  model_.phone_classifier()->phone_scores(logits);
  return logits;
}

std::vector<int32_t> Listener::align(core::GraphRunner& runner, const core::Frames& mel,
                                     const std::vector<int32_t>& phones) const {
  const core::ModelConfig& config = model_.config();
  const int64_t num_pauses =
      config.phone_classifier ? config.phone_classifier->num_pauses : config.aligner->num_pauses;
  const std::vector<int32_t> states = dsp::states_of(phones, mel.rows(), num_pauses);
  const std::vector<int32_t> merged = dsp::merge_pauses(phones, num_pauses);
  const core::Frames scores = config.phone_classifier
                                  ? scores_of_text(phone_scores(runner, mel), merged)
                                  : aligner_scores(runner, model_, mel, merged);
  return dsp::best_path(scores, states);
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
