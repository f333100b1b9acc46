#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::dsp {

/// What a fitted map may change.
struct SpectralMapOptions {
  bool plain = false;  ///< levels and deviations of bands alone: cepstra add nothing
};

/// Fits the correction from the model's rendering of a prompt to the prompt itself: the level and
/// deviation of each band, and the covariance of the cepstra, by optimal transport.
///
/// prompt, spoken: (frames, num_mels), natural-log mel, at least one frame.
/// Returns (2 + num_cepstra, num_mels): offset and stretch of each band, and what each
/// cepstrum adds to each band.
std::vector<float> fit_spectral_map(const core::Frames& prompt, const core::Frames& spoken,
                                    int64_t num_cepstra, const SpectralMapOptions& options = {});

/// Applies the correction to a spoken mel.
///
/// mel: (frames, num_mels), at least one frame. values: from fit_spectral_map. Threads of the
/// current pool share the frames, and give the same bits at any number.
void apply_spectral_map(core::Frames& mel, const float* values, int64_t num_cepstra);

}  // namespace muspeaker::dsp
