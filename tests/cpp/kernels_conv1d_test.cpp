#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/conv1d.h"

namespace {

using muspeaker::kernels::Conv1d;
using muspeaker::kernels::ConvCall;
using muspeaker::kernels::ConvShape;
using muspeaker::kernels::Isa;
using muspeaker::kernels::isa_name;
using muspeaker::kernels::kernels_for;
using muspeaker::kernels::KernelTable;
using muspeaker::kernels::supported_isas;

std::vector<float> noise(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = normal(generator);
  }
  return values;
}

/// Squared error over squared reference; both empty counts as equal.
double normalised_error(const std::vector<float>& y, const std::vector<float>& expected) {
  double error = 0.0;
  double power = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error += std::pow(static_cast<double>(y[i]) - expected[i], 2);
    power += std::pow(static_cast<double>(expected[i]), 2);
  }
  return error == 0.0 ? 0.0 : error / power;
}

struct Options {
  float input_slope = 1.0F;
  bool bias = true;
  bool residual = false;
  float scale = 1.0F;
  bool accumulate = false;
};

/// One layer with random weights and input, built for a given instruction set.
struct Layer {
  ConvShape shape;
  bool transposed = false;
  int64_t in_frames = 0;
  Options options;

  int64_t weights() const { return shape.kernel * shape.out * shape.in; }

  Conv1d build(const KernelTable& table) const {
    const std::vector<float> weight = noise(weights(), 1);
    const std::vector<float> bias = noise(shape.out, 2);
    const float* bias_or_null = options.bias ? bias.data() : nullptr;
    return transposed ? Conv1d::transposed(shape, weight.data(), bias_or_null, table)
                      : Conv1d(shape, weight.data(), bias_or_null, table);
  }

  /// Runs the ranges between neighbouring cuts, one call each.
  std::vector<float> run(const KernelTable& table, const std::vector<int64_t>& cuts) const {
    const Conv1d conv = build(table);
    const std::vector<float> x = noise(in_frames * shape.in, 3);
    const std::vector<float> residual = noise(cuts.back() * shape.out, 4);
    std::vector<float> y = noise(cuts.back() * shape.out, 5);
    ConvCall call;
    call.x = x.data();
    call.in_frames = in_frames;
    call.input_slope = options.input_slope;
    call.residual = options.residual ? residual.data() : nullptr;
    call.y = y.data();
    call.scale = options.scale;
    call.accumulate = options.accumulate;
    for (size_t i = 1; i < cuts.size(); ++i) {
      conv.run(call, cuts[i - 1], cuts[i]);
    }
    return y;
  }

  std::vector<float> run(const KernelTable& table) const {
    return run(table, {0, build(table).out_frames(in_frames)});
  }

  /// The definition in torch.nn, in double precision, without our kernels.
  std::vector<float> expected() const {
    const std::vector<float> weight = noise(weights(), 1);
    const std::vector<float> bias = noise(shape.out, 2);
    const std::vector<float> x = noise(in_frames * shape.in, 3);
    const int64_t frames = build(kernels_for(Isa::kScalar)).out_frames(in_frames);
    const std::vector<float> residual = noise(frames * shape.out, 4);
    const std::vector<float> y = noise(frames * shape.out, 5);
    std::vector<double> sum(static_cast<size_t>(frames * shape.out), 0.0);
    const auto tap = [&](int64_t t, int64_t k, int64_t frame) {
      for (int64_t o = 0; o < shape.out; ++o) {
        for (int64_t i = 0; i < shape.in; ++i) {
          const double value = x[static_cast<size_t>(frame * shape.in + i)];
          sum[static_cast<size_t>(t * shape.out + o)] +=
              (value < 0.0 ? value * options.input_slope : value) *
              weight[static_cast<size_t>((k * shape.out + o) * shape.in + i)];
        }
      }
    };
    for (int64_t k = 0; k < shape.kernel; ++k) {
      for (int64_t t = 0; !transposed && t < frames; ++t) {
        const int64_t frame = t * shape.stride + k * shape.dilation - shape.pad;
        if (frame >= 0 && frame < in_frames) {
          tap(t, k, frame);
        }
      }
      for (int64_t frame = 0; transposed && frame < in_frames; ++frame) {
        const int64_t t = frame * shape.stride + k - shape.pad;
        if (t >= 0 && t < frames) {
          tap(t, k, frame);
        }
      }
    }
    std::vector<float> out(sum.size());
    for (size_t i = 0; i < out.size(); ++i) {
      double value = sum[i];
      value += options.bias ? bias[i % static_cast<size_t>(shape.out)] : 0.0F;
      value += options.residual ? residual[i] : 0.0F;
      value *= options.scale;
      out[i] = static_cast<float>(value + (options.accumulate ? y[i] : 0.0F));
    }
    return out;
  }
};

