#include "kernels/int8_avx512vnni.h"
#include "kernels/tables.h"

namespace muspeaker::kernels {
namespace {

constexpr float kMost = 127.0F;

#include "kernels/conv1d_int8_simd.inc"
#include "kernels/conv1d_tiles_simd.inc"

}  // namespace

const KernelTable kAvx512VnniTable{Isa::kAvx512Vnni,
                                   kLanes,
                                   {conv_f32_weight_bytes, conv_f32_scratch_bytes, conv_f32},
                                   {any_int8_weight_bytes, any_int8_scratch_bytes, any_int8},
                                   pack_f32,
                                   pack_any_int8};

}  // namespace muspeaker::kernels
