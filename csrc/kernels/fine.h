#pragma once

#include "kernels/dispatch.h"

namespace muspeaker::kernels {

/// The largest activation of fine kernels: 13 bits and a sign.
inline constexpr float kFineMost = 8191.0F;

/// Input channels of which products still fit 32 bits: 8191 x 127 x 2048.
inline constexpr int64_t kMostFineIn = 2048;

/// The most that the magnitudes of an output channel's weights of 16 bits may sum up to in a tap,
/// for its products to fit 32 bits whatever the activations are.
inline constexpr int64_t kMostFineSum = 2147483647 / 8191;

/// Tables whose conv_int8 takes weights of 8 or 16 bits and activations of 14 bits: 72 dB
/// or more from conv_f32 with the same weights in the tests, and faster. Otherwise it is as
/// conv_int8 of kernels_for says, the bits of every instruction set included; tile_rows must be 0.
///
/// Null for an instruction set on which that would not be faster. Throws std::invalid_argument as
/// kernels_for does.
const KernelTable* fine_kernels_for(Isa isa);

/// fine_kernels_for the set of active_kernels().
const KernelTable* active_fine_kernels();

// What each instruction set's file defines, see tables.h.
extern const KernelTable kScalarFine;
#if defined(__x86_64__)
#define MUSPEAKER_FINE_ISAS(X) X(Scalar) X(Sse2) X(Avx2) X(AvxVnni) X(Avx512) X(Avx512Vnni)
extern const KernelTable kSse2Fine, kAvx2Fine, kAvxVnniFine, kAvx512Fine, kAvx512VnniFine;
#else
#define MUSPEAKER_FINE_ISAS(X) X(Scalar)
#endif

}  // namespace muspeaker::kernels
