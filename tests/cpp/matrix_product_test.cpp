#include "nn/matrix_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/graph.h"

namespace muspeaker::nn {
namespace {

std::vector<float> numbers(int64_t count, int64_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    values[static_cast<size_t>(i)] = std::sin(static_cast<float>((i * 7) + (seed * 13)));
  }
  return values;
}

/// (count, rows, columns) products of x, (count, rows, depth), with the transposes of what `at`
/// reads.
template <typename At>
std::vector<float> expected(int64_t count, int64_t rows, int64_t columns, int64_t depth,
                            const std::vector<float>& x, const At& at) {
  std::vector<float> products;
  for (int64_t m = 0; m < count; ++m) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        double sum = 0.0;
        for (int64_t d = 0; d < depth; ++d) {
          sum += static_cast<double>(x[static_cast<size_t>((((m * rows) + r) * depth) + d)]) *
                 static_cast<double>(at(m, c, d));
        }
        products.push_back(static_cast<float>(sum));
      }
    }
  }
  return products;
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], wanted[i], 1e-4) << "at " << i;
  }
}

/// Heads side by side in each frame, as attention has them: keys as they lie, values across.
TEST(MatrixProduct, MultipliesHeadByHead) {
  for (const int64_t heads : {1, 2, 3}) {
    for (const int64_t frames : {1, 5, 37, 130}) {
      for (const int64_t rows : {1, 13, 61}) {
        constexpr int64_t kWidth = 10;
        const int64_t hidden = heads * kWidth;
        const std::vector<float> y = numbers(frames * hidden, 1);
        const std::vector<float> q = numbers(heads * rows * kWidth, 2);
        const std::vector<float> scores = numbers(heads * rows * frames, 3);
        std::vector<float> keys;
        std::vector<float> values;
        for (const int threads : {1, 3}) {
          core::GraphRunner runner(threads);
          runner.run([&](core::GraphBuilder& graph) {
            ggml_tensor* in = graph.input("y", GGML_TYPE_F32, {hidden, frames}, y.data());
            ggml_tensor* split =  // (heads, frames, width), a view
                ggml_permute(graph.context(),
                             ggml_reshape_3d(graph.context(), in, kWidth, heads, frames), 0, 2, 1,
                             3);
            ggml_tensor* query = graph.input("q", GGML_TYPE_F32, {kWidth, rows, heads}, q.data());
            ggml_tensor* weights =
                graph.input("scores", GGML_TYPE_F32, {frames, rows, heads}, scores.data());
            graph.output("keys", multiply_transposed(graph.context(), query, split));
            graph.output("values", multiply_transposed(graph.context(), weights,
                                                       ggml_transpose(graph.context(), split)));
          });
          const std::vector<float> one = runner.take("keys");
          const std::vector<float> two = runner.take("values");
          keys = keys.empty() ? one : keys;
          values = values.empty() ? two : values;
          EXPECT_EQ(one, keys) << threads << " threads";
          EXPECT_EQ(two, values) << threads << " threads";
        }
        expect_near(keys,
                    expected(heads, rows, frames, kWidth, q, [&](int64_t m, int64_t c, int64_t d) {
                      return y[static_cast<size_t>((c * hidden) + (m * kWidth) + d)];
                    }));
        expect_near(
            values,
            expected(heads, rows, kWidth, frames, scores, [&](int64_t m, int64_t c, int64_t d) {
              return y[static_cast<size_t>((d * hidden) + (m * kWidth) + c)];
            }));
      }
    }
  }
}

TEST(MatrixProduct, RefusesWhatDoesNotFit) {
  core::GraphRunner runner(1);
  const std::vector<float> values = numbers(60, 1);
  const auto product = [&](int64_t depth, int64_t count, bool contiguous = true) {
    runner.run([&](core::GraphBuilder& graph) {
      ggml_tensor* x = graph.input("x", GGML_TYPE_F32, {depth, 2, 2}, values.data());
      ggml_tensor* y = graph.input("y", GGML_TYPE_F32, {3, 10, count}, values.data());
      x = contiguous ? x : ggml_permute(graph.context(), x, 0, 2, 1, 3);
      graph.output("product", multiply_transposed(graph.context(), x, y));
    });
  };
  EXPECT_NO_THROW(product(3, 2));
  EXPECT_THROW(product(4, 2), std::invalid_argument);
  EXPECT_THROW(product(3, 1), std::invalid_argument);
  EXPECT_THROW(product(3, 2, false), std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::nn
