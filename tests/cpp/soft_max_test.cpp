#include "nn/soft_max.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/graph.h"

namespace {

constexpr int64_t kHeads = 2;
constexpr int64_t kWindow = 3;
constexpr float kScale = 0.3F;

std::vector<float> waves(int64_t count, float step, float most = 8.0F) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(most * std::sin(step * static_cast<float>(i)));
  }
  return values;
}

/// The definition, in double.
std::vector<double> plain(const std::vector<float>& x, const std::vector<float>& relative,
                          int64_t queries, int64_t keys) {
  std::vector<double> y;
  for (int64_t row = 0; row < kHeads * queries; ++row) {
    double sum = 0.0;
    for (int64_t key = 0; key < keys; ++key) {
      const int64_t distance = std::clamp(key - (row % queries), -kWindow, kWindow) + kWindow;
      const double bias =
          relative.empty() ? 0.0
                           : relative[static_cast<size_t>((distance * kHeads) + (row / queries))];
      y.push_back(std::exp((x[static_cast<size_t>((row * keys) + key)] * kScale) + bias));
      sum += y.back();
    }
    std::for_each(y.end() - keys, y.end(), [sum](double& value) { value /= sum; });
  }
  return y;
}

void expect_plain(int64_t queries, int64_t keys, const std::vector<float>& relative,
                  int num_threads, float most = 8.0F, double within = 1e-6) {
  const std::vector<float> x = waves(kHeads * queries * keys, 0.7F, most);
  muspeaker::core::GraphRunner runner(num_threads);
  runner.run([&](muspeaker::core::GraphBuilder& graph) {
    ggml_tensor* input = graph.input("x", GGML_TYPE_F32, {keys, queries, kHeads}, x.data());
    ggml_tensor* table =
        relative.empty()
            ? nullptr
            : graph.input("relative", GGML_TYPE_F32, {kHeads, (2 * kWindow) + 1}, relative.data());
    graph.output("y", muspeaker::nn::soft_max_in_place(graph.context(), input, kScale, table));
  });
  const std::vector<float> y = runner.take("y");
  const std::vector<double> expected = plain(x, relative, queries, keys);
  ASSERT_EQ(y.size(), expected.size());
  for (size_t i = 0; i < y.size(); ++i) {
    ASSERT_NEAR(y[i], expected[i], within)
        << queries << " queries, " << keys << " keys, place " << i;
  }
}

TEST(SoftMax, IsItsDefinition) {
  for (const int64_t keys : {1, 15, 16, 17, 100}) {
    for (const int64_t queries : {1, 5, 40}) {
      for (const int num_threads : {1, 2}) {
        expect_plain(queries, keys, {}, num_threads);
        expect_plain(queries, keys, waves(kHeads * ((2 * kWindow) + 1), 1.3F), num_threads);
      }
    }
  }
}

/// exp of such a score is infinite, and that of its distance from another than the largest, too.
TEST(SoftMax, LargeScoresDoNotOverflow) {
  for (const int64_t keys : {15, 16, 17, 100}) {
    expect_plain(40, keys, {}, 1, 2000.0F, 1e-4);
    expect_plain(40, keys, waves(kHeads * ((2 * kWindow) + 1), 1.3F), 1, 2000.0F, 1e-4);
  }
}

}  // namespace
