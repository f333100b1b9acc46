#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/conv1d.h"
#include "kernels/fine.h"

namespace {

using muspeaker::kernels::Conv1d;
using muspeaker::kernels::ConvCall;
using muspeaker::kernels::ConvShape;
using muspeaker::kernels::fine_kernels_for;
using muspeaker::kernels::Isa;
using muspeaker::kernels::isa_name;
using muspeaker::kernels::kernels_for;
using muspeaker::kernels::KernelTable;
using muspeaker::kernels::supported_isas;

/// One layer with random weights, its int8 form and its float32 twin.
struct Layer {
  ConvShape shape;
  bool transposed = false;
  std::vector<float> weight, bias, scale;
  std::vector<int8_t> quantised;

  explicit Layer(const ConvShape& sizes, bool is_transposed = false, bool loudest = false)
      : shape(sizes), transposed(is_transposed) {
    std::mt19937 generator(7);
    std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
    const auto taps = static_cast<size_t>(shape.kernel * shape.out * shape.in);
    for (size_t i = 0; i < taps; ++i) {
      quantised.push_back(
          static_cast<int8_t>(loudest ? 127 : std::lround(127.0F * uniform(generator))));
    }
    for (int64_t o = 0; o < shape.out; ++o) {
      bias.push_back(uniform(generator));
      scale.push_back(0.001F + 0.01F * std::fabs(uniform(generator)));
    }
    for (size_t i = 0; i < taps; ++i) {
      const size_t channel = i / static_cast<size_t>(shape.in) % static_cast<size_t>(shape.out);
      weight.push_back(static_cast<float>(quantised[i]) * scale[channel]);
    }
  }

  Conv1d int8(const KernelTable& table) const {
    return transposed
               ? Conv1d::transposed(shape, quantised.data(), scale.data(), bias.data(), table)
               : Conv1d(shape, quantised.data(), scale.data(), bias.data(), table);
  }
  Conv1d f32(const KernelTable& table) const {
    return transposed ? Conv1d::transposed(shape, weight.data(), bias.data(), table)
                      : Conv1d(shape, weight.data(), bias.data(), table);
  }
};

std::vector<float> noise(int64_t count) {
  std::mt19937 generator(11);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = normal(generator);
  }
  return values;
}

std::vector<float> run(const Conv1d& conv, const std::vector<float>& x,
                       const std::vector<int64_t>& cuts = {}) {
  const int64_t in_frames = static_cast<int64_t>(x.size()) / conv.shape().in;
  const int64_t frames = conv.out_frames(in_frames);
  const std::vector<float> residual = noise(frames * conv.shape().out);
  std::vector<float> y(residual.size(), 0.5F);
  ConvCall call;
  call.x = x.data();
  call.in_frames = in_frames;
  call.input_slope = 0.1F;
  call.residual = residual.data();
  call.y = y.data();
  call.scale = 0.5F;
  call.accumulate = true;
  int64_t begin = 0;
  for (const int64_t cut : cuts) {
    conv.run(call, begin, cut);
    begin = cut;
  }
  conv.run(call, begin, frames);
  return y;
}

std::string describe(const Layer& layer, Isa isa) {
  return std::string(isa_name(isa)) + " in " + std::to_string(layer.shape.in) + " out " +
         std::to_string(layer.shape.out) + " kernel " + std::to_string(layer.shape.kernel) +
         " stride " + std::to_string(layer.shape.stride) + " dilation " +
         std::to_string(layer.shape.dilation) + (layer.transposed ? " transposed" : "");
}

/// How far the error of a layer's integers lies below its result without the bias.
double decibels_from_float(const Layer& layer, const std::vector<float>& x, const Conv1d& conv) {
  const Conv1d float_conv = layer.f32(muspeaker::kernels::active_kernels());
  const int64_t frames = float_conv.out_frames(300);
  std::vector<float> expected(static_cast<size_t>(frames * layer.shape.out));
  std::vector<float> y(expected.size());
  ConvCall call;
  call.x = x.data();
  call.in_frames = 300;
  call.y = expected.data();
  float_conv.run(call, 0, frames);
  call.y = y.data();
  conv.run(call, 0, frames);
  double error = 0.0;
  double power = 0.0;
  for (size_t i = 0; i < y.size(); ++i) {
    const double target = expected[i] - layer.bias[i % layer.bias.size()];
    error += std::pow(static_cast<double>(y[i]) - expected[i], 2);
    power += target * target;
  }
  return 10.0 * std::log10(power / error);
}

