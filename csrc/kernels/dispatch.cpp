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
      case Isa::kScalar:
        return kScalarTable;
#if defined(__x86_64__)
      case Isa::kAvx2:
        return kAvx2Table;
      case Isa::kAvxVnni:
        return kAvxVnniTable;
      case Isa::kAvx512:
        return kAvx512Table;
      case Isa::kAvx512Vnni:
        return kAvx512VnniTable;
#elif defined(__aarch64__)
      case Isa::kNeon:
        return kNeonTable;
      case Isa::kNeonDotprod:
        return kNeonDotprodTable;
      case Isa::kNeonI8mm:
        return kNeonI8mmTable;
#endif
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
