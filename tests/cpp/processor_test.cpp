#include "core/processor.h"

#include <gtest/gtest.h>

#include "core/wide_vectors.h"

namespace {

using muspeaker::core::choose_vector_width;
using muspeaker::core::VectorWidth;

// `.ci/x86` has processors without.
TEST(Processor, WithWideVectorsHasWhatCameBeforeThem) {
#if defined(__x86_64__)
  if (choose_vector_width(nullptr) == VectorWidth::kBaseline) {
    GTEST_SKIP() << "no vectors beyond the baseline here";
  }
#endif
  EXPECT_TRUE(muspeaker::core::has_x86_64_v2());
}

}  // namespace