void expect_the_twins_bits(const Layer& layer, int64_t in_frames) {
  const std::vector<float> x = noise(in_frames * layer.shape.in);
  const std::vector<float> expected = run(layer.int8(kernels_for(Isa::kScalar)), x);
  for (const Isa isa : supported_isas()) {
    EXPECT_EQ(run(layer.int8(kernels_for(isa)), x), expected)
        << describe(layer, isa) << " frames " << in_frames;
  }
}

TEST(Conv1dInt8, EveryInstructionSetGivesTheTwinsBits) {
  for (const int64_t in : {1, 3, 4, 15, 16, 17, 64}) {
    for (const int64_t out : {1, 8, 15, 16, 17, 32, 33, 65}) {
      expect_the_twins_bits(Layer({in, out, 3, 1, 1, 1}), 25);
      expect_the_twins_bits(Layer({in, out, 4, 2, 3, 2}), 25);
      expect_the_twins_bits(Layer({in, out, 4, 2, 1, 1}, true), 13);
    }
  }
  for (const int64_t frames : {0, 1, 2, 3, 5, 6, 7, 12, 47, 48, 49, 7000}) {
    expect_the_twins_bits(Layer({16, 24, 3, 1, 5, 5}), frames);
  }
}

TEST(Conv1dInt8, TilesGiveTheTwinsBits) {
  for (const int64_t in : {1, 3, 4, 8, 16, 17, 64}) {
    for (const int64_t out : {1, 4, 8, 9, 16, 33}) {
      for (const int64_t dilation : {1, 2, 5}) {
        expect_the_twins_bits(Layer({in, out, 3, 1, dilation, dilation, 32}), 77);
      }
    }
  }
  for (const int64_t tile : {1, 7, 16, 31, 33, 64, 1000}) {
    for (const int64_t pad : {0, 3, 25, 70}) {
      expect_the_twins_bits(Layer({8, 8, 11, 1, 5, pad, tile}), 90);
    }
  }
  for (const int64_t frames : {0, 1, 2, 31, 32, 33, 255, 256, 257, 1000}) {
    expect_the_twins_bits(Layer({8, 8, 7, 1, 3, 9, 256}), frames);
  }
}

TEST(Conv1dInt8, TheLargestSumsDoNotOverflow) {
  const Layer layer({1024, 5, 1, 1, 1, 0}, false, true);
  const std::vector<float> x(1024 * 7, 3.0F);
  const std::vector<float> expected = run(layer.int8(kernels_for(Isa::kScalar)), x);
  for (const Isa isa : supported_isas()) {
    EXPECT_EQ(run(layer.int8(kernels_for(isa)), x), expected) << isa_name(isa);
  }
  EXPECT_GT(expected[0], 100.0F);
}

TEST(Conv1dFine, EveryInstructionSetGivesTheTwinsBits) {
  const auto expect_the_twins = [](const Layer& layer, int64_t in_frames) {
    const std::vector<float> x = noise(in_frames * layer.shape.in);
    const std::vector<float> expected = run(layer.int8(*fine_kernels_for(Isa::kScalar)), x);
    EXPECT_NE(expected, run(layer.int8(kernels_for(Isa::kScalar)), x));
    for (const Isa isa : supported_isas()) {
      if (const KernelTable* fine = fine_kernels_for(isa); fine != nullptr) {
        EXPECT_EQ(fine->isa, isa);
        EXPECT_EQ(run(layer.int8(*fine), x), expected) << describe(layer, isa);
      }
    }
  };
  for (const int64_t in : {1, 3, 15, 16, 17, 64}) {
    for (const int64_t out : {1, 15, 16, 17, 33, 65}) {
      expect_the_twins(Layer({in, out, 3, 1, 1, 1}), 25);
      expect_the_twins(Layer({in, out, 4, 2, 3, 2}), 25);
    }
  }
  expect_the_twins(Layer({muspeaker::kernels::kMostFineIn, 5, 1, 1, 1, 0}, false, true), 7);
}

