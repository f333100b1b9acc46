#include "core/graph.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/weights.h"
#include "model_file.h"

namespace muspeaker::core {
namespace {

TEST(Graph, RunsAndReuses) {
  GraphRunner runner(2);
  for (int64_t frames = 1; frames < 40; frames += 7) {
    std::vector<float> x(static_cast<size_t>(3 * frames), 2.0F);
    runner.run([&](GraphBuilder& graph) {
      ggml_tensor* input = graph.input("x", GGML_TYPE_F32, {3, frames}, x.data());
      x.assign(x.size(), -1.0F);  // the data was copied
      ggml_tensor* y = ggml_scale(graph.context(), input, 1.5F);
      graph.output("y", y);
      graph.output("t", ggml_transpose(graph.context(), y));
      graph.output("x", input);
    });
    EXPECT_EQ(runner.output_names(), (std::vector<std::string>{"t", "x", "y"}));
    EXPECT_EQ(runner.shape("t"),
              frames == 1 ? (std::vector<int64_t>{1, 3}) : (std::vector<int64_t>{frames, 3}));
    EXPECT_EQ(runner.take("y"), std::vector<float>(static_cast<size_t>(3 * frames), 3.0F));
    EXPECT_EQ(runner.take("x"), std::vector<float>(static_cast<size_t>(3 * frames), 2.0F));
    EXPECT_THROW(runner.take("y"), std::out_of_range);
    EXPECT_THROW(runner.take("z"), std::out_of_range);
  }
}

/// ggml counts the graphs of a pool in 16 bits.
TEST(Graph, RunsOnAndOn) {
  GraphRunner runner(2);
  const std::vector<float> x(4, 2.0F);
  for (int i = 0; i < 66000; ++i) {
    runner.run([&](GraphBuilder& graph) {
      ggml_tensor* input = graph.input("x", GGML_TYPE_F32, {4}, x.data());
      graph.output("y", ggml_scale(graph.context(), input, static_cast<float>(i)));
    });
    ASSERT_EQ(runner.take("y"), std::vector<float>(4, 2.0F * static_cast<float>(i)));
  }
}

TEST(Graph, KeepsAnIntermediateOutput) {
  GraphRunner runner(1);
  const std::vector<float> x(1000, 1.0F);
  runner.run([&](GraphBuilder& graph) {
    ggml_tensor* y = graph.input("x", GGML_TYPE_F32, {1000}, x.data());
    for (int i = 0; i < 10; ++i) {
      y = ggml_scale(graph.context(), y, 2.0F);
      graph.output("y" + std::to_string(i), ggml_reshape_2d(graph.context(), y, 10, 100));
    }
  });
  float expected = 1.0F;
  for (int i = 0; i < 10; ++i) {
    expected *= 2.0F;
    EXPECT_EQ(runner.take("y" + std::to_string(i)), std::vector<float>(1000, expected));
  }
}

TEST(Graph, MultipliesByWeights) {
  test::ModelFileWriter writer;
  writer.tensor("w", GGML_TYPE_F16, {4, 2}, [](int64_t i) { return static_cast<float>(i); });
  writer.tensor("b", GGML_TYPE_F32, {2}, [](int64_t i) { return static_cast<float>(10 * i); });
  WeightFile file(writer.write());
  const std::vector<float> x = {1, 1, 1, 1, 2, 0, 0, 0};
  GraphRunner runner(2);
  runner.run([&](GraphBuilder& graph) {
    ggml_context* context = graph.context();
    ggml_tensor* input = graph.input("x", GGML_TYPE_F32, {4, 2}, x.data());
    ggml_tensor* y = ggml_mul_mat(context, file.root().tensor("w", {4, 2}), input);
    graph.output("y", ggml_add(context, y, file.root().tensor("b", {2})));
  });
  EXPECT_EQ(runner.take("y"), (std::vector<float>{6, 32, 0, 18}));
}

TEST(Graph, PassesExceptionsOnAndStaysUsable) {
  GraphRunner runner(1);
  EXPECT_THROW(runner.run([](GraphBuilder&) { throw std::domain_error("no"); }), std::domain_error);
  const float x = 1;
  const auto refused = [&](std::initializer_list<int64_t> ne, const void* data) {
    return test::message_of<std::invalid_argument>([&] {
      runner.run([&](GraphBuilder& graph) { graph.input("x", GGML_TYPE_F32, ne, data); });
    });
  };
  EXPECT_EQ(refused({2, 0}, &x), "graph input x has an axis of 0");
  EXPECT_EQ(refused({1}, nullptr), "graph input x has no data");
  EXPECT_EQ(refused({1, 1, 1, 1, 1}, &x), "graph input x needs one to four axes, got 5");
  runner.run(
      [&](GraphBuilder& graph) { graph.output("y", graph.input("x", GGML_TYPE_F32, {1}, &x)); });
  EXPECT_EQ(runner.take("y"), std::vector<float>{1.0F});
}

TEST(Graph, RunsAgainOnWhatItIsLent) {
  GraphRunner runner(1);
  int described = 0;
  const auto last_rows_doubled = [&](ggml_context* context,
                                     const std::vector<ggml_tensor*>& inputs) {
    ++described;
    ggml_tensor* x = inputs[0];
    ggml_tensor* rows = ggml_view_2d(context, x, x->ne[0], 2, x->nb[1], x->nb[1]);
    return ggml_scale(context, rows, 2.0F);
  };
  for (const float value : {1.0F, 5.0F, -3.0F}) {
    const std::vector<float> x{0.0F, 0.0F, value, value, value, value};
    std::vector<float> out(4);
    runner.run_again({7}, {{"x", {x.data(), 3, 2}}}, last_rows_doubled, out.data());
    EXPECT_EQ(out, std::vector<float>(4, 2.0F * value));
    EXPECT_EQ(x.back(), value);  // it was only read
  }
  EXPECT_EQ(described, 1);
}

TEST(Graph, LendsWhatNeedsNoCopy) {
  GraphRunner runner(1);
  const std::vector<float> x{1.0F, 2.0F, 3.0F};
  runner.run([&](GraphBuilder& graph) {
    ggml_tensor* lent = graph.lend("x", {x.data(), 1, 3});
    EXPECT_EQ(lent->data, x.data());
    EXPECT_THROW(graph.lend("none", {nullptr, 1, 3}), std::invalid_argument);
    graph.output("y", ggml_scale(graph.context(), lent, 2.0F));
    graph.output("x", lent);
  });
  EXPECT_EQ(runner.take("y"), (std::vector<float>{2.0F, 4.0F, 6.0F}));
  EXPECT_EQ(runner.take("x"), x);
}

TEST(Graph, SharesOtherWorkAmongItsThreads) {
  GraphRunner runner(3);
  EXPECT_EQ(parallel_threads(), 1);
  std::vector<int> done(50, 0);
  runner.share([&] {
    EXPECT_EQ(parallel_threads(), 3);
    parallel_for(50, [&](int64_t piece) { ++done[static_cast<size_t>(piece)]; });
  });
  EXPECT_EQ(parallel_threads(), 1);
  EXPECT_EQ(done, std::vector<int>(50, 1));
  const auto fail = [&] {
    runner.share([] { parallel_for(9, [](int64_t) { throw std::domain_error("a piece"); }); });
  };
  EXPECT_THROW(fail(), std::domain_error);
  EXPECT_NO_THROW(runner.share([] { parallel_for(9, [](int64_t) {}); }));
}

TEST(Graph, RefusesThreadCounts) {
  EXPECT_THROW(GraphRunner(0), std::invalid_argument);
  EXPECT_THROW(GraphRunner(-3), std::invalid_argument);
  EXPECT_THROW(GraphRunner(GraphRunner::kMaxThreads + 1), std::invalid_argument);
}

TEST(Log, IsSilentUntilAskedFor) {
  std::vector<std::string> messages;
  set_log_callback([&](const std::string& message) { messages.push_back(message); });
  const char foreign[] = "nothing of the kind";
  EXPECT_EQ(gguf_init_from_buffer(foreign, sizeof(foreign), {true, nullptr}), nullptr);
  set_log_callback(nullptr);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_NE(messages[0].find("invalid magic"), std::string::npos);
  EXPECT_NE(messages[0].back(), '\n');
  EXPECT_EQ(gguf_init_from_buffer(foreign, sizeof(foreign), {true, nullptr}), nullptr);
  EXPECT_EQ(messages.size(), 1U);
}

}  // namespace
}  // namespace muspeaker::core
