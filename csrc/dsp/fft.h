#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Fourier transform of real signals whose length is an even product of 2, 3 and 5 (or 1), in
/// float, with twiddle factors computed in double.
///
/// Even and odd samples form one complex signal of half the length, transformed by a self-sorting
/// Stockham transform (Swarztrauber 1984, Parallel Computing 1) of radix 4, then 2, 5 and 3, over
/// separate arrays of real and imaginary parts; then the two halves are separated. Where the length
/// allows, every eighth value forms a transform of its own, eight of which run in the lanes of a
/// vector and are then joined.
class RealFft {
 public:
  /// Scratch memory of one transform; keep one per thread.
  struct Workspace {
    std::vector<float> first_real, first_imag, second_real, second_imag, spectrum_imag;
  };

  /// Throws std::invalid_argument if num_samples is neither 1 nor an even product of 2, 3 and 5 up
  /// to 2^24.
  explicit RealFft(int64_t num_samples);

  [[nodiscard]] int64_t num_samples() const { return num_samples_; }
  [[nodiscard]] int64_t num_bins() const { return (num_samples_ / 2) + 1; }

  /// samples: num_samples values; real, imag: num_bins values each, of X[k] = sum x[n] e^(-2 pi i
  /// nk/N). The workspace grows on first use; otherwise nothing is allocated.
  void forward(const float* samples, float* real, float* imag, Workspace& workspace) const;

  /// Undoes forward: real and imag, num_bins values each, back to num_samples values. The imaginary
  /// parts of the first and the last bin are taken for 0.
  void inverse(const float* real, const float* imag, float* samples, Workspace& workspace) const;

  /// The same as forward, reduced to num_bins values of |X[k]|^2.
  void power(const float* samples, float* power, Workspace& workspace) const;

 private:
  /// One step; the factors lie in twiddles_ from `offset`.
  struct Stage {
    int64_t radix;
    int64_t groups;
    int64_t stride;
    int64_t offset;
  };

  /// Complex roots of 1, one after the other.
  struct Roots {
    std::vector<float> real, imag;

    /// Adds e^(-2 pi i place / turn).
    void add(int64_t place, int64_t turn);
  };

  void reserve(Workspace& workspace) const;
  void transform_half(Workspace& workspace) const;

  int64_t num_samples_;
  int64_t lanes_;  ///< transforms side by side, which are joined to one
  std::vector<Stage> stages_;
  Roots twiddles_, lane_twiddles_, split_twiddles_;
};

}  // namespace muspeaker::dsp
