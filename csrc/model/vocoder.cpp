#include "model/vocoder.h"

#include <atomic>
#include <string>

#include "core/error.h"
#include "model/nsf_hifigan.h"
#include "model/spectral_vocoder.h"

namespace muspeaker::model {
namespace {

constexpr int64_t kFirstFrames = 16;
constexpr int64_t kSecondFrames = 48;
// Where int8 samples depend on where chunks begin; model files have spoken so from the first.
constexpr int64_t kFirstTiledFrames = 32;

int64_t next_id() {
  static std::atomic<int64_t> count{0};
  return ++count;
}

}  // namespace

Vocoder::Vocoder(int64_t samples_a_frame, int64_t chunk_frames, int64_t whole_frames)
    : samples_a_frame_(samples_a_frame),
      first_frames_(whole_frames > 0 ? kFirstFrames : kFirstTiledFrames),
      second_frames_(whole_frames > 0 ? kSecondFrames : chunk_frames),
      chunk_frames_(chunk_frames),
      whole_frames_(whole_frames),
      id_(next_id()) {}

void Vocoder::check_inputs(const ggml_tensor* mel, const ggml_tensor* f0, const ggml_tensor* phase,
                           const ggml_tensor* noise) const {
  const int64_t frames = mel->ne[1];
  core::require_input(f0->ne[0] == frames, "the vocoder needs " + std::to_string(frames) +
                                               " frames of F0, got " + std::to_string(f0->ne[0]));
  const int64_t samples = frames * samples_a_frame_;
  core::require_input(phase->ne[0] == samples && noise->ne[0] == samples,
                      "the vocoder needs " + std::to_string(samples) +
                          " samples of phase and noise, got " + std::to_string(phase->ne[0]) +
                          " and " + std::to_string(noise->ne[0]));
}

std::unique_ptr<const Vocoder> make_vocoder(const core::Scope& scope,
                                            const core::VocoderConfig& config,
                                            const core::AudioConfig& audio) {
  if (config.kind == "nsf_hifigan") {
    return std::make_unique<const NsfHifigan>(scope, config, audio);
  }
  if (config.kind == "spectral") {
    return std::make_unique<const SpectralVocoder>(scope, config, audio);
  }
  throw core::ModelFileError("header value muspeaker.vocoder.kind is " + config.kind +
                             ", expected nsf_hifigan or spectral");
}

}  // namespace muspeaker::model
