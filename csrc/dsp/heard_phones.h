#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Phones and how long each is held.
struct HeardPhones {
  std::vector<int32_t> phones;     ///< (tokens)
  std::vector<int32_t> durations;  ///< (tokens) in frames
};

/// The likeliest phones of a recording whose text is not known, each held until another is worth
/// the change. Twin of heard_phones in muspeaker.twin.dsp.heard_phones. log_posterior: (frames,
/// num_phones), natural log, at least one frame.
HeardPhones heard_phones(const std::vector<float>& log_posterior, int64_t num_phones);

}  // namespace muspeaker::dsp
