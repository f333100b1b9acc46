#pragma once

/// Loops that a compiler vectorises without changing the order of any sum, compiled again for AVX2
/// and AVX-512 and chosen at run time. Such a file is compiled without fused products
/// (-ffp-contract=off), so that all versions give the same bits. Kernels that are written for
/// instruction sets are in csrc/kernels.
///
///   with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY { ... });
///
/// Not the compiler's own function versions: only the loader of GNU's C library chooses among
/// those, and not as MUSPEAKER_CPU_ISA says.

#if defined(__GNUC__) || defined(__clang__)  // clang in the manner of MSVC is the second alone
/// For what such a loop calls, so that it is compiled into each version.
#define MUSPEAKER_INTO_CALLER inline __attribute__((always_inline))
#define MUSPEAKER_INTO_CALLER_BODY __attribute__((always_inline))
#else
#define MUSPEAKER_INTO_CALLER inline
#define MUSPEAKER_INTO_CALLER_BODY
#endif

namespace muspeaker::core {

/// How wide vectors are. The baseline is what the compiler takes when it is asked for nothing.
enum class VectorWidth { kBaseline, kAvx2, kAvx512 };

/// The widest of this machine or, if `forced` is neither null nor empty, of this machine and the
/// instruction set that it names (csrc/kernels/isa.h, which refuses unknown names).
VectorWidth choose_vector_width(const char* forced);

/// choose_vector_width(getenv("MUSPEAKER_CPU_ISA")), chosen at the first call.
VectorWidth vector_width();

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))

template <typename Body>
__attribute__((target("avx2,fma,bmi,bmi2"))) void run_in_avx2(const Body& body) {
  body();
}

template <typename Body>
__attribute__((target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))) void
run_in_avx512(const Body& body) {
  body();
}

/// Calls body(), as compiled for `width`, which this machine must have.
template <typename Body>
void with_vectors_of(VectorWidth width, const Body& body) {
  switch (width) {
    case VectorWidth::kAvx512:
      run_in_avx512(body);
      break;
    case VectorWidth::kAvx2:
      run_in_avx2(body);
      break;
    default:
      body();
  }
}

#else

template <typename Body>
void with_vectors_of(VectorWidth /*width*/, const Body& body) {
  body();
}

#endif

/// Calls body(), as compiled for vector_width().
template <typename Body>
void with_wide_vectors(const Body& body) {
  with_vectors_of(vector_width(), body);
}

}  // namespace muspeaker::core
