#include "nn/tanh.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace muspeaker::nn {
namespace {

TEST(Tanh, IsTheLibrarys) {
  std::vector<float> x;
  for (int i = -40000; i <= 40000; ++i) {
    x.push_back(static_cast<float>(i) * 3e-4F);
  }
  for (const float rare : {0.0F, 1e-30F, -1e-6F, 88.0F, -1e30F}) {
    x.push_back(rare);
  }
  std::vector<float> y = x;
  tanh_in_place(y.data(), static_cast<int64_t>(y.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(y[i], std::tanh(static_cast<double>(x[i])), 2e-7) << x[i];
    EXPECT_LE(std::abs(y[i]), 1.0F);
  }
}

TEST(Tanh, OfOneValueIsThatOfMany) {
  std::vector<float> many;
  for (int i = 0; i < 37; ++i) {
    many.push_back(std::sin(static_cast<float>(i)) * 3.0F);
  }
  std::vector<float> singly = many;
  tanh_in_place(many.data(), static_cast<int64_t>(many.size()));
  for (float& value : singly) {
    tanh_in_place(&value, 1);
  }
  EXPECT_EQ(singly, many);
}

}  // namespace
}  // namespace muspeaker::nn
