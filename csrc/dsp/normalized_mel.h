#pragma once

#include "core/array.h"

namespace muspeaker::dsp {

/// A clip's mel without the colour of its voice and room.
///
/// mel: (frames, num_mels), natural log.
/// Returns (frames, num_mels), the mean of each band removed, of deviation one over all.
/// Throws std::invalid_argument if there is no frame, or no whole number of them.
core::Frames normalized_mel(const core::Frames& mel);

}  // namespace muspeaker::dsp
