#include "kernels/int8_neon_i8mm.h"
#include "kernels/tables.h"

namespace muspeaker::kernels {
namespace {

constexpr float kMost = 127.0F;

#include "kernels/conv1d_int8_simd.inc"

// In tiles a vector holds rows of one output channel: dot products of four fit that, matrix
// products do not. Every machine with the one has the other.
const ConvKernel& tiles() {
  return kNeonDotprodTable.conv_int8;
}

int64_t i8mm_weight_bytes(const ConvShape& s) {
  return s.tile_rows == 0 ? conv_int8_weight_bytes(s) : tiles().weight_bytes(s);
}

int64_t i8mm_scratch_bytes(const ConvShape& s) {
  return s.tile_rows == 0 ? conv_int8_scratch_bytes(s) : tiles().scratch_bytes(s);
}

void pack_i8mm(const ConvShape& s, const int8_t* weight, void* packed) {
  if (s.tile_rows == 0) {
    pack_int8(s, weight, packed);
  } else {
    kNeonDotprodTable.pack_int8(s, weight, packed);
  }
}

void conv_i8mm(const ConvShape& s, const ConvRows& r) {
  if (s.tile_rows == 0) {
    conv_int8(s, r);
  } else {
    tiles().run(s, r);
  }
}

}  // namespace

const KernelTable kNeonI8mmTable{Isa::kNeonI8mm,
                                 kLanes,
                                 {conv_f32_weight_bytes, conv_f32_scratch_bytes, conv_f32},
                                 {i8mm_weight_bytes, i8mm_scratch_bytes, conv_i8mm},
                                 pack_f32,
                                 pack_i8mm};

}  // namespace muspeaker::kernels
