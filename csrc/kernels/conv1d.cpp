#include "kernels/conv1d.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

namespace muspeaker::kernels {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr int64_t kMaxSize = int64_t{1} << 20;

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t aligned(int64_t bytes) {
  return ceil_div(bytes, 64) * 64;
}

/// The shape itself, or std::invalid_argument.
const ConvShape& checked(const ConvShape& s) {
  const auto in_range = [](int64_t value) { return value >= 1 && value <= kMaxSize; };
  if (in_range(s.in) && in_range(s.out) && in_range(s.kernel) && in_range(s.stride) &&
      in_range(s.dilation) && s.pad >= 0 && s.pad <= kMaxSize) {
    return s;
  }
  throw std::invalid_argument("convolution sizes must be 1 to 2^20 and pad at least 0, got in " +
                              std::to_string(s.in) + ", out " + std::to_string(s.out) +
                              ", kernel " + std::to_string(s.kernel) + ", stride " +
                              std::to_string(s.stride) + ", dilation " +
                              std::to_string(s.dilation) + ", pad " + std::to_string(s.pad));
}

/// Few output channels leave most of a vector idle. Rows of several neighbouring frames fill it, at
/// the price of taps that are zero for some of them.
ConvShape fold(const ConvShape& shape, int64_t lanes) {
  const int64_t phases = std::max<int64_t>(lanes / shape.out, 1);
  if (phases == 1 || shape.kernel == 1 || shape.stride != 1 || shape.dilation != 1) {
    return shape;
  }
  return {shape.in, shape.out * phases, shape.kernel + phases - 1, phases, 1, shape.pad};
}

ConvShape unroll_transposed(const ConvShape& s) {
  const int64_t taps = ceil_div(s.kernel, s.stride);
  return {s.in, s.out * s.stride, taps, 1, 1, taps - 1};
}

struct ThreadScratch {
  void* memory = nullptr;
  int64_t bytes = 0;
  ThreadScratch() = default;
  ThreadScratch(const ThreadScratch&) = delete;
  ThreadScratch& operator=(const ThreadScratch&) = delete;
  ~ThreadScratch() { ::operator delete(memory, kAlignment); }
};

}  // namespace

void* thread_scratch(int64_t bytes) {
  thread_local ThreadScratch scratch;
  if (bytes > scratch.bytes) {
    ::operator delete(scratch.memory, kAlignment);
    scratch.memory = nullptr;
    scratch.bytes = 0;
    scratch.memory = ::operator new(static_cast<size_t>(bytes), kAlignment);
    scratch.bytes = bytes;
  }
  return scratch.memory;
}

void Conv1d::Free::operator()(void* memory) const {
  ::operator delete(memory, kAlignment);
}

Conv1d::Conv1d(const ConvShape& shape, const ConvShape& rows, const KernelTable& table)
    : shape_(shape), rows_(rows), phases_(rows.out / shape.out), table_(&table) {}

Conv1d::Conv1d(const ConvShape& shape, const float* weight, const float* bias,
               const KernelTable& table)
    : Conv1d(shape, fold(checked(shape), table.lanes), table) {
  if (phases_ == 1) {
    pack(weight, bias);
    return;
  }
  const int64_t tap = shape.out * shape.in;
  std::vector<float> folded(static_cast<size_t>(rows_.kernel * phases_ * tap), 0.0F);
  for (int64_t phase = 0; phase < phases_; ++phase) {
    for (int64_t k = 0; k < shape.kernel; ++k) {
      std::copy_n(weight + k * tap, tap, folded.data() + ((k + phase) * phases_ + phase) * tap);
    }
  }
  pack(folded.data(), bias);
}

Conv1d Conv1d::transposed(const ConvShape& shape, const float* weight, const float* bias,
                          const KernelTable& table) {
  if (checked(shape).dilation != 1) {
    throw std::invalid_argument("a transposed convolution needs dilation 1, got " +
                                std::to_string(shape.dilation));
  }
  Conv1d conv(shape, unroll_transposed(shape), table);
  conv.lead_ = shape.pad;
  conv.transposed_ = true;
  const int64_t tap = shape.out * shape.in;
  const int64_t taps = conv.rows_.kernel;
  std::vector<float> unrolled(static_cast<size_t>(taps * shape.stride * tap), 0.0F);
  for (int64_t k = 0; k < shape.kernel; ++k) {
    const int64_t phase = k % shape.stride;
    const int64_t newest_first = taps - 1 - k / shape.stride;
    std::copy_n(weight + k * tap, tap,
                unrolled.data() + (newest_first * shape.stride + phase) * tap);
  }
  conv.pack(unrolled.data(), bias);
  return conv;
}

