#include "dsp/window.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/elementary.h"
#include "core/error.h"

namespace muspeaker::dsp {
namespace {

double raised_cosine(int64_t index, int64_t period) {
  return 0.5 -
         (0.5 * std::cos(core::kTwoPi * static_cast<double>(index) / static_cast<double>(period)));
}

}  // namespace

std::vector<float> hann_window(int64_t num_samples) {
  core::require_input(num_samples > 0,
                      "a Hann window needs at least 1 sample, got " + std::to_string(num_samples));
  std::vector<float> window(static_cast<size_t>(num_samples));
  for (int64_t i = 0; i < num_samples; ++i) {
    window[static_cast<size_t>(i)] = static_cast<float>(raised_cosine(i, num_samples));
  }
  return window;
}

std::vector<float> hann_interior(int64_t num_samples) {
  core::require_input(num_samples > 0,
                      "a Hann window needs at least 1 sample, got " + std::to_string(num_samples));
  std::vector<float> window(static_cast<size_t>(num_samples));
  for (int64_t i = 0; i < num_samples; ++i) {
    window[static_cast<size_t>(i)] = static_cast<float>(raised_cosine(i + 1, num_samples + 1));
  }
  return window;
}

std::vector<float> povey_window(int64_t num_samples) {
  core::require_input(num_samples > 1, "a Povey window needs at least 2 samples, got " +
                                           std::to_string(num_samples));
  std::vector<float> window(static_cast<size_t>(num_samples));
  for (int64_t i = 0; i < num_samples; ++i) {
    const double hann = std::max(raised_cosine(i, num_samples - 1), 0.0);
    window[static_cast<size_t>(i)] = static_cast<float>(std::pow(hann, 0.85));
  }
  return window;
}

}  // namespace muspeaker::dsp
