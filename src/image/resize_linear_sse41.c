/*
 * resize_linear_sse41 - linear interpolation with 128-bit vectors.
 *
 * The same numbers as the scalar kernels, 2 pixels or 16 bytes at a time, for x86-64
 * processors without AVX2.
 */
#include "image/kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

SSE41 static inline __m128i load(const void *at)
{
    return _mm_loadu_si128(at);
}

/* A source pair of 4-byte pixels as 16-bit numbers a0 b0 a1 b1 a2 b2 a3 b3, mixed. */
SSE41 static inline __m128i mix_pair(const uint8_t *pair, const int16_t *weights)
{
    const __m128i spread = _mm_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
    __m128i       pixels = _mm_loadl_epi64((const void *)pair);

    return _mm_srai_epi32(_mm_madd_epi16(_mm_shuffle_epi8(pixels, spread), load(weights)), 4);
}

SSE41 static void across_colour(int16_t *out, const uint8_t *row, const Columns *columns)
{
    const int32_t *at = columns->at;
    int            x  = 0;

    for (; x + 2 <= columns->count; x += 2) {
        const int16_t *w = columns->weights + (ptrdiff_t)x * 8;

        _mm_storeu_si128((void *)(out + 4 * (ptrdiff_t)x),
                         _mm_packs_epi32(mix_pair(row + at[x], w),
                                         mix_pair(row + at[x + 1], w + 8)));
    }

    Columns rest = *columns;
    rest.count   -= x;
    rest.at      += x;
    rest.weights += (ptrdiff_t)x * 8;
    linear_across(out + 4 * (ptrdiff_t)x, row, &rest);
}

/* Four gray pixels, mixed. */
SSE41 static inline __m128i mix_four(const uint8_t *row, const int32_t *at, const int16_t *weights)
{
    uint16_t pairs[4];

    for (int i = 0; i < 4; i++)
        memcpy(&pairs[i], row + at[i], sizeof pairs[i]);

    __m128i pixels = _mm_cvtepu8_epi16(_mm_loadl_epi64((const void *)pairs));
    return _mm_srai_epi32(_mm_madd_epi16(pixels, load(weights)), 4);
}

SSE41 static void across(int16_t *out, const uint8_t *row, const Columns *columns)
{
    int x = 0;

    for (; x + 8 <= columns->count; x += 8) {
        const int16_t *w = columns->weights + 2 * (ptrdiff_t)x;

        _mm_storeu_si128((void *)(out + x),
                         _mm_packs_epi32(mix_four(row, columns->at + x, w),
                                         mix_four(row, columns->at + x + 4, w + 8)));
    }

    Columns rest = *columns;
    rest.count   -= x;
    rest.at      += x;
    rest.weights += 2 * (ptrdiff_t)x;
    linear_across(out + x, row, &rest);
}

/* 8 values: (upper * w0 >> 16) + (lower * w1 >> 16) + 2, a quarter of it. */
SSE41 static inline __m128i mix(const int16_t *upper, const int16_t *lower, __m128i w0, __m128i w1)
{
    __m128i sum = _mm_add_epi16(_mm_mulhi_epi16(load(upper), w0),
                                _mm_mulhi_epi16(load(lower), w1));

    return _mm_srai_epi16(_mm_add_epi16(sum, _mm_set1_epi16(2)), 2);
}

SSE41 static void down(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                       int count)
{
    __m128i first = _mm_set1_epi16((int16_t)w0), second = _mm_set1_epi16((int16_t)w1);
    int     i     = 0;

    for (; i + 16 <= count; i += 16) {
        _mm_storeu_si128((void *)(out + i),
                         _mm_packus_epi16(mix(upper + i, lower + i, first, second),
                                          mix(upper + i + 8, lower + i + 8, first, second)));
    }
    linear_down(out + i, upper + i, lower + i, w0, w1, count - i);
}

const LinearKernels linear_sse41 = { across, across_colour, down };

#endif
