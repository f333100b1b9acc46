#include "kernels/conv1d_int8_scalar.h"
#include "kernels/conv1d_scalar.h"
#include "kernels/fine.h"
#include "kernels/tables.h"

namespace muspeaker::kernels {

const KernelTable kScalarTable{
    Isa::kScalar,
    1,
    {conv_f32_weight_bytes_scalar, conv_f32_scratch_bytes_scalar, conv_f32_scalar},
    {conv_int8_weight_bytes_scalar, conv_int8_scratch_bytes_scalar, conv_int8_scalar},
    pack_f32_scalar,
    pack_int8_scalar};

const KernelTable kScalarFine{
    Isa::kScalar,
    1,
    {conv_f32_weight_bytes_scalar, conv_f32_scratch_bytes_scalar, conv_f32_scalar},
    {conv_fine_weight_bytes_scalar, conv_int8_scratch_bytes_scalar, conv_fine_scalar},
    pack_f32_scalar,
    pack_fine_int8_scalar,
    pack_fine_int16_scalar};

}  // namespace muspeaker::kernels
