/*
 * simd - loops that are compiled twice.
 *
 * Inner loops of image/ are plain C that compilers turn into vectors: each is
 * written once as an inline body and compiled twice, for any machine and for
 * those with AVX2 and FMA.  Private to image/.
 */
#ifndef OCELLUS_IMAGE_SIMD_H
#define OCELLUS_IMAGE_SIMD_H

#ifdef __x86_64__
#define AVX2       __attribute__((target("avx2,fma")))
#define HAS_AVX2() (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#else
#define AVX2
#define HAS_AVX2() false
#endif

/* The body of a loop that is compiled twice. */
#define TWICE static inline __attribute__((always_inline))

#endif
