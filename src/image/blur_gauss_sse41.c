/*
 * blur_gauss_sse41 - the sums of a Gaussian with 128-bit vectors.
 *
 * The same numbers as the plain loops, 16 at a time, which stay in registers
 * while all taps are added.
 */
#include "image/blur_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

enum { TILE = 16 };

/* 8 bytes as 16-bit numbers. */
SSE41 static inline __m128i load_bytes(const uint8_t *at)
{
    return _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)at));
}

/* 8 sums less 2^15, so that they fit signed numbers. */
SSE41 static inline __m128i load_sums(const uint16_t *at)
{
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)at),
                            _mm_set1_epi16(INT16_MIN));
}

SSE41 static void down(uint16_t *restrict out, const uint8_t *const *rows, const GaussTaps *taps,
                      int from, int count)
{
    int i = 0;

    for (; i + TILE <= count; i += TILE) {
        __m128i weight = _mm_set1_epi16((int16_t)taps->middle);
        __m128i first  = _mm_mullo_epi16(load_bytes(rows[0] + from + i), weight);
        __m128i second = _mm_mullo_epi16(load_bytes(rows[0] + from + i + 8), weight);

        for (int k = 0; k < taps->count; k++) {
            const uint8_t *a = rows[1 + 2 * k] + from + i, *b = rows[2 + 2 * k] + from + i;
            __m128i        u = _mm_add_epi16(load_bytes(a), load_bytes(b));
            __m128i        v = _mm_add_epi16(load_bytes(a + 8), load_bytes(b + 8));

            weight = _mm_set1_epi16((int16_t)taps->weight[k]);
            first  = _mm_add_epi16(first, _mm_mullo_epi16(u, weight));
            second = _mm_add_epi16(second, _mm_mullo_epi16(v, weight));
        }
        _mm_storeu_si128((__m128i *)(void *)(out + i), first);
        _mm_storeu_si128((__m128i *)(void *)(out + i + 8), second);
    }
    gauss_down(out + i, rows, taps, from + i, count - i);
}

/* Four times 4 sums of 32 bits. */
typedef struct Tile {
    __m128i low[2], high[2];
} Tile;

SSE41 static inline void add_pair(Tile *tile, const uint16_t *a, const uint16_t *b, __m128i weights)
{
    for (int half = 0; half < 2; half++) {
        __m128i u = load_sums(a + 8 * half), v = load_sums(b + 8 * half);

        tile->low[half]  = _mm_add_epi32(tile->low[half],
                               _mm_madd_epi16(_mm_unpacklo_epi16(u, v), weights));
        tile->high[half] = _mm_add_epi32(tile->high[half],
                               _mm_madd_epi16(_mm_unpackhi_epi16(u, v), weights));
    }
}

/* The upper halves of 8 sums, as 16-bit numbers. */
SSE41 static inline __m128i upper(__m128i low, __m128i high)
{
    return _mm_packus_epi32(_mm_srli_epi32(low, 16), _mm_srli_epi32(high, 16));
}

SSE41 static void across(uint8_t *restrict out, const uint16_t *restrict line,
                        const GaussTaps *taps, int step, int count)
{
    /* What all the 2^15 come to that were taken off, and half for rounding. */
    const __m128i start = _mm_set1_epi32(GAUSS_ONE * (1 << 15) + (1 << 15));
    int           i     = 0;

    for (; i + TILE <= count; i += TILE) {
        Tile tile = { { start, start }, { start, start } };

        add_pair(&tile, line + i, line + i, _mm_set1_epi32(taps->middle));
        for (int k = 0; k < taps->count; k++) {
            ptrdiff_t away = (ptrdiff_t)taps->distance[k] * step;

            add_pair(&tile, line + i - away, line + i + away,
                     _mm_set1_epi16((int16_t)taps->weight[k]));
        }

        __m128i bytes = _mm_packus_epi16(upper(tile.low[0], tile.high[0]),
                                            upper(tile.low[1], tile.high[1]));
        _mm_storeu_si128((__m128i *)(void *)(out + i), bytes);
    }
    gauss_across(out + i, line + i, taps, step, count - i);
}

const GaussKernels gauss_sse41 = { down, across };

#endif
