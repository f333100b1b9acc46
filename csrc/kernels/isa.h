#pragma once

#include <string>
#include <vector>

namespace muspeaker::kernels {

/// Instruction sets the kernels are built for, plainest first. Each x86 one includes those above it
/// that it extends: kAvx512Vnni runs kAvx512's float kernels, kAvxVnni runs kAvx2's.
enum class Isa { kScalar, kAvx2, kAvxVnni, kAvx512, kAvx512Vnni, kNeon, kNeonDotprod, kNeonI8mm };

/// The name MUSPEAKER_CPU_ISA takes: scalar, avx2, avxvnni, avx512, avx512vnni, neon,
/// neon_dotprod or neon_i8mm.
const char* isa_name(Isa isa);

/// Instruction sets that are both built in and offered by this machine, slowest first; never empty.
std::vector<Isa> supported_isas();

/// The last of supported_isas(), or the one that `forced` names when it is neither null nor empty.
/// Throws std::invalid_argument if `forced` is unknown or unsupported here, and lists what is.
Isa choose_isa(const char* forced);

}  // namespace muspeaker::kernels
