#include "dsp/cepstra.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDeviationFloor = 1e-3;

/// The cosine transform of every frame, (frames, num_cepstra).
std::vector<double> cepstra_of(const std::vector<float>& mel, int64_t num_mels,
                               int64_t num_cepstra) {
  std::vector<double> basis;
  for (int64_t order = 0; order < num_cepstra; ++order) {
    for (int64_t band = 0; band < num_mels; ++band) {
      basis.push_back(std::cos(kPi / static_cast<double>(num_mels) *
                               (static_cast<double>(band) + 0.5) * static_cast<double>(order)));
    }
  }
  const int64_t frames = static_cast<int64_t>(mel.size()) / num_mels;
  std::vector<double> cepstra;
  cepstra.reserve(static_cast<size_t>(frames * num_cepstra));
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t order = 0; order < num_cepstra; ++order) {
      double sum = 0.0;
      for (int64_t band = 0; band < num_mels; ++band) {
        sum += basis[static_cast<size_t>((order * num_mels) + band)] *
               mel[static_cast<size_t>((t * num_mels) + band)];
      }
      cepstra.push_back(sum);
    }
  }
  return cepstra;
}

/// Brings one column of (frames, width) to mean 0 and deviation 1.
void normalize(std::vector<double>& values, size_t width, size_t column) {
  const size_t frames = values.size() / width;
  const auto count = static_cast<double>(frames);
  double mean = 0.0;
  for (size_t at = column; at < values.size(); at += width) {
    mean += values[at] / count;
  }
  double variance = 0.0;
  for (size_t at = column; at < values.size(); at += width) {
    values[at] -= mean;
    variance += values[at] * values[at] / count;
  }
  for (size_t at = column; at < values.size(); at += width) {
    values[at] /= std::sqrt(variance) + kDeviationFloor;
  }
}

}  // namespace

std::vector<float> cepstral_features(const std::vector<float>& mel, int64_t num_mels,
                                     int64_t num_cepstra) {
  core::require_input(!mel.empty(), "cepstra need at least one frame, got none");
  const std::vector<double> cepstra = cepstra_of(mel, num_mels, num_cepstra);
  const int64_t last = (static_cast<int64_t>(mel.size()) / num_mels) - 1;
  const auto width = static_cast<size_t>(2 * num_cepstra);
  std::vector<double> features(static_cast<size_t>(last + 1) * width);
  for (int64_t t = 0; t <= last; ++t) {
    const auto frame = [&](int64_t offset) {
      return cepstra.data() + (std::clamp<int64_t>(t + offset, 0, last) * num_cepstra);
    };
    double* to = features.data() + (static_cast<size_t>(t) * width);
    for (int64_t i = 0; i < num_cepstra; ++i) {
      to[i] = frame(0)[i];
      to[num_cepstra + i] = (2.0 * (frame(2)[i] - frame(-2)[i])) + frame(1)[i] - frame(-1)[i];
    }
  }
  for (size_t column = 0; column < width; ++column) {
    normalize(features, width, column);
  }
  return {features.begin(), features.end()};
}

}  // namespace muspeaker::dsp