TEST(Conv1dFine, WeightsOf16BitsGiveTheTwinsBits) {
  constexpr int16_t kFactor = 200;
  constexpr int64_t kIn = 64;
  for (const int64_t out : {1, 15, 33}) {
    for (const bool loudest : {false, true}) {
      const Layer layer({kIn, out, 3, 1, 1, 1});
      std::vector<int16_t> weight(layer.quantised.size(), muspeaker::kernels::kMostFineSum / kIn);
      for (size_t i = 0; i < weight.size() && !loudest; ++i) {
        weight[i] = static_cast<int16_t>(kFactor * layer.quantised[i] / 4);
      }
      const auto conv = [&](const KernelTable& table) {
        return Conv1d(layer.shape, weight.data(), layer.scale.data(), layer.bias.data(), table);
      };
      const std::vector<float> x = loudest ? std::vector<float>(kIn * 9, 3.0F) : noise(kIn * 25);
      const std::vector<float> expected = run(conv(*fine_kernels_for(Isa::kScalar)), x);
      EXPECT_TRUE(!loudest || expected[0] > 100.0F) << expected[0];
      for (const Isa isa : supported_isas()) {
        EXPECT_THROW(conv(kernels_for(isa)), std::invalid_argument);
        if (const KernelTable* fine = fine_kernels_for(isa); fine != nullptr) {
          EXPECT_EQ(run(conv(*fine), x), expected) << describe(layer, isa);
        }
      }
    }
  }
}

TEST(Conv1dFine, StaysWithin72DecibelsOfFloat) {
  for (const Layer& layer : {Layer({96, 96, 5, 1, 1, 2}), Layer({192, 80, 1, 1, 1, 0})}) {
    const std::vector<float> x = noise(300 * layer.shape.in);
    for (const Isa isa : supported_isas()) {
      if (const KernelTable* fine = fine_kernels_for(isa); fine != nullptr) {
        EXPECT_GT(decibels_from_float(layer, x, layer.int8(*fine)), 72.0) << describe(layer, isa);
      }
    }
  }
}

TEST(Conv1dInt8, StaysWithin40DecibelsOfFloat) {
  for (const Layer& layer :
       {Layer({128, 128, 3, 1, 5, 5}), Layer({32, 32, 11, 1, 1, 5}), Layer({16, 16, 7, 1, 3, 9}),
        Layer({16, 16, 7, 1, 3, 9, 128}), Layer({8, 8, 11, 1, 5, 25, 256}),
        Layer({128, 64, 16, 8, 1, 4}, true)}) {
    const std::vector<float> x = noise(300 * layer.shape.in);
    const KernelTable& table = muspeaker::kernels::active_kernels();
    const double decibels = decibels_from_float(layer, x, layer.int8(table));
    RecordProperty(describe(layer, table.isa), std::to_string(decibels));
    EXPECT_GT(decibels, 40.0) << describe(layer, table.isa);
  }
}

TEST(Conv1dInt8, AnySplitGivesTheSameBits) {
  for (const Layer& layer :
       {Layer({32, 40, 7, 1, 3, 9}), Layer({16, 1, 7, 1, 1, 3}), Layer({16, 6, 7, 1, 3, 9, 64}),
        Layer({8, 40, 11, 1, 2, 10, 48}), Layer({16, 6, 16, 8, 1, 4}, true)}) {
    const std::vector<float> x = noise(200 * layer.shape.in);
    for (const Isa isa : supported_isas()) {
      const Conv1d conv = layer.int8(kernels_for(isa));
      EXPECT_EQ(run(conv, x, {1, 2, 9, 100, 101, 158}), run(conv, x)) << describe(layer, isa);
    }
  }
}

TEST(Conv1dInt8, SilenceAndTinySignalsGiveTheBias) {
  const Layer layer({16, 16, 3, 1, 1, 1});
  for (const float level : {0.0F, -0.0F, 1e-38F}) {
    const std::vector<float> x(16 * 20, level);
    for (const Isa isa : supported_isas()) {
      const Conv1d conv = layer.int8(kernels_for(isa));
      std::vector<float> y(16 * 20);
      ConvCall call;
      call.x = x.data();
      call.in_frames = 20;
      call.y = y.data();
      conv.run(call, 0, 20);
      for (size_t i = 0; i < y.size(); ++i) {
        ASSERT_FLOAT_EQ(y[i], layer.bias[i % 16]) << isa_name(isa);
      }
    }
  }
}

TEST(Conv1dInt8, WhatIsNoNumberIsNoIntegerEither) {
  const Layer layer({8, 8, 3, 1, 1, 1});
  std::vector<float> x = noise(20 * 8);
  x[50] = std::nanf("");
  x[90] = INFINITY;
  for (const Isa isa : supported_isas()) {
    run(layer.int8(kernels_for(isa)), x);  // the sanitizer tells whether it is cast
  }
}

TEST(Conv1dInt8, RefusesInputsThatCouldOverflow) {
  const std::vector<int8_t> weight(65537);
  const float scale = 1.0F;
  EXPECT_THROW(Conv1d({65537, 1, 1, 1, 1, 0}, weight.data(), &scale, nullptr),
               std::invalid_argument);
}

}  // namespace
