#include "dsp/spectral_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/elementary.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "core/wide_vectors.h"
#include "dsp/mel_moments.h"

namespace muspeaker::dsp {
namespace {

constexpr double kPriorFrames = 44.0;
constexpr double kHalfTrustedFrames = 22.0;
constexpr double kMostStretched = 2.0;
constexpr double kMostTurned = 4.0;
constexpr double kLeastVariance = 1e-4;
constexpr double kEpsilon = 1e-6;
constexpr int kMaxSweeps = 50;        // of Jacobi's method; ten are enough
constexpr double kConverged = 1e-26;  // of the sum of squares, outside the diagonal

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

Matrix identity(int64_t size) {
  Matrix result(size, size);
  for (int64_t i = 0; i < size; ++i) {
    result.row(i)[i] = 1.0;
  }
  return result;
}

Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix.width, matrix.rows());
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    for (int64_t j = 0; j < matrix.width; ++j) {
      result.row(j)[i] = matrix.row(i)[j];
    }
  }
  return result;
}

/// left times right, which is symmetric.
Matrix times(const Matrix& left, const Matrix& right) {
  return times_transposed(left, right);
}

/// Turns rows p and q by an angle: (c, -s; s, c).
void turn(double* p, double* q, int64_t count, double cosine, double sine) {
  for (int64_t k = 0; k < count; ++k) {
    const double first = p[k];
    p[k] = (cosine * first) - (sine * q[k]);
    q[k] = (sine * first) + (cosine * q[k]);
  }
}

/// Brings element (p, q) of a symmetric matrix to zero by a rotation, which the rows of vectors
/// share.
void rotate(Matrix& matrix, Matrix& vectors, int64_t p, int64_t q) {
  const double between = matrix.row(p)[q];
  if (between == 0.0) {
    return;
  }
  const double theta = (matrix.row(q)[q] - matrix.row(p)[p]) / (2.0 * between);
  const double tangent =
      (theta < 0.0 ? -1.0 : 1.0) / (std::abs(theta) + std::sqrt((theta * theta) + 1.0));
  const double cosine = 1.0 / std::sqrt((tangent * tangent) + 1.0);
  const double sine = tangent * cosine;
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    turn(&matrix.row(i)[p], &matrix.row(i)[q], 1, cosine, sine);
  }
  turn(matrix.row(p), matrix.row(q), matrix.width, cosine, sine);
  turn(vectors.row(p), vectors.row(q), vectors.width, cosine, sine);
}

double outside_diagonal(const Matrix& matrix) {
  double square = 0.0;
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    for (int64_t j = 0; j < i; ++j) {
      square += matrix.row(i)[j] * matrix.row(i)[j];
    }
  }
  return square;
}

/// A function of a symmetric positive matrix, by its eigenvalues; these by Jacobi's method (Golub
/// and Van Loan 2013, Matrix Computations, Section 8.5).
template <typename Function>
Matrix of_eigenvalues(Matrix matrix, const Function& function) {
  const int64_t size = matrix.width;
  Matrix vectors = identity(size);  // one eigenvector a row
  double trace = 0.0;
  for (int64_t i = 0; i < size; ++i) {
    trace += matrix.row(i)[i];
  }
  for (int sweep = 0; sweep < kMaxSweeps && outside_diagonal(matrix) > kConverged * trace * trace;
       ++sweep) {
    for (int64_t p = 0; p < size; ++p) {
      for (int64_t q = p + 1; q < size; ++q) {
        rotate(matrix, vectors, p, q);
      }
    }
  }
  Matrix scaled = vectors;
  for (int64_t i = 0; i < size; ++i) {
    const double value = function(std::max(matrix.row(i)[i], kEpsilon * kEpsilon));
    std::for_each(scaled.row(i), scaled.row(i) + size, [value](double& x) { x *= value; });
  }
  return times_transposed(transposed(scaled), transposed(vectors));
}

