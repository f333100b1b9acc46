#include "kernels/fine.h"
#include "kernels/int16_avx512vnni.h"

namespace muspeaker::kernels {
namespace {

constexpr float kMost = kFineMost;

#include "kernels/conv1d_int8_simd.inc"

}  // namespace

const KernelTable kAvx512VnniFine{Isa::kAvx512Vnni,
                                  kLanes,
                                  {conv_f32_weight_bytes, conv_f32_scratch_bytes, conv_f32},
                                  {conv_int8_weight_bytes, conv_int8_scratch_bytes, conv_int8},
                                  pack_f32,
                                  pack_int8,
                                  pack_integers<int16_t>};

}  // namespace muspeaker::kernels
