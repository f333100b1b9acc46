#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "kernels/dispatch.h"
#include "kernels/isa.h"

namespace {

using muspeaker::kernels::choose_isa;
using muspeaker::kernels::Isa;
using muspeaker::kernels::isa_name;
using muspeaker::kernels::kernels_for;
using muspeaker::kernels::supported_isas;

TEST(Isa, TakesTheFastestUnlessForced) {
  EXPECT_EQ(choose_isa(nullptr), supported_isas().back());
  EXPECT_EQ(choose_isa(""), supported_isas().back());
  for (const Isa isa : supported_isas()) {
    EXPECT_EQ(choose_isa(isa_name(isa)), isa);
    EXPECT_EQ(kernels_for(isa).isa, isa);
  }
}

TEST(Isa, RefusesUnknownAndUnsupportedNames) {
  try {
    choose_isa("sse9");
    FAIL() << "expected std::invalid_argument";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("'sse9'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("scalar"), std::string::npos);
  }
#if defined(__x86_64__)
  EXPECT_THROW(choose_isa("neon"), std::invalid_argument);
  EXPECT_THROW(kernels_for(Isa::kNeon), std::invalid_argument);
#else
  EXPECT_THROW(choose_isa("avx2"), std::invalid_argument);
  EXPECT_THROW(kernels_for(Isa::kAvx2), std::invalid_argument);
#endif
}

}  // namespace
