#include "kernels/isa.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace muspeaker::kernels {

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvxVnni:
      return "avxvnni";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Vnni:
      return "avx512vnni";
    case Isa::kNeon:
      return "neon";
    case Isa::kNeonDotprod:
      return "neon_dotprod";
    case Isa::kNeonI8mm:
      return "neon_i8mm";
  }
  return "unknown";
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> found{Isa::kScalar};
#if defined(__x86_64__)
  // libgcc and compiler-rt also ask the operating system whether it saves the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    found.push_back(Isa::kAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
      found.push_back(Isa::kAvx512);
    }
  }
#elif defined(__aarch64__)
  found.push_back(Isa::kNeon);
#endif
  return found;
}

Isa choose_isa(const char* forced) {
  const std::vector<Isa> supported = supported_isas();
  if (forced == nullptr || *forced == '\0') {
    return supported.back();
  }
  std::string names;
  for (const Isa isa : supported) {
    if (std::string(forced) == isa_name(isa)) {
      return isa;
    }
    names += std::string(names.empty() ? "" : ", ") + isa_name(isa);
  }
  throw std::invalid_argument("MUSPEAKER_CPU_ISA is '" + std::string(forced) +
                              "', expected one that this machine supports: " + names);
}

}  // namespace muspeaker::kernels
