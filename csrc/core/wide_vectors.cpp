#include "core/wide_vectors.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace muspeaker::core {
namespace {

/// The widest vectors whose instructions this machine has, and whose registers its system saves.
VectorWidth widest() {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
    const bool wider = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512vl");
    return wider ? VectorWidth::kAvx512 : VectorWidth::kAvx2;
  }
#endif
  return VectorWidth::kBaseline;
}

}  // namespace

VectorWidth choose_vector_width(const char* forced) {
  const std::string isa = forced == nullptr ? "" : forced;
  if (isa == "scalar" || isa == "sse2") {
    return VectorWidth::kBaseline;
  }
  const bool narrower = isa == "avx2" || isa == "avxvnni";
  return std::min(widest(), narrower ? VectorWidth::kAvx2 : VectorWidth::kAvx512);
}

VectorWidth vector_width() {
  static const VectorWidth width = choose_vector_width(std::getenv("MUSPEAKER_CPU_ISA"));
  return width;
}

}  // namespace muspeaker::core
