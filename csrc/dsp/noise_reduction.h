#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Takes down the steady noise under speech, each frequency by at most 12 dB, and none that is 50
/// dB below the speech already.
///
/// The quietest tenth of the frames says what the noise is. A Wiener filter then follows the ratio
/// of speech to noise, which is smoothed over time so that no single frame rings.
///
/// Source: Scalart and Vieira Filho 1996 (doi 10.1109/ICASSP.1996.543199), the a-priori ratio
/// decided as by Ephraim and Malah 1984 (doi 10.1109/TASSP.1984.1164453), Eq. 51.
///
/// samples: (count) in [-1, 1]. window_samples: length of a frame, even and such as RealFft takes;
/// 30 to 50 ms. Returns (count). Throws std::invalid_argument if the window is of another length.
std::vector<float> reduce_noise(const float* samples, int64_t count, int64_t window_samples);

}  // namespace muspeaker::dsp
