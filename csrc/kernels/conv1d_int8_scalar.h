#pragma once

#include "kernels/dispatch.h"

namespace muspeaker::kernels {

/// Plain twins of the int8 convolution kernels; the fast ones give the same bits.
/// They leave the weights in (kernel, out, in) order.
int64_t conv_int8_weight_bytes_scalar(const ConvShape& shape);
int64_t conv_int8_scratch_bytes_scalar(const ConvShape& shape);
void pack_int8_scalar(const ConvShape& shape, const int8_t* weight, void* packed);
void conv_int8_scalar(const ConvShape& shape, const ConvRows& rows);

/// The same with the activations of fine.h, and weights that are kept in 16 bits.
int64_t conv_fine_weight_bytes_scalar(const ConvShape& shape);
void pack_fine_int8_scalar(const ConvShape& shape, const int8_t* weight, void* packed);
void pack_fine_int16_scalar(const ConvShape& shape, const int16_t* weight, void* packed);
void conv_fine_scalar(const ConvShape& shape, const ConvRows& rows);

}  // namespace muspeaker::kernels
