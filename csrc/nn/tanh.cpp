#include "nn/tanh.h"

#include <algorithm>
#include <cstring>

#include "core/thread_pool.h"

namespace muspeaker::nn {
namespace {

constexpr int64_t kLeastValues = 4096;  // of one thread
constexpr float kSaturation = 9.0F;     // beyond it the result rounds to 1
constexpr float kTwoOverLn2 = 2.885390082F;
constexpr float kRounding = 12582912.0F;  // 1.5 * 2^23: adding it leaves the nearest integer
constexpr unsigned kMantissaBits = 23;
constexpr int kExponentBias = 127;

/// (e^2x - 1) / (e^2x + 1) with e^2x = 2^whole * 2^part: no branch and no table, so that a compiler
/// works on several values at a time.
inline float tanh_of(float x) {
  const float power = std::clamp(x, -kSaturation, kSaturation) * kTwoOverLn2;
  const float whole = (power + kRounding) - kRounding;
  const float part = power - whole;  // -0.5 to 0.5
  // The Taylor series of 2^part; the next term is below 2e-8.
  float series = 1.5252734e-5F;
  series = (series * part) + 1.5403530e-4F;
  series = (series * part) + 1.3333558e-3F;
  series = (series * part) + 9.6181291e-3F;
  series = (series * part) + 5.5504109e-2F;
  series = (series * part) + 2.4022651e-1F;
  series = (series * part) + 6.9314718e-1F;
  series = (series * part) + 1.0F;
  const uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(whole) + kExponentBias)
                        << kMantissaBits;
  float scale = 0.0F;
  std::memcpy(&scale, &bits, sizeof(scale));
  const float exponential = series * scale;
  return (exponential - 1.0F) / (exponential + 1.0F);
}

// NOLINTNEXTLINE(misc-const-correctness): the signature is ggml's
void run_node(ggml_tensor* y, int /*ith*/, int /*nth*/, void* /*userdata*/) {
  auto* values = static_cast<float*>(y->data);
  core::parallel_ranges(ggml_nelements(y), kLeastValues, [&](int64_t begin, int64_t end) {
    tanh_in_place(values + begin, end - begin);
  });
}

}  // namespace

void tanh_in_place(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    values[i] = tanh_of(values[i]);
  }
}

ggml_tensor* tanh_in_place(ggml_context* graph, ggml_tensor* x) {
  return ggml_custom_inplace(graph, x, nullptr, 0, run_node, GGML_N_TASKS_MAX, nullptr);
}

}  // namespace muspeaker::nn