/// Of centred (frames, cepstra), drawn to its diagonal where there are few frames.
Matrix covariance(const Matrix& cepstra) {
  const auto count = static_cast<double>(cepstra.rows());
  const double together = count / (count + kPriorFrames);
  const Matrix columns = transposed(cepstra);
  Matrix result = times_transposed(columns, columns);
  for (int64_t i = 0; i < result.rows(); ++i) {
    for (int64_t j = 0; j < result.width; ++j) {
      result.row(i)[j] *= (i == j ? 1.0 : together) / count;
    }
    result.row(i)[i] += kLeastVariance;
  }
  return result;
}

/// The symmetric map from one covariance to another, stretching nothing by more than kMostTurned.
Matrix transport(const Matrix& source, const Matrix& target) {
  const Matrix root = of_eigenvalues(source, [](double x) { return std::sqrt(x); });
  const Matrix inverse = of_eigenvalues(source, [](double x) { return 1.0 / std::sqrt(x); });
  const Matrix between =
      of_eigenvalues(times(times(root, target), root), [](double x) { return std::sqrt(x); });
  return of_eigenvalues(times(times(inverse, between), inverse),
                        [](double x) { return std::clamp(x, 1.0 / kMostTurned, kMostTurned); });
}

/// The mean over some frames of every band, (mels).
std::vector<double> mean_of(const core::Frames& mel, const std::vector<int64_t>& frames) {
  std::vector<double> mean(static_cast<size_t>(mel.width));
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    double* __restrict sums = mean.data();
    for (const int64_t frame : frames) {
      const float* __restrict row = mel.row(frame);
      for (int64_t band = 0; band < mel.width; ++band) {
        sums[band] += static_cast<double>(row[band]);
      }
    }
    for (int64_t band = 0; band < mel.width; ++band) {
      sums[band] /= static_cast<double>(frames.size());
    }
  });
  return mean;
}

constexpr int64_t kGroup = 16;       // frames that are mapped side by side, one in a lane
constexpr int64_t kLeastGroups = 2;  // of one thread
using Four = double __attribute__((vector_size(32)));
using Lanes = std::array<Four, kGroup / 4>;

/// What apply_spectral_map works with. basis: (mels, cepstra); weights: (cepstra, mels); the others
/// hold kGroup frames side by side.
struct Mapping {
  const std::vector<double>& mean;
  const float* values;  // offset and stretch of every band
  const Matrix& basis;
  const Matrix& weights;
  Matrix bands;    // (mels, kGroup)
  Matrix cepstra;  // (cepstra, kGroup)
};

/// Adds the products of kRows rows of `width` factors, `step` apart and the rows' side by side, and
/// as many rows of kGroup values.
template <int64_t kRows>
MUSPEAKER_INTO_CALLER void add_products(const double* __restrict factors, int64_t step,
                                        const double* __restrict rows, int64_t width,
                                        double* __restrict sums) {
  std::array<Lanes, kRows> lanes;
  std::memcpy(&lanes, sums, sizeof(lanes));
  for (int64_t i = 0; i < width; ++i) {
    Lanes row;
    std::memcpy(&row, rows + (i * kGroup), sizeof(row));
    for (size_t sum = 0; sum < kRows; ++sum) {
      for (size_t part = 0; part < row.size(); ++part) {
        lanes[sum][part] += factors[(i * step) + static_cast<int64_t>(sum)] * row[part];
      }
    }
  }
  std::memcpy(sums, &lanes, sizeof(lanes));
}

/// Adds the product of (width, count) factors, transposed, and (width, kGroup) values to (count,
/// kGroup) sums; two of their rows at once, for the additions of one would wait for each other.
MUSPEAKER_INTO_CALLER void add_product(const double* factors, int64_t count, const double* rows,
                                       int64_t width, double* sums) {
  int64_t i = 0;
  for (; i + 2 <= count; i += 2) {
    add_products<2>(factors + i, count, rows, width, sums + (i * kGroup));
  }
  if (i < count) {
    add_products<1>(factors + i, count, rows, width, sums + (i * kGroup));
  }
}

