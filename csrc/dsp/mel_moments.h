#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::dsp {

/// Where there is speech: frames within 60 dB of the loudest.
///
/// mel: (frames, num_mels) natural-log mel, at least one frame.
std::vector<int64_t> speech_frames(const core::Frames& mel);

/// Mean and standard deviation over time of every mel band where there is speech, of order one.
///
/// mel: (frames, num_mels) natural-log mel, at least one frame. Returns (2 * num_mels), means
/// first.
std::vector<float> mel_moments(const core::Frames& mel);

/// Moves every band of a spoken mel to the prompt's mean and deviation, less in short utterances.
///
/// mel: (frames, num_mels), at least one frame. moments: (2 * num_mels), from mel_moments.
void match_moments(core::Frames& mel, const float* moments, float energy_gain);

}  // namespace muspeaker::dsp
