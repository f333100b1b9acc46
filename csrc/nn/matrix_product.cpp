#include "nn/matrix_product.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/conv1d.h"
#include "nn/custom_node.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kAlignment = 64;  // of packed matrices
constexpr int64_t kStepRows = 12;   // a kernel's block
constexpr int64_t kLeastSteps = 4;  // fewer are not worth a piece
constexpr int64_t kFloatBytes = sizeof(float);

/// Where the matrices lie that a node packs.
struct PackParams {
  int32_t count;
  int32_t rows;
  int32_t columns;
  int32_t matrix_step;
  int32_t row_step;
  int32_t column_step;
};

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

/// packed: the matrices one after the other, and room to align.
// NOLINTNEXTLINE(misc-const-correctness): ggml_custom_op_t asks for a pointer that is not const
void run_pack(ggml_tensor* packed, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  const auto params = node_params<PackParams>(packed);
  const kernels::ConvShape shape = shape_of(params.rows, params.columns);
  const auto* values = static_cast<const float*>(packed->src[0]->data);
  char* target = aligned_data(packed);
  const int64_t bytes = packed_floats(shape) * kFloatBytes;
  core::parallel_for(params.count, [&](int64_t matrix) {
    auto* plain = static_cast<float*>(kernels::thread_scratch(shape.out * shape.in * kFloatBytes));
    const float* from = values + (matrix * params.matrix_step);
    for (int64_t row = 0; row < shape.out; ++row) {
      for (int64_t column = 0; column < shape.in; ++column) {
        plain[(row * shape.in) + column] =
            from[(row * params.row_step) + (column * params.column_step)];
      }
    }
    kernels::active_kernels().pack_f32(shape, plain, target + (matrix * bytes));
  });
}

// NOLINTNEXTLINE(misc-const-correctness): ggml_custom_op_t asks for a pointer that is not const
void run_product(ggml_tensor* product, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  const ggml_tensor* x = product->src[0];
  const ggml_tensor* packed = product->src[1];
  const kernels::ConvShape shape = shape_of(product->ne[0], x->ne[0]);
  const kernels::ConvKernel& kernel = kernels::active_kernels().conv_f32;
  const int64_t rows = product->ne[1];
  const int64_t steps = (rows + kStepRows - 1) / kStepRows;  // of each matrix
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

ggml_tensor* pack(ggml_context* graph, const Matrices& y) {
  const int64_t floats =
      (y.count * packed_floats(shape_of(y.rows, y.columns))) + (kAlignment / kFloatBytes);
  ggml_tensor* source = y.tensor;
  ggml_tensor* packed =
      ggml_custom_4d(graph, GGML_TYPE_F32, floats, 1, 1, 1, &source, 1, run_pack, 1, nullptr);
  set_node_params(packed, PackParams{
                              static_cast<int32_t>(y.count),
                              static_cast<int32_t>(y.rows),
                              static_cast<int32_t>(y.columns),
                              static_cast<int32_t>(y.matrix_step),
                              static_cast<int32_t>(y.row_step),
                              static_cast<int32_t>(y.column_step),
                          });
  return packed;
}

}  // namespace

ggml_tensor* multiply_transposed(ggml_context* graph, ggml_tensor* x, const Matrices& y) {
  const int64_t last = ((y.count - 1) * y.matrix_step) + ((y.rows - 1) * y.row_step) +
                       ((y.columns - 1) * y.column_step);
  core::require_input(x->type == GGML_TYPE_F32 && ggml_is_contiguous(x) && x->ne[0] == y.columns &&
                          x->ne[2] == y.count && x->ne[3] == 1,
                      "a product expects (" + std::to_string(y.count) + ", rows, " +
                          std::to_string(y.columns) + ") float32, contiguous, got (" +
                          std::to_string(x->ne[2]) + ", " + std::to_string(x->ne[1]) + ", " +
                          std::to_string(x->ne[0]) + ")");
  core::require_input(y.tensor->type == GGML_TYPE_F32 && ggml_is_contiguous(y.tensor) &&
                          last < ggml_nelements(y.tensor),
                      "a product's second matrices must lie within their tensor");
  std::array<ggml_tensor*, 2> sources{x, pack(graph, y)};
  return ggml_custom_4d(graph, GGML_TYPE_F32, y.rows, x->ne[1], y.count, 1, sources.data(), 2,
                        run_product, 1, nullptr);
}

}  // namespace muspeaker::nn
