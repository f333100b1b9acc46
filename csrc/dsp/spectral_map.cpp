#include "dsp/spectral_map.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "dsp/mel_moments.h"

namespace muspeaker::dsp {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kRidge = 0.09;
constexpr double kRidgeFrames = 1000.0;  // twelve seconds
constexpr double kHalfTrustedFrames = 22.0;
constexpr double kMostStretched = 2.0;
constexpr double kEpsilon = 1e-6;

/// A matrix of doubles, row after row.
struct Matrix {
  Matrix(size_t num_rows, size_t num_columns)
      : columns(num_columns), values(num_rows * num_columns) {}
  double* row(size_t number) { return values.data() + (number * columns); }
  [[nodiscard]] const double* row(size_t number) const {
    return values.data() + (number * columns);
  }
  [[nodiscard]] size_t rows() const { return values.size() / columns; }

  size_t columns;
  std::vector<double> values;
};

/// (cepstra, mels), the orthonormal cosine transform (DCT-II).
Matrix cosines(size_t num_mels, size_t num_cepstra) {
  Matrix basis(num_cepstra, num_mels);
  const auto bands = static_cast<double>(num_mels);
  for (size_t order = 0; order < num_cepstra; ++order) {
    const double scale = std::sqrt((order == 0 ? 1.0 : 2.0) / bands);
    for (size_t band = 0; band < num_mels; ++band) {
      basis.row(order)[band] = scale * std::cos(kPi / bands * (static_cast<double>(band) + 0.5) *
                                                static_cast<double>(order));
    }
  }
  return basis;
}

/// The given frames of mel; (frames, mels).
Matrix gather(const std::vector<float>& mel, const std::vector<int64_t>& frames, size_t num_mels) {
  Matrix rows(frames.size(), num_mels);
  for (size_t t = 0; t < frames.size(); ++t) {
    const float* from = mel.data() + (static_cast<size_t>(frames[t]) * num_mels);
    std::copy(from, from + num_mels, rows.row(t));
  }
  return rows;
}

/// Takes the mean over time out of every band. Returns the means, (mels).
std::vector<double> centre(Matrix& rows) {
  std::vector<double> mean(rows.columns, 0.0);
  const auto count = static_cast<double>(rows.rows());
  for (size_t t = 0; t < rows.rows(); ++t) {
    for (size_t band = 0; band < rows.columns; ++band) {
      mean[band] += rows.row(t)[band] / count;
    }
  }
  for (size_t t = 0; t < rows.rows(); ++t) {
    for (size_t band = 0; band < rows.columns; ++band) {
      rows.row(t)[band] -= mean[band];
    }
  }
  return mean;
}

/// Deviation over time of one band of centred rows.
double deviation(const Matrix& rows, size_t band) {
  double square = 0.0;
  for (size_t t = 0; t < rows.rows(); ++t) {
    square += rows.row(t)[band] * rows.row(t)[band];
  }
  return std::sqrt((square / static_cast<double>(rows.rows())) + kEpsilon);
}

/// left (rows, a) times the transpose of right (others, a): (rows, others).
Matrix times_transposed(const Matrix& left, const Matrix& right) {
  Matrix product(left.rows(), right.rows());
  for (size_t i = 0; i < left.rows(); ++i) {
    for (size_t j = 0; j < right.rows(); ++j) {
      double sum = 0.0;
      for (size_t k = 0; k < left.columns; ++k) {
        sum += left.row(i)[k] * right.row(j)[k];
      }
      product.row(i)[j] = sum;
    }
  }
  return product;
}

/// The transpose of left (a, rows) times right (a, others): (rows, others).
Matrix transposed_times(const Matrix& left, const Matrix& right) {
  Matrix product(left.columns, right.columns);
  for (size_t k = 0; k < left.rows(); ++k) {
    for (size_t i = 0; i < left.columns; ++i) {
      for (size_t j = 0; j < right.columns; ++j) {
        product.row(i)[j] += left.row(k)[i] * right.row(k)[j];
      }
    }
  }
  return product;
}

/// Solves matrix (n, n), symmetric and positive, times x = right (n, columns), in place of right,
/// by Cholesky's decomposition.
void solve(Matrix& matrix, Matrix& right) {
  const size_t size = matrix.columns;
  for (size_t j = 0; j < size; ++j) {
    for (size_t k = 0; k < j; ++k) {
      for (size_t i = j; i < size; ++i) {
        matrix.row(i)[j] -= matrix.row(i)[k] * matrix.row(j)[k];
      }
    }
    const double root = std::sqrt(matrix.row(j)[j]);
    for (size_t i = j; i < size; ++i) {
      matrix.row(i)[j] /= root;
    }
  }
  for (size_t column = 0; column < right.columns; ++column) {
    for (size_t i = 0; i < size; ++i) {
      double value = right.row(i)[column];
      for (size_t k = 0; k < i; ++k) {
        value -= matrix.row(i)[k] * right.row(k)[column];
      }
      right.row(i)[column] = value / matrix.row(i)[i];
    }
    for (size_t i = size; i-- > 0;) {
      double value = right.row(i)[column];
      for (size_t k = i + 1; k < size; ++k) {
        value -= matrix.row(k)[i] * right.row(k)[column];
      }
      right.row(i)[column] = value / matrix.row(i)[i];
    }
  }
}

}  // namespace

