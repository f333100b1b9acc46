#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "engine/synthesizer.h"

namespace {

using muspeaker::engine::SynthesisOptions;
using muspeaker::engine::Synthesizer;
using muspeaker::engine::Tokens;
using muspeaker::engine::Voice;

/// The first numbers are the vector, the rest frames of the style; zeros where there are too few.
Voice voice_of(const uint8_t* data, size_t size, const muspeaker::core::ModelConfig& config) {
  const auto vector = static_cast<size_t>(config.voice_size());
  const auto hidden = static_cast<size_t>(config.style_encoder.hidden);
  std::vector<float> values(size / sizeof(float));
  if (!values.empty()) {  // memcpy takes no null pointer, however little there is to copy
    std::memcpy(values.data(), data, values.size() * sizeof(float));
  }
  const size_t frames = values.size() > vector ? (values.size() - vector) / hidden : 1;
  values.resize(vector + (frames * hidden));
  const auto split = values.begin() + static_cast<std::ptrdiff_t>(vector);
  return {{values.begin(), split}, {{split, values.end()}, config.style_encoder.hidden}};
}

}  // namespace

/// The bytes are the numbers of a voice: it speaks, or is refused.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Synthesizer synthesizer(MUSPEAKER_GOLDEN, /*num_threads=*/1);
  static const std::vector<int32_t> ids(9, 1);
  try {
    const Voice voice = voice_of(data, size, synthesizer.config());
    (void)synthesizer.synthesize(Tokens{ids.data(), 3}, voice, SynthesisOptions{});
  } catch (const std::invalid_argument&) {  // refused, as it should be
  }
  return 0;
}
