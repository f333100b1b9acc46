#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Where there is speech: frames within 60 dB of the loudest.
///
/// Twin of speech_frames in muspeaker.twin.dsp.mel.
/// mel: (frames, num_mels) natural-log mel, at least one frame.
std::vector<int64_t> speech_frames(const std::vector<float>& mel, int64_t num_mels);

/// Mean and standard deviation over time of every mel band where there is speech, of order one.
///
/// Twin of mel_moments in muspeaker.twin.dsp.mel.
/// mel: (frames, num_mels) natural-log mel, at least one frame. Returns (2 * num_mels), means
/// first.
std::vector<float> mel_moments(const std::vector<float>& mel, int64_t num_mels);

/// Moves every band of a spoken mel to the prompt's mean and deviation, less in short utterances.
///
/// Twin of match_moments in muspeaker.twin.dsp.mel.
/// mel: (frames, num_mels), at least one frame. moments: (2 * num_mels), from mel_moments.
void match_moments(std::vector<float>& mel, int64_t num_mels, const float* moments,
                   float energy_gain);

}  // namespace muspeaker::dsp
