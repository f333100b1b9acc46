#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace muspeaker::core {

/// A matrix of plain numbers, (rows, width), row after row.
template <typename Value>
struct Matrix {
  std::vector<Value> values;
  int64_t width = 1;

  Matrix() = default;
  /// Zeros.
  Matrix(int64_t num_rows, int64_t row_width)
      : values(static_cast<size_t>(num_rows * row_width)), width(row_width) {}
  /// The values must be whole rows.
  Matrix(std::vector<Value> row_values, int64_t row_width)
      : values(std::move(row_values)), width(row_width) {}

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(values.size()); }
  [[nodiscard]] int64_t rows() const { return width > 0 ? size() / width : 0; }
  [[nodiscard]] bool empty() const { return values.empty(); }
  [[nodiscard]] Value* data() { return values.data(); }
  [[nodiscard]] const Value* data() const { return values.data(); }
  [[nodiscard]] Value* row(int64_t index) { return values.data() + (index * width); }
  [[nodiscard]] const Value* row(int64_t index) const { return values.data() + (index * width); }
};

/// One row for each frame: a mel is Frames whose width is num_mels.
using Frames = Matrix<float>;

/// Frames that are borrowed.
struct FramesView {
  const float* data = nullptr;
  int64_t rows = 0;
  int64_t width = 1;

  FramesView() = default;
  FramesView(const float* values, int64_t num_rows, int64_t row_width)
      : data(values), rows(num_rows), width(row_width) {}
  // NOLINTNEXTLINE(google-explicit-constructor): Frames can be lent wherever a view is taken
  FramesView(const Frames& frames)
      : data(frames.data()), rows(frames.rows()), width(frames.width) {}
};

/// The number of elements, to be counted with and compared to other sizes.
template <typename Value>
int64_t count_of(const std::vector<Value>& values) {
  return static_cast<int64_t>(values.size());
}

}  // namespace muspeaker::core
