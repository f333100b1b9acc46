#include "dsp/spectral_map.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/elementary.h"
#include "core/error.h"
#include "dsp/mel_moments.h"

namespace muspeaker::dsp {
namespace {

constexpr double kRidge = 0.09;
constexpr double kRidgeFrames = 1000.0;  // twelve seconds
constexpr double kHalfTrustedFrames = 22.0;
constexpr double kMostStretched = 2.0;
constexpr double kEpsilon = 1e-6;

using Matrix = core::Matrix<double>;

/// (cepstra, mels), the orthonormal cosine transform (DCT-II).
Matrix cosines(int64_t num_mels, int64_t num_cepstra) {
  Matrix basis(num_cepstra, num_mels);
  const auto bands = static_cast<double>(num_mels);
  for (int64_t order = 0; order < num_cepstra; ++order) {
    const double scale = std::sqrt((order == 0 ? 1.0 : 2.0) / bands);
    for (int64_t band = 0; band < num_mels; ++band) {
      basis.row(order)[band] =
          scale * std::cos(core::kPi / bands * (static_cast<double>(band) + 0.5) *
                           static_cast<double>(order));
    }
  }
  return basis;
}

/// The given frames of mel; (frames, mels).
Matrix gather(const core::Frames& mel, const std::vector<int64_t>& frames) {
  Matrix rows(core::count_of(frames), mel.width);
  double* to = rows.data();
  for (const int64_t frame : frames) {
    to = std::copy_n(mel.row(frame), mel.width, to);
  }
  return rows;
}

/// Takes the mean over time out of every band. Returns the means, (1, mels).
Matrix centre(Matrix& rows) {
  Matrix mean(1, rows.width);
  const auto count = static_cast<double>(rows.rows());
  for (int64_t t = 0; t < rows.rows(); ++t) {
    for (int64_t band = 0; band < rows.width; ++band) {
      mean.row(0)[band] += rows.row(t)[band] / count;
    }
  }
  for (int64_t t = 0; t < rows.rows(); ++t) {
    for (int64_t band = 0; band < rows.width; ++band) {
      rows.row(t)[band] -= mean.row(0)[band];
    }
  }
  return mean;
}

/// Deviation over time of one band of centred rows.
double deviation(const Matrix& rows, int64_t band) {
  double square = 0.0;
  for (int64_t t = 0; t < rows.rows(); ++t) {
    square += rows.row(t)[band] * rows.row(t)[band];
  }
  return std::sqrt((square / static_cast<double>(rows.rows())) + kEpsilon);
}

/// left (rows, a) times the transpose of right (others, a): (rows, others).
Matrix times_transposed(const Matrix& left, const Matrix& right) {
  Matrix product(left.rows(), right.rows());
  for (int64_t i = 0; i < left.rows(); ++i) {
    for (int64_t j = 0; j < right.rows(); ++j) {
      double sum = 0.0;
      for (int64_t k = 0; k < left.width; ++k) {
        sum += left.row(i)[k] * right.row(j)[k];
      }
      product.row(i)[j] = sum;
    }
  }
  return product;
}

/// The transpose of left (a, rows) times right (a, others): (rows, others).
Matrix transposed_times(const Matrix& left, const Matrix& right) {
  Matrix product(left.width, right.width);
  for (int64_t k = 0; k < left.rows(); ++k) {
    for (int64_t i = 0; i < left.width; ++i) {
      for (int64_t j = 0; j < right.width; ++j) {
        product.row(i)[j] += left.row(k)[i] * right.row(k)[j];
      }
    }
  }
  return product;
}

/// Solves matrix (n, n), symmetric and positive, times x = right (n, columns), in place of right,
/// by Cholesky's decomposition.
void solve(Matrix& matrix, Matrix& right) {
  const int64_t size = matrix.width;
  for (int64_t j = 0; j < size; ++j) {
    for (int64_t k = 0; k < j; ++k) {
      for (int64_t i = j; i < size; ++i) {
        matrix.row(i)[j] -= matrix.row(i)[k] * matrix.row(j)[k];
      }
    }
    const double root = std::sqrt(matrix.row(j)[j]);
    for (int64_t i = j; i < size; ++i) {
      matrix.row(i)[j] /= root;
    }
  }
  for (int64_t column = 0; column < right.width; ++column) {
    for (int64_t i = 0; i < size; ++i) {
      double value = right.row(i)[column];
      for (int64_t k = 0; k < i; ++k) {
        value -= matrix.row(i)[k] * right.row(k)[column];
      }
      right.row(i)[column] = value / matrix.row(i)[i];
    }
    for (int64_t i = size - 1; i >= 0; --i) {
      double value = right.row(i)[column];
      for (int64_t k = i + 1; k < size; ++k) {
        value -= matrix.row(k)[i] * right.row(k)[column];
      }
      right.row(i)[column] = value / matrix.row(i)[i];
    }
  }
}

}  // namespace

std::vector<float> fit_spectral_map(const core::Frames& prompt, const core::Frames& spoken,
                                    int64_t num_cepstra) {
  core::require_input(prompt.size() == spoken.size() && !prompt.empty(),
                      "a spectral map needs two mels of one length");
  const int64_t bands = prompt.width;
  const std::vector<int64_t> frames = speech_frames(prompt);
  Matrix real = gather(prompt, frames);
  Matrix own = gather(spoken, frames);
  const Matrix real_mean = centre(real);
  const Matrix own_mean = centre(own);
  const Matrix cepstra = times_transposed(own, cosines(bands, num_cepstra));  // (frames, cepstra)
  Matrix lacking = real;
  for (size_t i = 0; i < lacking.values.size(); ++i) {
    lacking.values[i] -= own.values[i];
  }
  const auto count = static_cast<double>(frames.size());
  Matrix scatter = transposed_times(cepstra, cepstra);
  for (int64_t i = 0; i < num_cepstra; ++i) {
    scatter.row(i)[i] += kRidge * (count + kRidgeFrames);
  }
  Matrix weights = transposed_times(cepstra, lacking);  // (cepstra, mels)
  solve(scatter, weights);
  Matrix moved = own;
  for (int64_t t = 0; t < moved.rows(); ++t) {
    for (int64_t i = 0; i < num_cepstra; ++i) {
      for (int64_t band = 0; band < bands; ++band) {
        moved.row(t)[band] += cepstra.row(t)[i] * weights.row(i)[band];
      }
    }
  }
  const double trust = count / (count + kHalfTrustedFrames);
  core::Frames map(2 + num_cepstra, bands);  // offset, stretch, weights
  for (int64_t band = 0; band < bands; ++band) {
    map.row(0)[band] = static_cast<float>(trust * (real_mean.row(0)[band] - own_mean.row(0)[band]));
    const double ratio = deviation(real, band) / deviation(moved, band);
    map.row(1)[band] = static_cast<float>(
        std::pow(std::clamp(ratio, 1.0 / kMostStretched, kMostStretched), trust));
  }
  std::transform(weights.values.begin(), weights.values.end(), map.row(2),
                 [](double weight) { return static_cast<float>(weight); });
  return std::move(map.values);
}

void apply_spectral_map(core::Frames& mel, const float* values, int64_t num_cepstra) {
  const int64_t bands = mel.width;
  Matrix speech = gather(mel, speech_frames(mel));
  const Matrix mean_row = centre(speech);
  const double* mean = mean_row.data();
  const Matrix basis = cosines(bands, num_cepstra);
  const float* stretch = values + bands;
  const float* weights = stretch + bands;  // (cepstra, mels)
  Matrix rows(2, bands);
  double* centred = rows.row(0);
  double* moved = rows.row(1);
  for (int64_t t = 0; t < mel.rows(); ++t) {
    float* frame = mel.row(t);
    for (int64_t band = 0; band < bands; ++band) {
      centred[band] = frame[band] - mean[band];
      moved[band] = centred[band];
    }
    for (int64_t i = 0; i < num_cepstra; ++i) {
      double cepstrum = 0.0;
      for (int64_t band = 0; band < bands; ++band) {
        cepstrum += basis.row(i)[band] * centred[band];
      }
      for (int64_t band = 0; band < bands; ++band) {
        moved[band] += weights[(i * bands) + band] * cepstrum;
      }
    }
    for (int64_t band = 0; band < bands; ++band) {
      frame[band] = static_cast<float>(mean[band] + values[band] + (stretch[band] * moved[band]));
    }
  }
}

}  // namespace muspeaker::dsp
