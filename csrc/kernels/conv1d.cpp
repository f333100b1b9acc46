#include "kernels/conv1d.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

namespace muspeaker::kernels {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr int64_t kMaxSize = 1048576;
constexpr int64_t kMaxInt8In = 65536;  // 255 x 127 x 65536 still fits 32 bits

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t aligned(int64_t bytes) {
  return ceil_div(bytes, 64) * 64;
}

/// The shape itself, or std::invalid_argument.
ConvShape checked(const ConvShape& s) {
  const auto in_range = [](int64_t value) { return value >= 1 && value <= kMaxSize; };
  if (in_range(s.in) && in_range(s.out) && in_range(s.kernel) && in_range(s.stride) &&
      in_range(s.dilation) && s.pad >= 0 && s.pad <= kMaxSize && s.tile_rows >= 0 &&
      s.tile_rows <= kMaxSize && (s.tile_rows == 0 || s.stride == 1)) {
    return s;
  }
  throw std::invalid_argument(
      "convolution sizes must be 1 to 1048576, pad and tile_rows 0 to that and "
      "tile_rows 0 with a stride, got in " +
      std::to_string(s.in) + ", out " + std::to_string(s.out) + ", kernel " +
      std::to_string(s.kernel) + ", stride " + std::to_string(s.stride) + ", dilation " +
      std::to_string(s.dilation) + ", pad " + std::to_string(s.pad) + ", tile_rows " +
      std::to_string(s.tile_rows));
}

/// Few output channels leave most of a vector idle. Rows of several neighbouring frames fill it, at
/// the price of taps that are zero for some of them.
ConvShape fold(const ConvShape& shape, int64_t lanes) {
  const int64_t phases = std::max<int64_t>(lanes / shape.out, 1);
  if (phases == 1 || shape.kernel == 1 || shape.stride != 1 || shape.dilation != 1 ||
      shape.tile_rows != 0) {
    return shape;
  }
  return {shape.in, shape.out * phases, shape.kernel + phases - 1, phases, 1, shape.pad};
}

ConvShape unroll_transposed(const ConvShape& s) {
  const int64_t taps = ceil_div(s.kernel, s.stride);
  return {s.in, s.out * s.stride, taps, 1, 1, taps - 1};
}

/// Weights (kernel, out, in) of the layer as the rows of fold(): phase p reads its taps p later.
template <typename Value>
std::vector<Value> fold_weight(const ConvShape& shape, const ConvShape& rows, const Value* weight) {
  const int64_t phases = rows.out / shape.out;
  const int64_t tap = shape.out * shape.in;
  std::vector<Value> folded(static_cast<size_t>(rows.kernel * phases * tap), Value{0});
  for (int64_t phase = 0; phase < phases; ++phase) {
    for (int64_t k = 0; k < shape.kernel; ++k) {
      std::copy_n(weight + k * tap, tap, folded.data() + ((k + phase) * phases + phase) * tap);
    }
  }
  return folded;
}

/// Weights (kernel, out, in) of a transposed layer as the rows of unroll_transposed().
template <typename Value>
std::vector<Value> unroll_weight(const ConvShape& shape, const ConvShape& rows,
                                 const Value* weight) {
  const int64_t tap = shape.out * shape.in;
  std::vector<Value> unrolled(static_cast<size_t>(rows.kernel * rows.out * shape.in), Value{0});
  for (int64_t k = 0; k < shape.kernel; ++k) {
    const int64_t phase = k % shape.stride;
    const int64_t newest_last = rows.kernel - 1 - k / shape.stride;
    std::copy_n(weight + k * tap, tap,
                unrolled.data() + (newest_last * shape.stride + phase) * tap);
  }
  return unrolled;
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

Conv1d::Conv1d(const ConvShape& shape, Kind kind, bool int8, const KernelTable& table)
    : shape_(checked(shape)),
      rows_(kind == Kind::kTransposed ? unroll_transposed(shape) : fold(shape, table.lanes)),
      kind_(kind),
      int8_(int8),
      phases_(rows_.out / shape.out),
      lead_(kind == Kind::kTransposed ? shape.pad : 0),
      table_(&table) {
  if (kind == Kind::kTransposed && shape.dilation != 1) {
    throw std::invalid_argument("a transposed convolution needs dilation 1, got " +
                                std::to_string(shape.dilation));
  }
  const int64_t summed = shape.tile_rows == 0 ? shape.in : shape.in * shape.kernel;
  if (int8 && summed > kMaxInt8In) {
    throw std::invalid_argument(
        "an int8 convolution sums at most 65536 products as integers, got " +
        std::to_string(summed));
  }
}

Conv1d::Conv1d(const ConvShape& shape, const float* weight, const float* bias,
               const KernelTable& table)
    : Conv1d(shape, Kind::kPlain, false, table) {
  pack(phases_ == 1 ? weight : fold_weight(shape, rows_, weight).data(), bias);
}

Conv1d::Conv1d(const ConvShape& shape, const int8_t* weight, const float* scale, const float* bias,
               const KernelTable& table)
    : Conv1d(shape, Kind::kPlain, true, table) {
  pack(phases_ == 1 ? weight : fold_weight(shape, rows_, weight).data(), scale, bias);
}

Conv1d::Conv1d(const ConvShape& shape, const int16_t* weight, const float* scale, const float* bias,
               const KernelTable& table)
    : Conv1d(shape, Kind::kPlain, true, table) {
  if (table.pack_int16 == nullptr) {
    throw std::invalid_argument("these kernels take no weights of 16 bits");
  }
  pack(phases_ == 1 ? weight : fold_weight(shape, rows_, weight).data(), scale, bias);
}

Conv1d Conv1d::transposed(const ConvShape& shape, const float* weight, const float* bias,
                          const KernelTable& table) {
  Conv1d conv(shape, Kind::kTransposed, false, table);
  conv.pack(unroll_weight(shape, conv.rows_, weight).data(), bias);
  return conv;
}

Conv1d Conv1d::transposed(const ConvShape& shape, const int8_t* weight, const float* scale,
                          const float* bias, const KernelTable& table) {
  Conv1d conv(shape, Kind::kTransposed, true, table);
  conv.pack(unroll_weight(shape, conv.rows_, weight).data(), scale, bias);
  return conv;
}

void Conv1d::allocate() {
  weight_.reset(::operator new(static_cast<size_t>(kernel().weight_bytes(rows_)), kAlignment));
}

/// (out) values repeated for the phases of a row; empty for null.
std::vector<float> Conv1d::for_each_phase(const float* values) const {
  std::vector<float> repeated;
  for (int64_t phase = 0; values != nullptr && phase < phases_; ++phase) {
    repeated.insert(repeated.end(), values, values + shape_.out);
  }
  return repeated;
}

void Conv1d::pack(const float* weight, const float* bias) {
  allocate();
  table_->pack_f32(rows_, weight, {/*out=*/rows_.in, /*in=*/1}, weight_.get());
  bias_ = for_each_phase(bias);
}

void Conv1d::pack(const int8_t* weight, const float* scale, const float* bias) {
  allocate();
  table_->pack_int8(rows_, weight, weight_.get());
  keep(scale, bias);
}

void Conv1d::pack(const int16_t* weight, const float* scale, const float* bias) {
  allocate();
  table_->pack_int16(rows_, weight, weight_.get());
  keep(scale, bias);
}

void Conv1d::keep(const float* scale, const float* bias) {
  channel_scale_ = for_each_phase(scale);
  bias_ = for_each_phase(bias);
}

int64_t Conv1d::out_frames(int64_t in_frames) const {
  if (kind_ == Kind::kTransposed) {
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
  const int64_t kernel_bytes = aligned(kernel().scratch_bytes(rows_));
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
  static_cast<ConvCall&>(rows) = call;
  rows.weight = weight_.get();
  rows.bias = bias_.empty() ? nullptr : bias_.data();
  rows.channel_scale = channel_scale_.empty() ? nullptr : channel_scale_.data();
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
  kernel().run(rows_, rows);
}

/// A row that reaches over the end of [begin, end): worked out aside, then copied in part.
void Conv1d::run_edge(const ConvCall& call, int64_t row, int64_t begin, int64_t end,
                      char* scratch) const {
  const int64_t row_bytes = aligned(rows_.out * static_cast<int64_t>(sizeof(float)));
  auto* y = reinterpret_cast<float*>(scratch);
  auto* residual = reinterpret_cast<float*>(scratch + row_bytes);
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
  kernel().run(rows_, rows);
  std::memcpy(call.y + first * shape_.out, y + skip, bytes);
}

}  // namespace muspeaker::kernels
