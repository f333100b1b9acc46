#pragma once

#include "kernels/dispatch.h"

namespace muspeaker::kernels {

/// What each instruction set's file defines. Only kernels_for() may read one, and only after it has
/// seen that this machine can run it.
extern const KernelTable kScalarTable;
extern const KernelTable kAvx2Table;
extern const KernelTable kAvxVnniTable;
extern const KernelTable kAvx512Table;
extern const KernelTable kAvx512VnniTable;
extern const KernelTable kNeonTable;
extern const KernelTable kNeonDotprodTable;
extern const KernelTable kNeonI8mmTable;

}  // namespace muspeaker::kernels
