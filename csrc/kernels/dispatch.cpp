#include "kernels/dispatch.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/tables.h"

namespace muspeaker::kernels {

const KernelTable& kernels_for(Isa isa) {
  const std::vector<Isa> supported = supported_isas();
  if (std::find(supported.begin(), supported.end(), isa) != supported.end()) {
    switch (isa) {
#define MUSPEAKER_CASE(isa, name) \
  case Isa::k##isa:               \
    return k##isa##Table;
      MUSPEAKER_BUILT_ISAS(MUSPEAKER_CASE)
#undef MUSPEAKER_CASE
      default:
        break;
    }
  }
  throw std::invalid_argument(std::string("no kernels for ") + isa_name(isa) + " on this machine");
}

const KernelTable& active_kernels() {
  static const KernelTable& table = kernels_for(choose_isa(std::getenv("MUSPEAKER_CPU_ISA")));
  return table;
}

}  // namespace muspeaker::kernels
