#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Cepstra and their slopes, normalised over the clip.
///
/// Twin of cepstral_features in muspeaker.twin.model.aligner.
/// mel: (frames, num_mels), natural-log mel; num_cepstra: how many, the level among them.
/// Returns (frames, 2 * num_cepstra). Throws std::invalid_argument if there is no frame.
std::vector<float> cepstral_features(const std::vector<float>& mel, int64_t num_mels,
                                     int64_t num_cepstra);

}  // namespace muspeaker::dsp
