#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/dispatch.h"

namespace muspeaker::kernels {

/// A 64-byte aligned buffer of the calling thread, at least `bytes` large. It stays valid until the
/// thread asks for a larger one, and grows only then, so the steady state allocates nothing.
void* thread_scratch(int64_t bytes);

/// A convolution over time with its weights laid out for one instruction set:
/// y = scale * (conv(leaky_relu(x)) + bias + residual), plus the old y if accumulate.
///
/// A linear layer is the case kernel 1. Any split of the output into ranges, at any number of
/// threads, gives the same bits.
class Conv1d {
 public:
  /// torch.nn.Conv1d with float32 weights. Throws std::invalid_argument on sizes that make no
  /// convolution. weight: (kernel, out, in), as in the model file; bias: (out) or null. Neither is
  /// needed afterwards.
  Conv1d(const ConvShape& shape, const float* weight, const float* bias,
         const KernelTable& table = active_kernels());

  /// The same with int8 weights of -127 to 127, w = weight * scale[out]; scale: (out). Each input
  /// frame is quantised by its own largest magnitude, so chunks of a signal give the whole's bits,
  /// on every instruction set. With shape.tile_rows, so many output rows, counted from the first,
  /// share the largest magnitude of all frames that they read, which is faster where there are few
  /// channels; the result then depends on where the input starts, but not on how it is split among
  /// threads. At most 65536 products are summed as integers: `in`, or in * kernel in a tile.
  Conv1d(const ConvShape& shape, const int8_t* weight, const float* scale, const float* bias,
         const KernelTable& table = active_kernels());

  /// The same with weights of 16 bits, for a table of fine.h, which says how large they may be.
  Conv1d(const ConvShape& shape, const int16_t* weight, const float* scale, const float* bias,
         const KernelTable& table);

  /// torch.nn.ConvTranspose1d with dilation 1, as a convolution with stride x out channels whose
  /// result is, in memory, the upsampled signal. weight: (kernel, out, in) float32; stride and pad
  /// mean what they mean there.
  static Conv1d transposed(const ConvShape& shape, const float* weight, const float* bias,
                           const KernelTable& table = active_kernels());

  /// The same with int8 weights, see the constructor for them.
  static Conv1d transposed(const ConvShape& shape, const int8_t* weight, const float* scale,
                           const float* bias, const KernelTable& table = active_kernels());

  /// Frames that PyTorch would put out, `pad` being at both ends; 0 if the input is too short.
  [[nodiscard]] int64_t out_frames(int64_t in_frames) const;

  /// Output frames [begin, end); frames outside the input count as zero, so `end` may exceed
  /// out_frames. Safe from several threads at once on ranges that do not overlap.
  void run(const ConvCall& call, int64_t begin, int64_t end) const;

  [[nodiscard]] const ConvShape& shape() const { return shape_; }

  /// Split work at multiples of this many output frames; other starts recompute part of a block.
  [[nodiscard]] int64_t split_frames() const {
    return shape_.tile_rows == 0 ? 12 : shape_.tile_rows;
  }

 private:
  struct Free {
    void operator()(void* memory) const;
  };

  enum class Kind { kPlain, kTransposed };

  Conv1d(const ConvShape& shape, Kind kind, bool int8, const KernelTable& table);
  void pack(const float* weight, const float* bias);
  void pack(const int8_t* weight, const float* scale, const float* bias);
  void pack(const int16_t* weight, const float* scale, const float* bias);
  void keep(const float* scale, const float* bias);
  void allocate();
  std::vector<float> for_each_phase(const float* values) const;
  [[nodiscard]] const ConvKernel& kernel() const {
    return int8_ ? table_->conv_int8 : table_->conv_f32;
  }
  ConvRows operands(const ConvCall& call, int64_t begin, int64_t end, void* scratch) const;
  void run_rows(const ConvCall& call, int64_t begin, int64_t end, void* scratch) const;
  void run_edge(const ConvCall& call, int64_t row, int64_t begin, int64_t end, char* scratch) const;

  ConvShape shape_;  // sizes that the caller gave
  ConvShape rows_;   // sizes for the kernel: one row holds phases_ frames
  Kind kind_;
  bool int8_;
  int64_t phases_;  // output frames in a row
  int64_t lead_;    // frames of row 0 that lie before output frame 0
  const KernelTable* table_;
  std::unique_ptr<void, Free> weight_;
  std::vector<float> bias_;           // biases of a row, or empty
  std::vector<float> channel_scale_;  // scales of a row, or empty
};

}  // namespace muspeaker::kernels
