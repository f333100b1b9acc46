#include "kernels/fine.h"

namespace muspeaker::kernels {

const KernelTable* fine_kernels_for(Isa isa) {
  switch (kernels_for(isa).isa) {
#define MUSPEAKER_CASE(isa) \
  case Isa::k##isa:         \
    return &k##isa##Fine;
    MUSPEAKER_FINE_ISAS(MUSPEAKER_CASE)
#undef MUSPEAKER_CASE
    default:
      return nullptr;
  }
}

const KernelTable* active_fine_kernels() {
  static const KernelTable* const table = fine_kernels_for(active_kernels().isa);
  return table;
}

}  // namespace muspeaker::kernels
