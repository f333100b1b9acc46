#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// The periodic Hann window, as torch.hann_window makes it; num_samples values.
/// Throws std::invalid_argument if num_samples is not positive.
std::vector<float> hann_window(int64_t num_samples);

/// The symmetric Hann window without its two zeros; num_samples values.
/// Throws std::invalid_argument if num_samples is not positive.
std::vector<float> hann_interior(int64_t num_samples);

/// Kaldi's Povey window: the symmetric Hann window to the power 0.85; num_samples values.
/// Throws std::invalid_argument if num_samples is below 2.
std::vector<float> povey_window(int64_t num_samples);

}  // namespace muspeaker::dsp
