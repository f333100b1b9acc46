#include "dsp/cepstra.h"

#include <algorithm>
#include <cmath>

#include "core/elementary.h"
#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kDeviationFloor = 1e-3;

/// The cosine transform of every frame, (frames, num_cepstra).
core::Matrix<double> cepstra_of(const core::Frames& mel, int64_t num_cepstra) {
  const int64_t num_mels = mel.width;
  core::Matrix<double> basis(num_cepstra, num_mels);
  for (int64_t order = 0; order < num_cepstra; ++order) {
    for (int64_t band = 0; band < num_mels; ++band) {
      basis.row(order)[band] =
          std::cos(core::kPi / static_cast<double>(num_mels) * (static_cast<double>(band) + 0.5) *
                   static_cast<double>(order));
    }
  }
  core::Matrix<double> cepstra(mel.rows(), num_cepstra);
  for (int64_t t = 0; t < mel.rows(); ++t) {
    for (int64_t order = 0; order < num_cepstra; ++order) {
      double sum = 0.0;
      for (int64_t band = 0; band < num_mels; ++band) {
        sum += basis.row(order)[band] * mel.row(t)[band];
      }
      cepstra.row(t)[order] = sum;
    }
  }
  return cepstra;
}

/// Brings one column to mean 0 and deviation 1.
void normalize(core::Matrix<double>& rows, int64_t column) {
  const auto count = static_cast<double>(rows.rows());
  double mean = 0.0;
  for (int64_t t = 0; t < rows.rows(); ++t) {
    mean += rows.row(t)[column] / count;
  }
  double variance = 0.0;
  for (int64_t t = 0; t < rows.rows(); ++t) {
    double& value = rows.row(t)[column];
    value -= mean;
    variance += value * value / count;
  }
  for (int64_t t = 0; t < rows.rows(); ++t) {
    rows.row(t)[column] /= std::sqrt(variance) + kDeviationFloor;
  }
}

}  // namespace

core::Frames cepstral_features(const core::Frames& mel, int64_t num_cepstra) {
  core::require_input(!mel.empty(), "cepstra need at least one frame, got none");
  const core::Matrix<double> cepstra = cepstra_of(mel, num_cepstra);
  const int64_t last = mel.rows() - 1;
  core::Matrix<double> features(mel.rows(), 2 * num_cepstra);
  for (int64_t t = 0; t <= last; ++t) {
    const auto frame = [&](int64_t offset) {
      return cepstra.row(std::clamp<int64_t>(t + offset, 0, last));
    };
    double* to = features.row(t);
    for (int64_t i = 0; i < num_cepstra; ++i) {
      to[i] = frame(0)[i];
      to[num_cepstra + i] = (2.0 * (frame(2)[i] - frame(-2)[i])) + frame(1)[i] - frame(-1)[i];
    }
  }
  for (int64_t column = 0; column < features.width; ++column) {
    normalize(features, column);
  }
  return {{features.values.begin(), features.values.end()}, features.width};
}

}  // namespace muspeaker::dsp
