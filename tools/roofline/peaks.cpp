// What one core of this machine can do at most, as one line of JSON.
//
// Each loop keeps enough independent chains in registers to hide the latency of its instruction,
// and touches no memory (or nothing but memory). Times are CPU time of this process, so that other
// programs do not count; the best of several runs is given.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

constexpr int kChains = 12;
constexpr int kRuns = 7;
constexpr int64_t kRounds = 8'000'000;

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef int32_t Ints __attribute__((vector_size(kVectorBytes)));

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The most units a second of several runs.
template <typename Work>
double best_rate(double units, Work work) {
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double started = cpu_seconds();
    work();
    best = std::max(best, units / (cpu_seconds() - started));
  }
  return best;
}

// Keeps a value alive without storing it.
template <typename Value>
void use(Value& value) {
#if defined(__x86_64__)
  __asm__ volatile("" : "+v"(value));
#else
  __asm__ volatile("" : "+w"(value));
#endif
}

// Multiply-accumulates a second, float32.
double fma_peak() {
  Floats sums[kChains];
  Floats a;
  Floats b;
  std::memset(sums, 0, sizeof sums);
  for (int i = 0; i < kVectorBytes / 4; ++i) {
    a[i] = 0.999F;
    b[i] = 0.001F;
  }
  return best_rate(static_cast<double>(kRounds) * kChains * (kVectorBytes / 4), [&] {
    for (int64_t round = 0; round < kRounds; ++round) {
      for (Floats& sum : sums) {
#if defined(__FMA__)
        __asm__("vfmadd213ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
#elif defined(__aarch64__)
        __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(sum) : "w"(a), "w"(b));
#else
        sum = (sum * a) + b;
#endif
      }
    }
    for (Floats& sum : sums) {
      use(sum);
    }
  });
}

// Multiply-accumulates a second of int8 by int8 into int32; 0 where there is no such instruction.
double int8_peak() {
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__ARM_FEATURE_DOTPROD)
  Ints sums[kChains];
  Ints a;
  Ints b;
  std::memset(sums, 0, sizeof sums);
  std::memset(&a, 1, sizeof a);
  std::memset(&b, 2, sizeof b);
  return best_rate(static_cast<double>(kRounds) * kChains * kVectorBytes, [&] {
    for (int64_t round = 0; round < kRounds; ++round) {
      for (Ints& sum : sums) {
#if defined(__x86_64__)
        __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
#else
        __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(a), "w"(b));
#endif
      }
    }
    for (Ints& sum : sums) {
      use(sum);
    }
  });
#else
  return 0;
#endif
}

// Bytes a second that one core reads from a working set of this size.
double read_bandwidth(size_t bytes, int passes) {
  std::vector<Floats> data(bytes / sizeof(Floats));
  std::memset(data.data(), 1, bytes);
  return best_rate(static_cast<double>(bytes) * passes, [&] {
    Floats sums[8];
    std::memset(sums, 0, sizeof sums);
    for (int pass = 0; pass < passes; ++pass) {
      for (size_t i = 0; i + 8 <= data.size(); i += 8) {
        for (size_t j = 0; j < 8; ++j) {
          sums[j] += data[i + j];
        }
      }
      for (Floats& sum : sums) {
        use(sum);
      }
    }
  });
}

// Bytes a second of a copy, read and written bytes together.
double copy_bandwidth(size_t bytes) {
  std::vector<char> from(bytes, 1);
  std::vector<char> into(bytes, 2);
  return best_rate(2.0 * static_cast<double>(bytes), [&] {
    std::memcpy(into.data(), from.data(), bytes);
    __asm__ volatile("" : : "r"(into.data()) : "memory");
  });
}

}  // namespace

int main() {
  std::printf(
      "{\"vector_bits\": %d, \"f32_products\": %.4g, \"int8_products\": %.4g, "
      "\"l1_read_bytes\": %.4g, \"l2_read_bytes\": %.4g, \"memory_read_bytes\": %.4g, "
      "\"memory_copy_bytes\": %.4g}\n",
      8 * kVectorBytes, fma_peak(), int8_peak(), read_bandwidth(24 << 10, 20000),
      read_bandwidth(640 << 10, 800), read_bandwidth(1ULL << 30, 1), copy_bandwidth(512ULL << 20));
  return 0;
}
