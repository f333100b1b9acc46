#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "engine/synthesizer.h"

/// The bytes are the samples of a prompt, of two seconds at most: it is cloned, or refused.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMostSamples = 44100;
  static muspeaker::engine::Synthesizer synthesizer(MUSPEAKER_GOLDEN, /*num_threads=*/1);
  std::vector<float> samples(std::min(size / sizeof(float), kMostSamples));
  if (!samples.empty()) {  // memcpy takes no null pointer, however little there is to copy
    std::memcpy(samples.data(), data, samples.size() * sizeof(float));
  }
  const auto count = static_cast<int64_t>(samples.size());
  try {
    (void)synthesizer.clone({samples.data(), count}, {samples.data(), count * 3 / 4});
  } catch (const std::invalid_argument&) {  // refused, as it should be
  }
  return 0;
}
