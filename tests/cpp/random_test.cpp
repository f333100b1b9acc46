#include "dsp/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace muspeaker::dsp {
namespace {

constexpr int64_t kCount = 400000;

std::vector<float> values(uint64_t seed, uint64_t stream, uint64_t first_index, int64_t count) {
  std::vector<float> out(static_cast<size_t>(count));
  fill_normal(seed, stream, first_index, out.data(), count);
  return out;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b, size_t lag) {
  double sum = 0.0;
  for (size_t i = lag; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * b[i - lag];
  }
  return sum / static_cast<double>(a.size() - lag);
}

// The known answers that accompany the authors' Random123 library (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  using Counter = std::array<uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(FillNormal, MomentsAreNormal) {
  const std::vector<float> x = values(7, 0, 0, kCount);
  double moments[5] = {};
  for (const float value : x) {
    for (int power = 1; power <= 4; ++power) {
      moments[power] += std::pow(static_cast<double>(value), power) / kCount;
    }
  }
  // Five standard errors of each moment.
  const double error = 5.0 / std::sqrt(static_cast<double>(kCount));
  EXPECT_NEAR(moments[1], 0.0, error);
  EXPECT_NEAR(moments[2], 1.0, error * std::sqrt(2.0));
  EXPECT_NEAR(moments[3], 0.0, error * std::sqrt(15.0));
  EXPECT_NEAR(moments[4], 3.0, error * std::sqrt(96.0));
}

TEST(FillNormal, DistributionIsNormal) {
  std::vector<float> x = values(8, 3, 0, kCount);
  std::sort(x.begin(), x.end());
  double distance = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = 0.5 * std::erfc(-static_cast<double>(x[i]) / std::sqrt(2.0));
    const double seen = (static_cast<double>(i) + 0.5) / kCount;
    distance = std::max(distance, std::abs(expected - seen));
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(static_cast<double>(kCount)));  // p = 0.001
  EXPECT_LT(x.back(), 5.8F);
  EXPECT_GT(x.back(), 4.0F);
}

TEST(FillNormal, NeighboursStreamsAndSeedsAreIndependent) {
  const double error = 5.0 / std::sqrt(static_cast<double>(kCount));
  const std::vector<float> x = values(7, 0, 0, kCount);
  for (const size_t lag : {1, 2, 3, 4, 16, 32, 64}) {
    EXPECT_NEAR(correlation(x, x, lag), 0.0, error) << "lag " << lag;
  }
  EXPECT_NEAR(correlation(x, values(7, 1, 0, kCount), 0), 0.0, error);
  EXPECT_NEAR(correlation(x, values(8, 0, 0, kCount), 0), 0.0, error);
  EXPECT_NEAR(correlation(x, values(7 + (1ULL << 32U), 0, 0, kCount), 0), 0.0, error);
  EXPECT_NEAR(correlation(x, values(7, 1ULL << 32U, 0, kCount), 0), 0.0, error);
}

TEST(FillNormal, ChunksEqualWhole) {
  const std::vector<float> whole = values(3, 5, 1000, 1000);
  for (const int64_t chunk : {1, 7, 63, 64, 65, 999}) {
    std::vector<float> joined;
    while (joined.size() < whole.size()) {
      const auto done = static_cast<int64_t>(joined.size());
      const std::vector<float> part =
          values(3, 5, 1000 + static_cast<uint64_t>(done), std::min<int64_t>(chunk, 1000 - done));
      joined.insert(joined.end(), part.begin(), part.end());
    }
    EXPECT_EQ(joined, whole) << "chunk " << chunk;
  }
  EXPECT_EQ(normal(3, 5, 1234), whole[234]);
}

TEST(FillNormal, FarIndicesDoNotRepeat) {
  const std::vector<float> near_values = values(3, 5, 0, 64);
  for (const uint64_t first : {1ULL << 32U, 1ULL << 34U, 1ULL << 40U}) {
    EXPECT_NE(values(3, 5, first, 64), near_values);
  }
}

TEST(FillNormal, EmptyAndNegativeCounts) {
  fill_normal(1, 2, 3, nullptr, 0);
  EXPECT_THROW(fill_normal(1, 2, 3, nullptr, -1), std::invalid_argument);
}

}  // namespace
}  // namespace muspeaker::dsp
