#pragma once

#include "kernels/dispatch.h"

namespace muspeaker::kernels {

/// What each instruction set's file defines. Only kernels_for() may read one, and only after it has
/// seen that this machine can run it.
#define MUSPEAKER_TABLE(isa, name) extern const KernelTable k##isa##Table;
MUSPEAKER_ISAS(MUSPEAKER_TABLE)
#undef MUSPEAKER_TABLE

}  // namespace muspeaker::kernels
