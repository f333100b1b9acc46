#include "engine/stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "engine/synthesizer.h"
#include "model_file.h"

// Every way to the heap that C++ or C code of ours or of ggml's can take, counted. The linker sends
// calls of malloc and its kin in this program here (tests/cpp/CMakeLists.txt).
namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" {
void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
void* __real_realloc(void* memory, size_t bytes);
void* __real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void** memory, size_t alignment, size_t bytes);

void* __wrap_malloc(size_t bytes) {
  ++allocations;
  return __real_malloc(bytes);
}
void* __wrap_calloc(size_t count, size_t bytes) {
  ++allocations;
  return __real_calloc(count, bytes);
}
void* __wrap_realloc(void* memory, size_t bytes) {
  ++allocations;
  return __real_realloc(memory, bytes);
}
void* __wrap_aligned_alloc(size_t alignment, size_t bytes) {
  ++allocations;
  return __real_aligned_alloc(alignment, bytes);
}
int __wrap_posix_memalign(void** memory, size_t alignment, size_t bytes) {
  ++allocations;
  return __real_posix_memalign(memory, alignment, bytes);
}
}
// NOLINTEND(bugprone-reserved-identifier)

void* operator new(size_t bytes) {
  void* memory = malloc(bytes);
  return memory == nullptr ? throw std::bad_alloc() : memory;
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  const auto step = static_cast<size_t>(alignment);
  void* memory = aligned_alloc(step, (bytes + step - 1) / step * step);
  return memory == nullptr ? throw std::bad_alloc() : memory;
}
// Both sides are ours; GCC sees only one of them where it inlines that one alone (-O1).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void operator delete(void* memory) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  free(memory);
}

namespace muspeaker::engine {
namespace {

constexpr int64_t kTokens = 120;
// ggml_graph_compute makes and frees an empty context of its own each time, 56 bytes in two calls.
constexpr int64_t kAllocationsOfGgml = 2;

std::string golden_model() {
  return (std::filesystem::path(__FILE__).parent_path().parent_path() / "golden" / "v1-q8.bin")
      .string();
}

/// The same model, the band levels of whose speech are corrected.
std::string correcting_model() {
  const std::string path = test::temporary_path("correcting.bin");
  ggml_context* tensors = nullptr;
  gguf_context* plain = gguf_init_from_file(golden_model().c_str(), {false, &tensors});
  gguf_context* header = gguf_init_empty();
  gguf_set_kv(header, plain);
  gguf_set_val_f32(header, "muspeaker.vocoder.mel_correction", 1.0F);
  for (int64_t i = 0; i < gguf_get_n_tensors(plain); ++i) {
    gguf_add_tensor(header, ggml_get_tensor(tensors, gguf_get_tensor_name(plain, i)));
  }
  EXPECT_TRUE(gguf_write_to_file(header, path.c_str(), false));
  gguf_free(header);
  gguf_free(plain);
  ggml_free(tensors);
  return path;
}

/// An utterance of a tiny model in a voice that nobody has, long enough for many chunks.
Speaking start(Synthesizer& synthesizer, uint64_t seed) {
  const core::ModelConfig& config = synthesizer.config();
  Voice voice;
  voice.vector.assign(static_cast<size_t>(config.timbre_encoder.embedding), 0.5F);
  voice.style = core::Frames(9, config.style_encoder.hidden);
  voice.style.values.assign(voice.style.values.size(), 0.1F);
  core::Matrix<int32_t> ids(Tokens::kRows, kTokens);
  for (int64_t i = 0; i < kTokens; ++i) {
    ids.row(Tokens::kPhones)[i] = static_cast<int32_t>(i % config.linguistic_encoder.num_phones);
  }
  SynthesisOptions options;
  options.speed = SynthesisOptions::kSpeed.least;
  options.seed = seed;
  return synthesizer.start({ids.data(), kTokens}, voice, options);
}

TEST(Stream, CountsAllocations) {
  const int64_t before = allocations;
  const std::vector<int> memory(1000);
  EXPECT_EQ(allocations - before, memory.empty() ? 0 : 1);
  void* volatile more = malloc(10);  // volatile, or the compiler leaves the pair out
  free(more);
  EXPECT_EQ(allocations - before, 2);
}

class StreamOf : public ::testing::TestWithParam<std::string (*)()> {};

INSTANTIATE_TEST_SUITE_P(Models, StreamOf, ::testing::Values(&golden_model, &correcting_model),
                         [](const auto& which) {
                           return which.param == &golden_model ? "plain" : "correcting";
                         });

TEST_P(StreamOf, AllocatesNothingInTheSteadyState) {
  for (const int threads : {1, 2}) {
    Synthesizer synthesizer(GetParam()(), threads);
    std::vector<Speaking> utterances;
    utterances.push_back(start(synthesizer, 1));
    utterances.push_back(start(synthesizer, 2));
    const int64_t full = synthesizer.chunk_frames() * synthesizer.config().audio.hop_samples;
    ASSERT_GT(utterances[0].num_samples(), 14 * full);
    std::vector<float> chunk;
    int full_rounds = 0;
    int rounds_with_more = 0;
    int64_t said = 0;
    while (said + ((2 * threads + 1) * full) < utterances[0].num_samples()) {
      const int64_t before = allocations;
      int64_t samples = 0;
      for (Speaking& utterance : utterances) {  // interleaved, on one engine
        samples = 0;
        for (int piece = 0; piece < threads; ++piece) {  // as many as are made at once
          utterance.next_chunk(chunk);
          samples += static_cast<int64_t>(chunk.size());
        }
      }
      said += samples;
      full_rounds += samples == threads * full ? 1 : 0;
      if (full_rounds > 1 && allocations - before != 2 * threads * kAllocationsOfGgml) {
        ++rounds_with_more;
      }
    }
    // A helper may be late for its first full chunk of either utterance.
    EXPECT_LE(rounds_with_more, 2 * (threads - 1));
    EXPECT_GE(full_rounds, 6);
  }
}

TEST_P(StreamOf, ThreadsMakeTheSameSamples) {
  std::vector<float> expected;
  for (const int threads : {1, 2, 3}) {
    Synthesizer synthesizer(GetParam()(), threads);
    Speaking utterance = start(synthesizer, 7);
    std::vector<float> samples;
    for (std::vector<float> chunk = utterance.next_chunk(); !chunk.empty();
         chunk = utterance.next_chunk()) {
      samples.insert(samples.end(), chunk.begin(), chunk.end());
    }
    EXPECT_EQ(static_cast<int64_t>(samples.size()), utterance.num_samples());
    EXPECT_TRUE(utterance.next_chunk().empty());
    expected = expected.empty() ? samples : expected;
    EXPECT_EQ(samples, expected) << threads << " threads";

    for (int pulled = 0; pulled < 4; ++pulled) {  // and then the rest at once
      Speaking again = start(synthesizer, 7);
      samples.clear();
      for (int i = 0; i < pulled; ++i) {
        const std::vector<float> chunk = again.next_chunk();
        samples.insert(samples.end(), chunk.begin(), chunk.end());
      }
      const std::vector<float> rest = again.rest();
      samples.insert(samples.end(), rest.begin(), rest.end());
      EXPECT_EQ(samples, expected) << threads << " threads, the rest after " << pulled;
      EXPECT_TRUE(again.rest().empty());
    }
  }
}

}  // namespace
}  // namespace muspeaker::engine
