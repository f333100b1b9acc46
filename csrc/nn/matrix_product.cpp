#include "nn/matrix_product.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/conv1d.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kAlignment = 64;  // bytes that packed matrices are aligned to
constexpr int64_t kStepRows = 12;   // rows in a kernel's block
constexpr int64_t kLeastSteps = 4;  // steps of one piece: fewer are not worth it
constexpr int64_t kFloatBytes = sizeof(float);

/// A product with a matrix of (columns, depth) is a convolution with one tap.
kernels::ConvShape shape_of(int64_t columns, int64_t depth) {
  kernels::ConvShape shape;
  shape.in = depth;
  shape.out = columns;
  return shape;
}

int64_t packed_floats(const kernels::ConvShape& shape) {
  const int64_t bytes = kernels::active_kernels().conv_f32.weight_bytes(shape);
  return (bytes + kAlignment - 1) / kAlignment * kAlignment / kFloatBytes;
}

/// ggml aligns tensors to less than the kernels ask for, so packed ones have room at their end.
char* aligned_data(const ggml_tensor* tensor) {
  const auto address = reinterpret_cast<uintptr_t>(tensor->data);
  const auto rest = static_cast<int64_t>(address % kAlignment);
  return static_cast<char*>(tensor->data) + (rest == 0 ? 0 : kAlignment - rest);
}

/// packed: the matrices of its source one after the other, and room to align.
// NOLINTNEXTLINE(misc-const-correctness): ggml_custom_op_t asks for a pointer that is not const
void run_pack(ggml_tensor* packed, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  const ggml_tensor* y = packed->src[0];  // (count, columns of the product, depth), any strides
  const kernels::ConvShape shape = shape_of(y->ne[1], y->ne[0]);
  const auto* values = static_cast<const float*>(y->data);
  char* target = aligned_data(packed);
  const int64_t bytes = packed_floats(shape) * kFloatBytes;
  const auto step = [y](int axis) { return static_cast<int64_t>(y->nb[axis]) / kFloatBytes; };
  core::parallel_for(y->ne[2], [&](int64_t matrix) {
    kernels::active_kernels().pack_f32(shape, values + (matrix * step(2)),
                                       {/*out=*/step(1), /*in=*/step(0)},
                                       target + (matrix * bytes));
  });
}

// NOLINTNEXTLINE(misc-const-correctness): ggml_custom_op_t asks for a pointer that is not const
void run_product(ggml_tensor* product, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  const ggml_tensor* x = product->src[0];
  const ggml_tensor* packed = product->src[1];
  const kernels::ConvShape shape = shape_of(product->ne[0], x->ne[0]);
  const kernels::ConvKernel& kernel = kernels::active_kernels().conv_f32;
  const int64_t rows = product->ne[1];
  const int64_t steps = (rows + kStepRows - 1) / kStepRows;  // steps of each matrix
  const auto run = [&](int64_t matrix, int64_t begin, int64_t end) {
    kernels::ConvRows call;
    call.x = static_cast<const float*>(x->data) + (matrix * rows * shape.in);
    call.in_frames = rows;
    call.weight = aligned_data(packed) + (matrix * packed_floats(shape) * kFloatBytes);
    call.y = static_cast<float*>(product->data) + (((matrix * rows) + begin) * shape.out);
    call.row_begin = begin;
    call.row_end = end;
    call.scratch = kernels::thread_scratch(kernel.scratch_bytes(shape));
    kernel.run(shape, call);
  };
  core::parallel_ranges(product->ne[2] * steps, kLeastSteps, [&](int64_t first, int64_t last) {
    while (first < last) {
      const int64_t matrix = first / steps;
      const int64_t until = std::min(last, (matrix + 1) * steps);
      run(matrix, (first - (matrix * steps)) * kStepRows,
          std::min(rows, (until - (matrix * steps)) * kStepRows));
      first = until;
    }
  });
}

ggml_tensor* pack(ggml_context* graph, ggml_tensor* y) {
  const int64_t floats =
      (y->ne[2] * packed_floats(shape_of(y->ne[1], y->ne[0]))) + (kAlignment / kFloatBytes);
  return ggml_custom_4d(graph, GGML_TYPE_F32, floats, 1, 1, 1, &y, 1, run_pack, 1, nullptr);
}

std::string shape_text(const ggml_tensor* tensor) {
  return "(" + std::to_string(tensor->ne[2]) + ", " + std::to_string(tensor->ne[1]) + ", " +
         std::to_string(tensor->ne[0]) + ")";
}

}  // namespace

ggml_tensor* multiply_transposed(ggml_context* graph, ggml_tensor* x, ggml_tensor* y) {
  core::require_input(
      x->type == GGML_TYPE_F32 && ggml_is_contiguous(x) && y->type == GGML_TYPE_F32 &&
          x->ne[0] == y->ne[0] && x->ne[2] == y->ne[2] && x->ne[3] == 1 && y->ne[3] == 1,
      "a product expects (count, rows, depth), contiguous, and (count, columns, depth) float32, "
      "got " +
          shape_text(x) + " and " + shape_text(y));
  std::array<ggml_tensor*, 2> sources{x, pack(graph, y)};
  return ggml_custom_4d(graph, GGML_TYPE_F32, y->ne[1], x->ne[1], x->ne[2], 1, sources.data(), 2,
                        run_product, 1, nullptr);
}

}  // namespace muspeaker::nn
