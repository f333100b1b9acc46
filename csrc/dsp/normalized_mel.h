#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// A clip's mel without the colour of its voice and room.
///
/// Twin of normalized_mel in muspeaker.twin.model.phone_classifier.
/// mel: (frames, num_mels), natural log.
/// Returns (frames, num_mels), the mean of each band removed, of deviation one over all.
/// Throws std::invalid_argument if there is no frame, or no whole number of them.
std::vector<float> normalized_mel(const std::vector<float>& mel, int64_t num_mels);

}  // namespace muspeaker::dsp