void Conv1d::pack(const float* weight, const float* bias) {
  const auto bytes = static_cast<size_t>(table_->conv_f32.weight_bytes(rows_));
  weight_.reset(::operator new(bytes, kAlignment));
  table_->pack_f32(rows_, weight, weight_.get());
  for (int64_t phase = 0; bias != nullptr && phase < phases_; ++phase) {
    bias_.insert(bias_.end(), bias, bias + shape_.out);
  }
}

int64_t Conv1d::out_frames(int64_t in_frames) const {
  if (transposed_) {
    const int64_t frames = (in_frames - 1) * shape_.stride - 2 * shape_.pad + shape_.kernel;
    return in_frames < 1 ? 0 : std::max<int64_t>(frames, 0);
  }
  const int64_t slack = in_frames + 2 * shape_.pad - (shape_.kernel - 1) * shape_.dilation - 1;
  return slack < 0 ? 0 : slack / shape_.stride + 1;
}

void Conv1d::run(const ConvCall& call, int64_t begin, int64_t end) const {
  if (begin >= end) {
    return;
  }
  const int64_t row_bytes = aligned(rows_.out * static_cast<int64_t>(sizeof(float)));
  const int64_t kernel_bytes = aligned(table_->conv_f32.scratch_bytes(rows_));
  char* scratch = static_cast<char*>(thread_scratch(kernel_bytes + 2 * row_bytes));
  char* edge = scratch + 2 * row_bytes;
  int64_t row = (begin + lead_) / phases_;
  const int64_t whole_begin = ceil_div(begin + lead_, phases_);
  const int64_t whole_end = (end + lead_) / phases_;
  if (row < whole_begin) {
    run_edge(call, row, begin, end, scratch);
    ++row;
  }
  if (row < whole_end) {
    run_rows(call, row, whole_end, edge);
    row = whole_end;
  }
  if (row * phases_ - lead_ < end) {
    run_edge(call, row, begin, end, scratch);
  }
}

ConvRows Conv1d::operands(const ConvCall& call, int64_t begin, int64_t end, void* scratch) const {
  ConvRows rows;
  rows.x = call.x;
  rows.in_frames = call.in_frames;
  rows.input_slope = call.input_slope;
  rows.weight = weight_.get();
  rows.bias = bias_.empty() ? nullptr : bias_.data();
  rows.scale = call.scale;
  rows.accumulate = call.accumulate;
  rows.row_begin = begin;
  rows.row_end = end;
  rows.scratch = scratch;
  return rows;
}

void Conv1d::run_rows(const ConvCall& call, int64_t begin, int64_t end, void* scratch) const {
  const int64_t at = (begin * phases_ - lead_) * shape_.out;
  ConvRows rows = operands(call, begin, end, scratch);
  rows.y = call.y + at;
  rows.residual = call.residual == nullptr ? nullptr : call.residual + at;
  table_->conv_f32.run(rows_, rows);
}

/// A row that reaches over the end of [begin, end): worked out aside, then copied in part.
void Conv1d::run_edge(const ConvCall& call, int64_t row, int64_t begin, int64_t end,
                      char* scratch) const {
  const int64_t row_bytes = aligned(rows_.out * static_cast<int64_t>(sizeof(float)));
  float* y = reinterpret_cast<float*>(scratch);
  float* residual = reinterpret_cast<float*>(scratch + row_bytes);
  const int64_t start = row * phases_ - lead_;  // the row's first output frame
  const int64_t first = std::max(begin, start);
  const int64_t last = std::min(end, start + phases_);
  const int64_t skip = (first - start) * shape_.out;
  const auto bytes = static_cast<size_t>((last - first) * shape_.out) * sizeof(float);
  std::memset(scratch, 0, static_cast<size_t>(2 * row_bytes));
  if (call.accumulate) {
    std::memcpy(y + skip, call.y + first * shape_.out, bytes);
  }
  if (call.residual != nullptr) {
    std::memcpy(residual + skip, call.residual + first * shape_.out, bytes);
  }
  ConvRows rows = operands(call, row, row + 1, scratch + 2 * row_bytes);
  rows.y = y;
  rows.residual = call.residual == nullptr ? nullptr : residual;
  table_->conv_f32.run(rows_, rows);
  std::memcpy(call.y + first * shape_.out, y + skip, bytes);
}

}  // namespace muspeaker::kernels
