#include "kernels/isa.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace muspeaker::kernels {

namespace {

#if defined(__x86_64__)
/// Leaf 7, subleaf 1, EAX bit 4; GCC 12's __builtin_cpu_supports does not know the name.
bool has_avx_vnni() {
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & 0x10U) != 0;
}
#endif

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
#define MUSPEAKER_NAME(isa, name) \
  case Isa::k##isa:               \
    return name;
    MUSPEAKER_ISAS(MUSPEAKER_NAME)
#undef MUSPEAKER_NAME
  }
  return "unknown";
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> found{Isa::kScalar};
#if defined(__x86_64__)
  found.push_back(Isa::kSse2);  // every x86-64 processor
  // libgcc and compiler-rt also ask the operating system whether it saves the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    found.push_back(Isa::kAvx2);
    if (has_avx_vnni()) {
      found.push_back(Isa::kAvxVnni);
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
      found.push_back(Isa::kAvx512);
      if (__builtin_cpu_supports("avx512vnni")) {
        found.push_back(Isa::kAvx512Vnni);
      }
    }
  }
#elif defined(__aarch64__)
  found.push_back(Isa::kNeon);
#if defined(__APPLE__)
  found.push_back(Isa::kNeonDotprod);  // every Apple Silicon
#elif defined(__linux__)
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) {
    found.push_back(Isa::kNeonDotprod);
    if ((getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0) {
      found.push_back(Isa::kNeonI8mm);
    }
  }
#endif
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
