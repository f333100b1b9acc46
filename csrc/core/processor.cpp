#include "core/processor.h"

namespace muspeaker::core {

bool has_x86_64_v2() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse3") && __builtin_cpu_supports("ssse3") &&
         __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("sse4.2") &&
         __builtin_cpu_supports("popcnt");
#else
  return true;
#endif
}

}  // namespace muspeaker::core
