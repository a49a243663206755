/*
 * simd - levels of vector instructions, and loops compiled for each of them.
 *
 * Most inner loops of image/ are plain C that compilers turn into vectors: each is
 * written once as an inline body and compiled for every level.  Others are written with
 * the instructions of one level.  All levels of a loop give the same bytes; which one
 * runs is asked of simd_level() alone.
 */
#ifndef OCELLUS_IMAGE_SIMD_H
#define OCELLUS_IMAGE_SIMD_H

#include "base/base.h"

/* What any machine of its kind has, vectors of 128 bits and vectors of 256 bits. */
typedef enum SimdLevel {
    SIMD_PLAIN,
    SIMD_128,           /* SSE4.1; NEON, which every 64-bit ARM processor has */
    SIMD_256,           /* AVX2 with FMA */
    SIMD_LEVELS
} SimdLevel;

/* The highest level that this processor has and simd_limit() allows. */
SimdLevel simd_level(void);

/* Allow no level above `most`: for tests, so that one machine tries them all. */
void simd_limit(SimdLevel most);

#ifdef __x86_64__
#define SSE41 __attribute__((target("sse4.1")))
#define AVX2  __attribute__((target("avx2,fma")))
#else
#define SSE41
#define AVX2
#endif

/* A table by level of kernels that are written for one kind of vectors each; there is
 * none of 256 bits on ARM. */
#if defined __x86_64__
#define BY_LEVEL(plain, sse41, avx2, neon) { plain, sse41, avx2 }
#elif defined __aarch64__
#define BY_LEVEL(plain, sse41, avx2, neon) { plain, neon, neon }
#else
#define BY_LEVEL(plain, sse41, avx2, neon) { plain, plain, plain }
#endif

/* The body of a loop that is compiled for every level. */
#define LOOP static inline __attribute__((always_inline))

/* Compile the LOOP `name` for every level: name_by[level].  Arguments may ask for `level`. */
#define FOR_EVERY_LEVEL(name, parameters, arguments) \
    static void name##_plain parameters { AT_LEVEL(SIMD_PLAIN); name arguments; } \
    SSE41 static void name##_128 parameters { AT_LEVEL(SIMD_128); name arguments; } \
    AVX2 static void name##_256 parameters { AT_LEVEL(SIMD_256); name arguments; } \
    static void (*const name##_by[SIMD_LEVELS]) parameters = { \
        name##_plain, name##_128, name##_256 \
    }
#define AT_LEVEL(which) const SimdLevel level = which; (void)level

#endif
