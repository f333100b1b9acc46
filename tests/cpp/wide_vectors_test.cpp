#include "core/wide_vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/elementary.h"

namespace {

using muspeaker::core::choose_vector_width;
using muspeaker::core::VectorWidth;

TEST(VectorWidth, IsThatOfTheForcedInstructionSet) {
  const VectorWidth widest = choose_vector_width(nullptr);
  EXPECT_EQ(choose_vector_width(""), widest);
  EXPECT_EQ(choose_vector_width("avx512vnni"), widest);
  EXPECT_EQ(choose_vector_width("avx2"), std::min(widest, VectorWidth::kAvx2));
  EXPECT_EQ(choose_vector_width("avxvnni"), std::min(widest, VectorWidth::kAvx2));
  EXPECT_EQ(choose_vector_width("sse2"), VectorWidth::kBaseline);
  EXPECT_EQ(choose_vector_width("scalar"), VectorWidth::kBaseline);
}

TEST(VectorWidth, BodiesRunAtEveryWidthWithTheSameResult) {
  const auto values_at = [](VectorWidth width) {
    std::vector<float> values(1000);
    muspeaker::core::with_vectors_of(width, [&]() MUSPEAKER_INTO_CALLER_BODY {
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = muspeaker::core::nearest(0.37F * static_cast<float>(i));
      }
    });
    return values;
  };
  const std::vector<float> baseline = values_at(VectorWidth::kBaseline);
  EXPECT_EQ(baseline[10], 4.0F);
  for (const VectorWidth width : {VectorWidth::kAvx2, VectorWidth::kAvx512}) {
    if (width <= choose_vector_width(nullptr)) {
      EXPECT_EQ(values_at(width), baseline);
    }
  }
}

}  // namespace
