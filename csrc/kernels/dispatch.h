#pragma once

#include <cstdint>

#include "kernels/isa.h"

namespace muspeaker::kernels {

/// Input floats that are gathered or staged at a time, 128 KiB: a time tile with its halo stays in
/// L2.
inline constexpr int64_t kStagedFloats = 32768;

/// Sizes of one convolution over time. Output row t reads input frames
/// t * stride + k * dilation - pad for k in [0, kernel); frames outside the input count as zero.
struct ConvShape {
  int64_t in = 1;        ///< input channels
  int64_t out = 1;       ///< output channels
  int64_t kernel = 1;    ///< taps
  int64_t stride = 1;    ///< input frames from one output row to the next
  int64_t dilation = 1;  ///< input frames from one tap to the next
  int64_t pad = 0;       ///< zero frames before the first input frame
  /// Output rows, counted from the first, whose int8 inputs share one scale; 0: each frame has its
  /// own.
  int64_t tile_rows = 0;
};

/// The scalars of y = scale * (conv(leaky_relu(x)) + bias + residual).
struct ConvScalars {
  float input_slope = 1.0F;  ///< slope of a leaky ReLU on x, 0 to 1: 1 for none, 0 for ReLU
  float scale = 1.0F;
  bool accumulate = false;  ///< add to y instead of writing it
};

/// What one pass of a convolution reads and writes. Arrays are (frames, channels) float32, channels
/// contiguous.
struct ConvCall : ConvScalars {
  const float* x = nullptr;  ///< (in_frames, in); must not overlap y
  int64_t in_frames = 0;
  const float* residual = nullptr;  ///< (out_frames, out), added before scale; null, or y itself
  float* y = nullptr;               ///< (out_frames, out)
};

/// One call of a convolution kernel: output rows [row_begin, row_end) of
/// y = scale * (conv(leaky_relu(x)) + bias + residual), plus the old y if accumulate.
/// Here y and residual point to row_begin's first value. A row's value depends on nothing but its
/// inputs, so any split into ranges gives the same bits.
struct ConvRows : ConvCall {
  const void* weight = nullptr;          ///< what the same table's pack function wrote
  const float* channel_scale = nullptr;  ///< (out), only with int8 weights: w = int8 * scale
  const float* bias = nullptr;           ///< (out) or null
  int64_t row_begin = 0;
  int64_t row_end = 0;
  void* scratch = nullptr;  ///< 64-byte aligned, the table's scratch_bytes, one per thread
};

/// One convolution kernel: how to lay its weights out and how to run it.
struct ConvKernel {
  int64_t (*weight_bytes)(const ConvShape& shape);
  int64_t (*scratch_bytes)(const ConvShape& shape);
  void (*run)(const ConvShape& shape, const ConvRows& rows);
};

/// Floats from a weight to that of the next channel; taps are out * in apart.
struct WeightSteps {
  int64_t out;
  int64_t in;
};

/// The kernels of one instruction set; every pointer but the last is set.
struct KernelTable {
  Isa isa;
  int64_t lanes;  ///< floats in one vector
  ConvKernel conv_f32;
  ConvKernel conv_int8;
  /// weight: (kernel, out, in) float32, where steps lead from one output channel and from one input
  /// channel to the next; packed: 64-byte aligned, conv_f32.weight_bytes.
  void (*pack_f32)(const ConvShape& shape, const float* weight, const WeightSteps& steps,
                   void* packed);
  /// weight: (kernel, out, in) int8, -127 to 127; packed: conv_int8.weight_bytes.
  void (*pack_int8)(const ConvShape& shape, const int8_t* weight, void* packed);
  /// The same for weights of 16 bits, of kernels that take them (fine.h); else null.
  void (*pack_int16)(const ConvShape& shape, const int16_t* weight, void* packed) = nullptr;
};

/// The table of an instruction set. Throws std::invalid_argument if supported_isas() lacks it.
const KernelTable& kernels_for(Isa isa);

/// The table of choose_isa(getenv("MUSPEAKER_CPU_ISA")), chosen at the first call.
const KernelTable& active_kernels();

}  // namespace muspeaker::kernels
