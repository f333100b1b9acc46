#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "core/wide_vectors.h"

/// The passes of RealFft over separate arrays of real and imaginary parts, for floats and for
/// vectors of them. A file that includes this is compiled without fused products.
namespace muspeaker::dsp::passes {

using Four = float __attribute__((vector_size(16)));
using Eight = float __attribute__((vector_size(32)));

template <typename T>
constexpr int64_t kWidth = sizeof(T) / sizeof(float);

template <typename T>
struct Complex {
  T real;
  T imag;
};

template <typename T>
MUSPEAKER_INTO_CALLER Complex<T> operator+(Complex<T> a, Complex<T> b) {
  return {a.real + b.real, a.imag + b.imag};
}

template <typename T>
MUSPEAKER_INTO_CALLER Complex<T> operator-(Complex<T> a, Complex<T> b) {
  return {a.real - b.real, a.imag - b.imag};
}

/// U: T, or float for one factor of all.
template <typename T, typename U>
MUSPEAKER_INTO_CALLER Complex<T> operator*(Complex<T> a, Complex<U> b) {
  return {(a.real * b.real) - (a.imag * b.imag), (a.real * b.imag) + (a.imag * b.real)};
}

template <typename T>
MUSPEAKER_INTO_CALLER Complex<T> operator*(float factor, Complex<T> x) {
  return {factor * x.real, factor * x.imag};
}

template <typename T>
MUSPEAKER_INTO_CALLER Complex<T> conjugate(Complex<T> x) {
  return {x.real, -x.imag};
}

/// -i x.
template <typename T>
MUSPEAKER_INTO_CALLER Complex<T> turned(Complex<T> x) {
  return {x.imag, -x.real};
}

struct Source {
  const float* real;
  const float* imag;

  template <typename T>
  [[nodiscard]] MUSPEAKER_INTO_CALLER Complex<T> get(int64_t index) const {
    Complex<T> value;
    std::memcpy(&value.real, real + index, sizeof(T));
    std::memcpy(&value.imag, imag + index, sizeof(T));
    return value;
  }
};

struct Target {
  float* real;
  float* imag;