/// So many frames of apply_spectral_map, kGroup at most.
void map_frames(float* frames, int64_t count, Mapping& map) {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    const int64_t bands = map.basis.rows();
    const int64_t cepstra = map.basis.width;
    double* __restrict centred = map.bands.data();
    double* __restrict moves = map.cepstra.data();
    for (int64_t lane = 0; lane < count; ++lane) {
      for (int64_t band = 0; band < bands; ++band) {
        centred[(band * kGroup) + lane] =
            static_cast<double>(frames[(lane * bands) + band]) - map.mean[band];
      }
    }
    std::fill(moves, moves + (cepstra * kGroup), 0.0);
    add_product(map.basis.data(), cepstra, centred, bands, moves);
    add_product(map.weights.data(), bands, moves, cepstra, centred);
    for (int64_t lane = 0; lane < count; ++lane) {
      for (int64_t band = 0; band < bands; ++band) {
        frames[(lane * bands) + band] = static_cast<float>(
            map.mean[band] + static_cast<double>(map.values[band]) +
            (static_cast<double>(map.values[bands + band]) * centred[(band * kGroup) + lane]));
      }
    }
  });
}

}  // namespace

std::vector<float> fit_spectral_map(const core::Frames& prompt, const core::Frames& spoken,
                                    int64_t num_cepstra, const SpectralMapOptions& options) {
  core::require_input(prompt.size() == spoken.size() && !prompt.empty(),
                      "a spectral map needs two mels of one length");
  const int64_t bands = prompt.width;
  const std::vector<int64_t> frames = speech_frames(prompt);
  Matrix real = gather(prompt, frames);
  Matrix own = gather(spoken, frames);
  const Matrix real_mean = centre(real);
  const Matrix own_mean = centre(own);
  const Matrix rows = cosines(bands, num_cepstra);     // (cepstra, mels)
  const Matrix cepstra = times_transposed(own, rows);  // (frames, cepstra)
  Matrix moving = options.plain
                      ? identity(num_cepstra)
                      : transport(covariance(cepstra), covariance(times_transposed(real, rows)));
  const auto count = static_cast<double>(frames.size());
  const double trust = count / (count + kHalfTrustedFrames);
  for (int64_t i = 0; i < num_cepstra; ++i) {
    moving.row(i)[i] -= 1.0;
    std::for_each(moving.row(i), moving.row(i) + num_cepstra, [trust](double& x) { x *= trust; });
  }
  const Matrix columns = transposed(rows);
  const Matrix weights = times_transposed(moving, columns);  // (cepstra, mels)
  Matrix moved = times_transposed(cepstra, transposed(weights));
  for (size_t i = 0; i < moved.values.size(); ++i) {
    moved.values[i] += own.values[i];
  }
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
  const std::vector<double> mean = mean_of(mel, speech_frames(mel));
  thread_local Matrix basis;  // (mels, cepstra), kept for the next utterance
  if (basis.rows() != bands || basis.width != num_cepstra) {
    basis = transposed(cosines(bands, num_cepstra));
  }
  const Matrix& columns = basis;  // this thread's, for all
  Matrix weights(num_cepstra, bands);
  std::copy_n(values + (2 * bands), weights.size(), weights.data());
  const int64_t frames = mel.rows();
  const int64_t groups = (frames + kGroup - 1) / kGroup;
  core::parallel_ranges(groups, kLeastGroups, [&](int64_t begin, int64_t end) {
    Mapping map{mean, values, columns, weights, Matrix(bands, kGroup), Matrix(num_cepstra, kGroup)};
    for (int64_t group = begin; group < end; ++group) {
      const int64_t frame = group * kGroup;
      map_frames(mel.row(frame), std::min(kGroup, frames - frame), map);
    }
  });
}

}  // namespace muspeaker::dsp
