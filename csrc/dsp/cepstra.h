#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::dsp {

/// Cepstra and their slopes, normalised over the clip.
///
/// mel: (frames, num_mels), natural log; num_cepstra: how many, the level among them.
/// Returns (frames, 2 * num_cepstra). Throws std::invalid_argument if there is no frame.
core::Frames cepstral_features(const core::Frames& mel, int64_t num_cepstra);

}  // namespace muspeaker::dsp