std::string describe(const Layer& layer, Isa isa) {
  const ConvShape& s = layer.shape;
  return std::string(isa_name(isa)) + " in " + std::to_string(s.in) + " out " +
         std::to_string(s.out) + " kernel " + std::to_string(s.kernel) + " stride " +
         std::to_string(s.stride) + " dilation " + std::to_string(s.dilation) + " pad " +
         std::to_string(s.pad) + " frames " + std::to_string(layer.in_frames) +
         (layer.transposed ? " transposed" : "");
}

void expect_as_defined(const Layer& layer) {
  const std::vector<float> expected = layer.expected();
  for (const Isa isa : supported_isas()) {
    const std::vector<float> y = layer.run(kernels_for(isa));
    ASSERT_EQ(y.size(), expected.size());
    EXPECT_LT(normalised_error(y, expected), 1e-11) << describe(layer, isa);
  }
}

TEST(Conv1d, MatchesTheDefinitionAtEveryWidth) {
  for (const int64_t in : {1, 7, 16, 33}) {
    for (const int64_t out : {1, 2, 8, 15, 16, 17, 31, 32, 33, 65}) {
      expect_as_defined({{in, out, 3, 1, 1, 1}, false, 30, {}});
      expect_as_defined({{in, out, 1, 1, 1, 0}, false, 13, {}});
    }
  }
}

TEST(Conv1d, MatchesTheDefinitionAtEveryLength) {
  for (const int64_t frames : {0, 1, 2, 5, 6, 7, 11, 12, 13, 23, 24, 25, 47, 48, 49, 700}) {
    expect_as_defined({{20, 24, 5, 1, 1, 2}, false, frames, {}});
    expect_as_defined({{8, 8, 7, 1, 1, 3}, false, frames, {}});
    expect_as_defined({{6, 4, 4, 2, 1, 1}, true, frames, {}});
  }
}

TEST(Conv1d, MatchesTheDefinitionForEveryKernel) {
  for (const int64_t kernel : {1, 2, 3, 7, 11}) {
    for (const int64_t stride : {1, 2, 5}) {
      for (const int64_t dilation : {1, 2, 5}) {
        for (const int64_t pad : {int64_t{0}, (kernel - 1) * dilation / 2, int64_t{60}}) {
          expect_as_defined({{10, 18, kernel, stride, dilation, pad}, false, 61, {}});
          expect_as_defined({{3, 1, kernel, stride, dilation, pad}, false, 61, {}});
        }
      }
    }
  }
}

TEST(Conv1d, MatchesTheDefinitionWhenTransposed) {
  for (const int64_t stride : {1, 2, 3, 8}) {
    for (const int64_t kernel : {1, 2, 4, 5, 16}) {
      for (const int64_t pad : {int64_t{0}, (kernel - 1) / 2}) {
        expect_as_defined({{12, 5, kernel, stride, 1, pad}, true, 29, {}});
        expect_as_defined({{12, 16, kernel, stride, 1, pad}, true, 29, {}});
      }
    }
  }
}

