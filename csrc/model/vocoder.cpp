#include "model/vocoder.h"

#include <atomic>

#include "core/error.h"
#include "model/nsf_hifigan.h"

namespace muspeaker::model {
namespace {

int64_t next_id() {
  static std::atomic<int64_t> count{0};
  return ++count;
}

}  // namespace

Vocoder::Vocoder(int64_t samples_a_frame) : samples_a_frame_(samples_a_frame), id_(next_id()) {}

std::unique_ptr<const Vocoder> make_vocoder(const core::Scope& scope,
                                            const core::VocoderConfig& config,
                                            const core::AudioConfig& audio) {
  if (config.kind == "nsf_hifigan") {
    return std::make_unique<const NsfHifigan>(scope, config, audio);
  }
  throw core::ModelFileError("header value muspeaker.vocoder.kind is " + config.kind +
                             ", expected nsf_hifigan");
}

}  // namespace muspeaker::model