std::vector<float> fit_spectral_map(const std::vector<float>& prompt,
                                    const std::vector<float>& spoken, int64_t num_mels,
                                    int64_t num_cepstra) {
  core::require_input(prompt.size() == spoken.size() && !prompt.empty(),
                      "a spectral map needs two mels of one length");
  const auto bands = static_cast<size_t>(num_mels);
  const std::vector<int64_t> frames = speech_frames(prompt, num_mels);
  Matrix real = gather(prompt, frames, bands);
  Matrix own = gather(spoken, frames, bands);
  const std::vector<double> real_mean = centre(real);
  const std::vector<double> own_mean = centre(own);
  const Matrix cepstra =
      times_transposed(own, cosines(bands, static_cast<size_t>(num_cepstra)));  // (frames, cepstra)
  Matrix left = real;
  for (size_t i = 0; i < left.values.size(); ++i) {
    left.values[i] -= own.values[i];
  }
  Matrix scatter = transposed_times(cepstra, cepstra);
  for (size_t i = 0; i < scatter.columns; ++i) {
    scatter.row(i)[i] += kRidge * (static_cast<double>(frames.size()) + kRidgeFrames);
  }
  Matrix weights = transposed_times(cepstra, left);  // (cepstra, mels)
  solve(scatter, weights);
  Matrix moved = own;
  for (size_t t = 0; t < moved.rows(); ++t) {
    for (size_t i = 0; i < weights.rows(); ++i) {
      for (size_t band = 0; band < bands; ++band) {
        moved.row(t)[band] += cepstra.row(t)[i] * weights.row(i)[band];
      }
    }
  }
  const auto count = static_cast<double>(frames.size());
  const double trust = count / (count + kHalfTrustedFrames);
  std::vector<float> values;
  values.reserve((2 * bands) + weights.values.size());
  for (size_t band = 0; band < bands; ++band) {
    values.push_back(static_cast<float>(trust * (real_mean[band] - own_mean[band])));
  }
  for (size_t band = 0; band < bands; ++band) {
    const double ratio = deviation(real, band) / deviation(moved, band);
    values.push_back(static_cast<float>(
        std::pow(std::clamp(ratio, 1.0 / kMostStretched, kMostStretched), trust)));
  }
  values.insert(values.end(), weights.values.begin(), weights.values.end());
  return values;
}

void apply_spectral_map(std::vector<float>& mel, int64_t num_mels, const float* values,
                        int64_t num_cepstra) {
  const auto bands = static_cast<size_t>(num_mels);
  const auto order = static_cast<size_t>(num_cepstra);
  Matrix speech = gather(mel, speech_frames(mel, num_mels), bands);
  const std::vector<double> mean = centre(speech);
  const Matrix basis = cosines(bands, order);
  const float* stretch = values + bands;
  const float* weights = stretch + bands;  // (cepstra, mels)
  std::vector<double> centred(bands);
  std::vector<double> moved(bands);
  for (size_t first = 0; first < mel.size(); first += bands) {
    for (size_t band = 0; band < bands; ++band) {
      centred[band] = mel[first + band] - mean[band];
      moved[band] = centred[band];
    }
    for (size_t i = 0; i < order; ++i) {
      double cepstrum = 0.0;
      for (size_t band = 0; band < bands; ++band) {
        cepstrum += basis.row(i)[band] * centred[band];
      }
      for (size_t band = 0; band < bands; ++band) {
        moved[band] += weights[(i * bands) + band] * cepstrum;
      }
    }
    for (size_t band = 0; band < bands; ++band) {
      mel[first + band] =
          static_cast<float>(mean[band] + values[band] + (stretch[band] * moved[band]));
    }
  }
}

}  // namespace muspeaker::dsp
