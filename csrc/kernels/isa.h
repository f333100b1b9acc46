#pragma once

#include <string>
#include <vector>

namespace muspeaker::kernels {

// Instruction sets of each processor family that kernels are built for, simplest first, as
// X(Enumerator, name). `avxvnni` extends `avx2`, `avx512vnni` extends `avx512`. A new set of fixed
// width is a line here, its detection in isa.cpp, its flags in cmake/Kernels.cmake, and
// table_<name>.cpp with its traits.
#define MUSPEAKER_X86_64_ISAS(X) \
  X(Sse2, "sse2")                \
  X(Avx2, "avx2")                \
  X(AvxVnni, "avxvnni")          \
  X(Avx512, "avx512")            \
  X(Avx512Vnni, "avx512vnni")
#define MUSPEAKER_AARCH64_ISAS(X) \
  X(Neon, "neon")                 \
  X(NeonDotprod, "neon_dotprod")  \
  X(NeonI8mm, "neon_i8mm")
#define MUSPEAKER_ISAS(X) X(Scalar, "scalar") MUSPEAKER_X86_64_ISAS(X) MUSPEAKER_AARCH64_ISAS(X)

// Those that this build has.
#if defined(__x86_64__)
#define MUSPEAKER_BUILT_ISAS(X) X(Scalar, "scalar") MUSPEAKER_X86_64_ISAS(X)
#elif defined(__aarch64__)
#define MUSPEAKER_BUILT_ISAS(X) X(Scalar, "scalar") MUSPEAKER_AARCH64_ISAS(X)
#else
#define MUSPEAKER_BUILT_ISAS(X) X(Scalar, "scalar")
#endif

#define MUSPEAKER_ENUMERATOR(isa, name) k##isa,
enum class Isa { MUSPEAKER_ISAS(MUSPEAKER_ENUMERATOR) };
#undef MUSPEAKER_ENUMERATOR

/// The name MUSPEAKER_CPU_ISA takes.
const char* isa_name(Isa isa);

/// Instruction sets that are both built in and offered by this machine, slowest first; never empty.
std::vector<Isa> supported_isas();

/// The last of supported_isas(), or the one that `forced` names when it is neither null nor empty.
/// Throws std::invalid_argument if `forced` is unknown or unsupported here, and lists what is.
Isa choose_isa(const char* forced);

}  // namespace muspeaker::kernels
