#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::dsp {

/// Phones and how long each is held.
struct HeardPhones {
  std::vector<int32_t> phones;     ///< (tokens)
  std::vector<int32_t> durations;  ///< (tokens) in frames
};

/// The likeliest phones of a recording whose text is not known, each held until another is worth
/// the change. log_posterior: (frames, num_phones), natural log, at least one frame.
HeardPhones heard_phones(const core::Frames& log_posterior);

}  // namespace muspeaker::dsp