TEST(Conv1d, MatchesTheDefinitionWithEveryEpilogue) {
  for (int choice = 0; choice < 32; ++choice) {
    const Options options{(choice & 1) != 0 ? 0.1F : 1.0F, (choice & 2) != 0, (choice & 4) != 0,
                          (choice & 8) != 0 ? 0.25F : 1.0F, (choice & 16) != 0};
    expect_as_defined({{9, 35, 3, 1, 3, 3}, false, 40, options});
    expect_as_defined({{9, 4, 3, 1, 1, 1}, false, 41, options});
    expect_as_defined({{9, 6, 4, 2, 1, 1}, true, 41, options});
  }
}

TEST(Conv1d, AnySplitGivesTheSameBits) {
  const std::vector<Layer> layers{
      {{32, 40, 7, 1, 3, 9}, false, 211, {0.1F, true, true, 0.5F, true}},
      {{16, 1, 7, 1, 1, 3}, false, 211, {0.1F, true, true, 0.5F, true}},
      {{16, 6, 16, 8, 1, 4}, true, 27, {0.1F, true, true, 0.5F, true}}};
  for (const Layer& layer : layers) {
    for (const Isa isa : supported_isas()) {
      const std::vector<float> whole = layer.run(kernels_for(isa));
      const int64_t frames = static_cast<int64_t>(whole.size()) / layer.shape.out;
      EXPECT_EQ(layer.run(kernels_for(isa), {0, 1, 2, 9, 100, 101, 158, frames}), whole)
          << describe(layer, isa);
    }
  }
}

TEST(Conv1d, MayWriteOverItsResidual) {
  const Layer layer{{16, 16, 3, 1, 1, 1}, false, 50, {}};
  for (const Isa isa : supported_isas()) {
    const Conv1d conv = layer.build(kernels_for(isa));
    const std::vector<float> x = noise(50 * 16, 3);
    std::vector<float> apart(50 * 16);
    std::vector<float> in_place = noise(50 * 16, 4);
    const std::vector<float> residual = in_place;
    ConvCall call;
    call.x = x.data();
    call.in_frames = 50;
    call.residual = residual.data();
    call.y = apart.data();
    conv.run(call, 0, 50);
    call.residual = in_place.data();
    call.y = in_place.data();
    conv.run(call, 0, 50);
    EXPECT_EQ(in_place, apart) << isa_name(isa);
  }
}

TEST(Conv1d, CountsFramesAsPyTorchDoes) {
  const std::vector<float> weight(16 * 4 * 4);
  const auto frames = [&](ConvShape shape, int64_t in_frames) {
    return Conv1d(shape, weight.data(), nullptr).out_frames(in_frames);
  };
  EXPECT_EQ(frames({4, 4, 3, 1, 1, 1}, 10), 10);
  EXPECT_EQ(frames({4, 4, 3, 2, 1, 1}, 10), 5);
  EXPECT_EQ(frames({4, 4, 3, 1, 5, 0}, 10), 0);
  EXPECT_EQ(frames({4, 4, 3, 1, 5, 0}, 11), 1);
  const Conv1d up = Conv1d::transposed({4, 4, 16, 8, 1, 4}, weight.data(), nullptr);
  EXPECT_EQ(up.out_frames(10), 80);
  EXPECT_EQ(up.out_frames(0), 0);
}

TEST(Conv1d, RefusesSizesThatMakeNoConvolution) {
  const std::vector<float> weight(64);
  EXPECT_THROW(Conv1d({0, 4, 3, 1, 1, 1}, weight.data(), nullptr), std::invalid_argument);
  EXPECT_THROW(Conv1d({4, 4, 3, 1, 1, -1}, weight.data(), nullptr), std::invalid_argument);
  EXPECT_THROW(Conv1d::transposed({4, 4, 3, 0, 1, 1}, weight.data(), nullptr),
               std::invalid_argument);
  EXPECT_THROW(Conv1d::transposed({4, 4, 3, 2, 2, 1}, weight.data(), nullptr),
               std::invalid_argument);
}

}  // namespace
