#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Mean and standard deviation over time of every mel band where there is speech, of order one.
///
/// Twin of mel_moments and speech_frames in muspeaker.model.features.
/// mel: (frames, num_mels) natural-log mel, at least one frame. Returns (2 * num_mels), means
/// first.
std::vector<float> mel_moments(const std::vector<float>& mel, int64_t num_mels);

}  // namespace muspeaker::dsp
