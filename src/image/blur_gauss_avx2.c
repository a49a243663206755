/*
 * blur_gauss_avx2 - the sums of a Gaussian with 256-bit vectors.
 *
 * The same numbers as the plain loops, 32 at a time, which stay in registers
 * while all taps are added.
 */
#include "image/blur_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

enum { TILE = 32 };

/* 16 bytes as 16-bit numbers. */
AVX2 static inline __m256i load_bytes(const uint8_t *at)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)at));
}

/* 16 sums less 2^15, so that they fit signed numbers. */
AVX2 static inline __m256i load_sums(const uint16_t *at)
{
    return _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)at),
                            _mm256_set1_epi16(INT16_MIN));
}

AVX2 static void down(uint16_t *restrict out, const uint8_t *const *rows, const GaussTaps *taps,
                      int from, int count)
{
    int i = 0;

    for (; i + TILE <= count; i += TILE) {
        __m256i weight = _mm256_set1_epi16((int16_t)taps->middle);
        __m256i first  = _mm256_mullo_epi16(load_bytes(rows[0] + from + i), weight);
        __m256i second = _mm256_mullo_epi16(load_bytes(rows[0] + from + i + 16), weight);

        for (int k = 0; k < taps->count; k++) {
            const uint8_t *a = rows[1 + 2 * k] + from + i, *b = rows[2 + 2 * k] + from + i;
            __m256i        u = _mm256_add_epi16(load_bytes(a), load_bytes(b));
            __m256i        v = _mm256_add_epi16(load_bytes(a + 16), load_bytes(b + 16));

            weight = _mm256_set1_epi16((int16_t)taps->weight[k]);
            first  = _mm256_add_epi16(first, _mm256_mullo_epi16(u, weight));
            second = _mm256_add_epi16(second, _mm256_mullo_epi16(v, weight));
        }
        _mm256_storeu_si256((__m256i *)(void *)(out + i), first);
        _mm256_storeu_si256((__m256i *)(void *)(out + i + 16), second);
    }
    gauss_down(out + i, rows, taps, from + i, count - i);
}

/* Four times 8 sums of 32 bits; unpacking leaves them in the order 0 2 1 3 of
 * fours, which packing undoes. */
typedef struct Tile {
    __m256i low[2], high[2];
} Tile;

AVX2 static inline void add_pair(Tile *tile, const uint16_t *a, const uint16_t *b, __m256i weights)
{
    for (int half = 0; half < 2; half++) {
        __m256i u = load_sums(a + 16 * half), v = load_sums(b + 16 * half);

        tile->low[half]  = _mm256_add_epi32(tile->low[half],
                               _mm256_madd_epi16(_mm256_unpacklo_epi16(u, v), weights));
        tile->high[half] = _mm256_add_epi32(tile->high[half],
                               _mm256_madd_epi16(_mm256_unpackhi_epi16(u, v), weights));
    }
}

/* The upper halves of 16 sums, as 16-bit numbers in their order. */
AVX2 static inline __m256i upper(__m256i low, __m256i high)
{
    return _mm256_packus_epi32(_mm256_srli_epi32(low, 16), _mm256_srli_epi32(high, 16));
}

AVX2 static void across(uint8_t *restrict out, const uint16_t *restrict line,
                        const GaussTaps *taps, int step, int count)
{
    /* What all the 2^15 come to that were taken off, and half for rounding. */
    const __m256i start = _mm256_set1_epi32(GAUSS_ONE * (1 << 15) + (1 << 15));
    int           i     = 0;

    for (; i + TILE <= count; i += TILE) {
        Tile tile = { { start, start }, { start, start } };

        add_pair(&tile, line + i, line + i, _mm256_set1_epi32(taps->middle));
        for (int k = 0; k < taps->count; k++) {
            ptrdiff_t away = (ptrdiff_t)taps->distance[k] * step;

            add_pair(&tile, line + i - away, line + i + away,
                     _mm256_set1_epi16((int16_t)taps->weight[k]));
        }

        __m256i bytes = _mm256_packus_epi16(upper(tile.low[0], tile.high[0]),
                                            upper(tile.low[1], tile.high[1]));
        _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_permute4x64_epi64(bytes, 0xD8));
    }
    gauss_across(out + i, line + i, taps, step, count - i);
}

const GaussKernels gauss_avx2 = { down, across };

#endif
