#pragma once

/// MUSPEAKER_WIDE_VECTORS before a function compiles it again, for AVX2 and AVX-512, and the loader
/// of the program takes the widest that the processor has. It is for loops that a compiler
/// vectorises without changing the order of any sum, compiled without fused products
/// (-ffp-contract=off), so that all versions give the same bits; kernels that are written for
/// instruction sets are in csrc/kernels.
///
/// Only where GNU's C library can choose at load time. Sanitizers are not ready when it chooses.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __GNUC__ >= 12
#define MUSPEAKER_WIDE_VECTORS \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MUSPEAKER_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#endif
#else
#define MUSPEAKER_WIDE_VECTORS
#endif

/// For what such a function calls, so that it is compiled into each version.
#if defined(__GNUC__)
#define MUSPEAKER_INTO_CALLER inline __attribute__((always_inline))
#else
#define MUSPEAKER_INTO_CALLER inline
#endif
