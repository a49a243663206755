/*
 * simd - which level of vector instructions to use.
 */
#include "image/simd.h"

#include <stdatomic.h>

static _Atomic SimdLevel limit = SIMD_256;

static SimdLevel level_here(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return SIMD_256;
    }
    return __builtin_cpu_supports("sse4.1") ? SIMD_128 : SIMD_PLAIN;
#elif defined __aarch64__
    return SIMD_128;
#else
    return SIMD_PLAIN;
#endif
}

SimdLevel simd_level(void)
{
    SimdLevel most = atomic_load_explicit(&limit, memory_order_relaxed), here = level_here();

    return MIN(here, most);
}

void simd_limit(SimdLevel most)
{
    atomic_store_explicit(&limit, most, memory_order_relaxed);
}
