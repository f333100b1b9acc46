#include "engine/tokens.h"

#include <string>

#include "core/error.h"

namespace muspeaker::engine {
namespace {

void require_ids(const char* name, const int32_t* ids, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    core::require_input(ids[i] >= 0 && ids[i] < limit,
                        std::string(name) + "[" + std::to_string(i) + "] must be 0 to " +
                            std::to_string(limit - 1) + ", got " + std::to_string(ids[i]));
  }
}

}  // namespace

void Tokens::check(const core::LinguisticEncoderConfig& sizes) const {
  core::require_input(count >= 1 && count <= kMaxCount,
                      "an utterance must have 1 to " + std::to_string(kMaxCount) + " tokens, got " +
                          std::to_string(count));
  require_ids("phones", row(kPhones), count, sizes.num_phones);
  require_ids("stresses", row(kStresses), count, sizes.num_stresses);
  require_ids("boundaries", row(kBoundaries), count, sizes.num_boundaries);
}

}  // namespace muspeaker::engine
