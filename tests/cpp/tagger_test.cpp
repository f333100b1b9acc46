#include "text/tagger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/crc32.h"

namespace muspeaker::text {
namespace {

constexpr int64_t kOther = 1;  // the key of a feature that was not kept

int32_t bucket_of(const std::string& feature) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(feature.data());
  return static_cast<int32_t>(core::crc32(bytes, feature.size()) % Buckets::kCount);
}

/// Tags of three words by features with a weight for the second tag each.
std::vector<int32_t> tags(const std::vector<std::pair<int32_t, int8_t>>& kept,
                          const std::vector<int64_t>& own) {
  auto sorted = kept;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int32_t> buckets;
  std::vector<int8_t> weights;
  for (const auto& [bucket, weight] : sorted) {
    buckets.push_back(bucket);
    weights.insert(weights.end(), {0, weight});
  }
  const Buckets table{buckets.data(), static_cast<int64_t>(buckets.size())};
  const Tagger tagger({table, weights.data(), /*num_outputs=*/2}, {"NN", "VB"}, "START");
  std::vector<int64_t> features(3 * Tagger::kNumFeatures, kOther);
  std::copy(own.begin(), own.end(), features.begin());
  return tagger.tag(features.data(), {"they", "run", "now"});
}

TEST(Tagger, TheFirstTagWinsWhereNothingSpeaksForOne) {
  EXPECT_EQ(tags({}, {}), (std::vector<int32_t>{0, 0, 0}));
}

TEST(Tagger, FeaturesOfTheWordAreSummed) {
  EXPECT_EQ(tags({{7, 2}, {8, -1}}, {7, 8}), (std::vector<int32_t>{1, 0, 0}));
  EXPECT_EQ(tags({{7, 1}, {8, -1}}, {7, 8}), (std::vector<int32_t>{0, 0, 0}));
}

TEST(Tagger, TagsBeforeAreFeaturesToo) {
  EXPECT_EQ(tags({{bucket_of("1START"), 1}}, {}), (std::vector<int32_t>{1, 0, 0}));
  EXPECT_EQ(tags({{bucket_of("2START NN"), 1}}, {}), (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(tags({{bucket_of("2NN NN"), 1}}, {}), (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(tags({{bucket_of("3NN run"), 1}}, {}), (std::vector<int32_t>{0, 1, 0}));
}

}  // namespace
}  // namespace muspeaker::text
