#pragma once

#include <array>
#include <cstdint>

namespace muspeaker::dsp {

// Noise as a function of position: a value depends on (seed, stream, index) alone, so that chunks,
// threads and the order of calls cannot change it.

/// Philox4x32-10: mixes a 128-bit counter under a 64-bit key to 128 random bits.
/// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (SC11), section 3.3.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Fills out with the standard normal values of one stream from an absolute index on.
///
/// stream tells uses of one seed apart (noise of the source, of the flow, ...). Box and Muller 1958
/// on the bits of Philox; values reach to +-5.8. Throws std::invalid_argument if count is negative.
void fill_normal(uint64_t seed, uint64_t stream, uint64_t first_index, float* out, int64_t count);

/// One value of fill_normal; computes a whole block, so prefer fill_normal for more than a few.
float normal(uint64_t seed, uint64_t stream, uint64_t index);

}  // namespace muspeaker::dsp
