#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// What a prompt sounds like beside what the model makes of its phones, by ridge regression on
/// cepstra. Twin of fit_spectral_map in muspeaker.twin.dsp.spectral_map.
/// prompt, spoken: (frames, num_mels), natural-log mel, at least one frame.
/// Returns (num_mels * (2 + num_cepstra)): offset and stretch of each band, weights (cepstra,
/// mels).
std::vector<float> fit_spectral_map(const std::vector<float>& prompt,
                                    const std::vector<float>& spoken, int64_t num_mels,
                                    int64_t num_cepstra);

/// Moves a spoken mel towards the prompt's voice. Twin of apply_spectral_map in
/// muspeaker.twin.dsp.spectral_map.
/// mel: (frames, num_mels), at least one frame. values: from fit_spectral_map.
void apply_spectral_map(std::vector<float>& mel, int64_t num_mels, const float* values,
                        int64_t num_cepstra);

}  // namespace muspeaker::dsp
