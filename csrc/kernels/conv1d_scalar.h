#pragma once

#include "kernels/dispatch.h"

namespace muspeaker::kernels {

/// Plain twins of the convolution kernels, for every machine and as the judge of the fast ones.
/// They leave the weights in (kernel, out, in) order.
int64_t conv_f32_weight_bytes_scalar(const ConvShape& shape);
int64_t conv_f32_scratch_bytes_scalar(const ConvShape& shape);
void pack_f32_scalar(const ConvShape& shape, const float* weight, const WeightSteps& steps,
                     void* packed);
void conv_f32_scalar(const ConvShape& shape, const ConvRows& rows);

}  // namespace muspeaker::kernels