  template <typename T>
  MUSPEAKER_INTO_CALLER void set(int64_t index, Complex<T> value) const {
    std::memcpy(real + index, &value.real, sizeof(T));
    std::memcpy(imag + index, &value.imag, sizeof(T));
  }
};

/// The Fourier transform of 2, 3, 4 or 5 values, in place.
template <int64_t kRadix, typename T>
MUSPEAKER_INTO_CALLER void transform_few(std::array<Complex<T>, kRadix>& x) {
  if constexpr (kRadix == 2) {
    x = {x[0] + x[1], x[0] - x[1]};
  } else if constexpr (kRadix == 3) {
    constexpr float kSin = 0.866025403784438647F;  // sine of a third of a turn
    const Complex<T> sum = x[1] + x[2];
    const Complex<T> middle = x[0] + (-0.5F * sum);
    const Complex<T> side = kSin * turned(x[1] - x[2]);
    x = {x[0] + sum, middle + side, middle - side};
  } else if constexpr (kRadix == 4) {
    const Complex<T> even = x[0] + x[2];
    const Complex<T> odd = x[1] + x[3];
    const Complex<T> even_less = x[0] - x[2];
    const Complex<T> odd_turned = turned(x[1] - x[3]);
    x = {even + odd, even_less + odd_turned, even - odd, even_less - odd_turned};
  } else {
    static_assert(kRadix == 5);
    constexpr float kCos1 = 0.309016994374947424F;  // cosine of one fifth of a turn
    constexpr float kSin1 = 0.951056516295153572F;
    constexpr float kCos2 = -0.809016994374947424F;  // cosine of two fifths
    constexpr float kSin2 = 0.587785252292473129F;
    const Complex<T> outer = x[1] + x[4];
    const Complex<T> inner = x[2] + x[3];
    const Complex<T> outer_turned = turned(x[1] - x[4]);
    const Complex<T> inner_turned = turned(x[2] - x[3]);
    const Complex<T> first = x[0] + (kCos1 * outer) + (kCos2 * inner);
    const Complex<T> second = x[0] + (kCos2 * outer) + (kCos1 * inner);
    const Complex<T> first_side = (kSin1 * outer_turned) + (kSin2 * inner_turned);
    const Complex<T> second_side = (kSin2 * outer_turned) - (kSin1 * inner_turned);
    x = {x[0] + outer + inner, first + first_side, second + second_side, second - second_side,
         first - first_side};
  }
}

/// Groups of kRadix inputs, groups * stride apart, become kRadix neighbouring outputs, each
/// `stride` values long, a multiple of T's. Where there is one group, all factors are 1.
template <int64_t kRadix, typename T>
MUSPEAKER_INTO_CALLER void pass(Source x, Target y, int64_t groups, int64_t stride,
                                Source twiddles) {
  const int64_t distance = groups * stride;
  std::array<Complex<T>, kRadix> values;
  for (int64_t q = 0; groups == 1 && q < stride; q += kWidth<T>) {
    for (int64_t j = 0; j < kRadix; ++j) {
      values[j] = x.get<T>(q + (j * distance));
    }
    transform_few<kRadix>(values);
    for (int64_t j = 0; j < kRadix; ++j) {
      y.set(q + (j * stride), values[j]);
    }
  }
  for (int64_t p = 0; groups > 1 && p < groups; ++p) {
    std::array<Complex<float>, kRadix - 1> factors;
    for (int64_t j = 1; j < kRadix; ++j) {
      factors[j - 1] = twiddles.get<float>(((j - 1) * groups) + p);
    }
    for (int64_t q = 0; q < stride; q += kWidth<T>) {
      for (int64_t j = 0; j < kRadix; ++j) {
        values[j] = x.get<T>((p * stride) + q + (j * distance));
      }
      transform_few<kRadix>(values);
      const int64_t to = (kRadix * p * stride) + q;
      y.set(to, values[0]);
      for (int64_t j = 1; j < kRadix; ++j) {
        y.set(to + (j * stride), values[j] * factors[j - 1]);
      }
    }
  }
}

template <typename T>
MUSPEAKER_INTO_CALLER void pass_of(int64_t radix, Source x, Target y, int64_t groups,
                                   int64_t stride, Source twiddles) {
  switch (radix) {
    case 2:
      pass<2, T>(x, y, groups, stride, twiddles);
      break;
    case 3:
      pass<3, T>(x, y, groups, stride, twiddles);
      break;
    case 4:
      pass<4, T>(x, y, groups, stride, twiddles);
      break;
    default:
      pass<5, T>(x, y, groups, stride, twiddles);
  }
}

// Each value of the result by its place in a, or beyond a in b.
#if defined(__clang__) || __GNUC__ >= 12
#define MUSPEAKER_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define MUSPEAKER_SHUFFLE(a, b, ...) \
  __builtin_shuffle(a, b, (int32_t __attribute__((vector_size(sizeof(a))))){__VA_ARGS__})
#endif

/// Rows become columns.
MUSPEAKER_INTO_CALLER void transpose(Four& a, Four& b, Four& c, Four& d) {
  const Four ab_low = MUSPEAKER_SHUFFLE(a, b, 0, 4, 1, 5);
  const Four ab_high = MUSPEAKER_SHUFFLE(a, b, 2, 6, 3, 7);
  const Four cd_low = MUSPEAKER_SHUFFLE(c, d, 0, 4, 1, 5);
  const Four cd_high = MUSPEAKER_SHUFFLE(c, d, 2, 6, 3, 7);
  a = MUSPEAKER_SHUFFLE(ab_low, cd_low, 0, 1, 4, 5);
  b = MUSPEAKER_SHUFFLE(ab_low, cd_low, 2, 3, 6, 7);
  c = MUSPEAKER_SHUFFLE(ab_high, cd_high, 0, 1, 4, 5);
  d = MUSPEAKER_SHUFFLE(ab_high, cd_high, 2, 3, 6, 7);
}

/// The same in either half of the vectors.
MUSPEAKER_INTO_CALLER void transpose(Eight& a, Eight& b, Eight& c, Eight& d) {
  const Eight ab_low = MUSPEAKER_SHUFFLE(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
  const Eight ab_high = MUSPEAKER_SHUFFLE(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  const Eight cd_low = MUSPEAKER_SHUFFLE(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
  const Eight cd_high = MUSPEAKER_SHUFFLE(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
  a = MUSPEAKER_SHUFFLE(ab_low, cd_low, 0, 1, 8, 9, 4, 5, 12, 13);
  b = MUSPEAKER_SHUFFLE(ab_low, cd_low, 2, 3, 10, 11, 6, 7, 14, 15);
  c = MUSPEAKER_SHUFFLE(ab_high, cd_high, 0, 1, 8, 9, 4, 5, 12, 13);
  d = MUSPEAKER_SHUFFLE(ab_high, cd_high, 2, 3, 10, 11, 6, 7, 14, 15);
}

MUSPEAKER_INTO_CALLER float reversed(float x) {
  return x;
}

MUSPEAKER_INTO_CALLER Four reversed(Four x) {
  return MUSPEAKER_SHUFFLE(x, x, 3, 2, 1, 0);
}

MUSPEAKER_INTO_CALLER Eight reversed(Eight x) {
  return MUSPEAKER_SHUFFLE(x, x, 7, 6, 5, 4, 3, 2, 1, 0);
}

template <typename T>
MUSPEAKER_INTO_CALLER Complex<T> reversed(Complex<T> x) {
  return {reversed(x.real), reversed(x.imag)};
}

/// The Fourier transform of 8 values, in place.
template <typename T>
MUSPEAKER_INTO_CALLER void transform_eight(std::array<Complex<T>, 8>& x) {
  constexpr float kSqrtHalf = 0.707106781186547524F;
  std::array<Complex<T>, 4> even = {x[0], x[2], x[4], x[6]};
  std::array<Complex<T>, 4> odd = {x[1], x[3], x[5], x[7]};
  transform_few<4>(even);
  transform_few<4>(odd);
  odd[1] = kSqrtHalf * (odd[1] + turned(odd[1]));
  odd[2] = turned(odd[2]);
  odd[3] = kSqrtHalf * (turned(odd[3]) - odd[3]);
  for (size_t k = 0; k < 4; ++k) {
    x[k] = even[k] + odd[k];
    x[k + 4] = even[k] - odd[k];
  }
}

/// Eight values of each of T's many rows from `at` on, times their twiddles: column k becomes
/// columns[k].
MUSPEAKER_INTO_CALLER void load_columns(Source x, int64_t at, Source twiddles,
                                        std::array<Complex<Four>, 8>& columns) {
  for (int64_t half = 0; half < 8; half += 4) {
    Complex<Four>* four = columns.data() + half;
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t from = at + (8 * i) + half;
      four[i] = x.get<Four>(from) * twiddles.get<Four>(from);
    }
    transpose(four[0].real, four[1].real, four[2].real, four[3].real);
    transpose(four[0].imag, four[1].imag, four[2].imag, four[3].imag);
  }
}

MUSPEAKER_INTO_CALLER void join_halves(Eight& low, Eight& high) {
  const Eight first = low;
  low = MUSPEAKER_SHUFFLE(first, high, 0, 1, 2, 3, 8, 9, 10, 11);
  high = MUSPEAKER_SHUFFLE(first, high, 4, 5, 6, 7, 12, 13, 14, 15);
}

MUSPEAKER_INTO_CALLER void load_columns(Source x, int64_t at, Source twiddles,
                                        std::array<Complex<Eight>, 8>& columns) {
  for (int64_t i = 0; i < 8; ++i) {
    columns[i] = x.get<Eight>(at + (8 * i)) * twiddles.get<Eight>(at + (8 * i));
  }
  for (int64_t i = 0; i < 8; i += 4) {
    Complex<Eight>* four = columns.data() + i;
    transpose(four[0].real, four[1].real, four[2].real, four[3].real);
    transpose(four[0].imag, four[1].imag, four[2].imag, four[3].imag);
  }
  for (int64_t i = 0; i < 4; ++i) {
    join_halves(columns[i].real, columns[i + 4].real);
    join_halves(columns[i].imag, columns[i + 4].imag);
  }
}

/// Transforms of `rows` values each, eight interleaved, become one of all their values. twiddles:
/// (rows, 8). rows: T's width or more.
template <typename T>
MUSPEAKER_INTO_CALLER void join_eight(Source x, Target y, int64_t rows, Source twiddles) {
  for (int64_t first = 0; first < rows; first += kWidth<T>) {
    const int64_t row = first + kWidth<T> <= rows ? first : rows - kWidth<T>;
    std::array<Complex<T>, 8> all;
    load_columns(x, row * 8, twiddles, all);
    transform_eight(all);
    for (int64_t k = 0; k < 8; ++k) {
      y.set(row + (k * rows), all[static_cast<size_t>(k)]);
    }
  }
}

/// Bins k and half - k of a real signal, from those of the transform of its even and odd samples.
template <typename T>
MUSPEAKER_INTO_CALLER void split(Source z, Target spectrum, int64_t k, int64_t half,
                                 Source twiddles) {
  const int64_t back = half - k - (kWidth<T> - 1);
  const Complex<T> forward = z.get<T>(k);
  const Complex<T> backward = reversed(z.get<T>(back));
  const Complex<T> even = forward + conjugate(backward);
  const Complex<T> odd = turned(forward - conjugate(backward)) * twiddles.get<T>(k);
  spectrum.set(k, 0.5F * (even + odd));
  spectrum.set(back, reversed(0.5F * conjugate(even - odd)));
}

/// Undoes split, but for a factor of 2.
template <typename T>
MUSPEAKER_INTO_CALLER void join(Source spectrum, Target z, int64_t k, int64_t half,
                                Source twiddles) {
  const int64_t back = half - k - (kWidth<T> - 1);
  const Complex<T> forward = spectrum.get<T>(k);
  const Complex<T> backward = reversed(spectrum.get<T>(back));
  const Complex<T> even = forward + conjugate(backward);
  const Complex<T> odd = turned((forward - conjugate(backward)) * conjugate(twiddles.get<T>(k)));
  z.set(k, even - odd);
  z.set(back, reversed(conjugate(even + odd)));
}

/// Calls work(k, T) for every k of 1 to half / 2, as many at once as T has or else one by one; some
/// of them twice.
template <typename T, typename Work>
MUSPEAKER_INTO_CALLER void for_pairs(int64_t half, const Work& work) {
  const int64_t count = (half - 1) / 2;  // of pairs; an even half has one bin that is its own
  if (count < kWidth<T>) {
    for (int64_t k = 1; k <= count; ++k) {
      work(k, float{});
    }
  } else {
    for (int64_t k = 1; k <= count; k += kWidth<T>) {
      work(k + kWidth<T> - 1 <= count ? k : count - kWidth<T> + 1, T{});
    }
  }
  if (half % 2 == 0) {
    work(half / 2, float{});
  }
}

}  // namespace muspeaker::dsp::passes
