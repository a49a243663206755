/*
 * resize_cubic_sse41 - cubic interpolation with 128-bit vectors.
 *
 * The same numbers as the scalar kernels; for x86-64 processors without AVX2.
 */
#include "image/kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

/* A pair of weights in all places. */
SSE41 static inline __m128i weights_of(const int16_t *pairs, int x)
{
    int32_t pair;

    memcpy(&pair, pairs + 2 * (ptrdiff_t)x, sizeof pair);
    return _mm_set1_epi32(pair);
}

SSE41 static void across_colour(float *out, const uint8_t *row, const CubicColumns *columns)
{
    const __m128i left  = _mm_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
    const __m128i right = _mm_setr_epi8(8, -1, 12, -1, 9, -1, 13, -1,
                                        10, -1, 14, -1, 11, -1, 15, -1);

    for (int x = 0; x < columns->count; x++) {
        __m128i four = _mm_loadu_si128((const void *)(row + columns->at[x]));
        __m128i sum  = _mm_add_epi32(
            _mm_madd_epi16(_mm_shuffle_epi8(four, left), weights_of(columns->first, x)),
            _mm_madd_epi16(_mm_shuffle_epi8(four, right), weights_of(columns->last, x)));

        _mm_storeu_ps(out + 4 * (ptrdiff_t)x, _mm_cvtepi32_ps(sum));
    }
}

/* Four gray pixels a turn: the four neighbours of each are one number of 32 bits. */
SSE41 static void across(float *out, const uint8_t *row, const CubicColumns *columns)
{
    const __m128i left  = _mm_setr_epi8(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
    const __m128i right = _mm_setr_epi8(2, -1, 3, -1, 6, -1, 7, -1,
                                        10, -1, 11, -1, 14, -1, 15, -1);
    int           x     = 0;

    for (; x + 4 <= columns->count; x += 4) {
        const int16_t *first = columns->first + 2 * (ptrdiff_t)x;
        const int16_t *last  = columns->last + 2 * (ptrdiff_t)x;
        uint32_t       pixels[4];

        for (int i = 0; i < 4; i++)
            memcpy(&pixels[i], row + columns->at[x + i], sizeof pixels[i]);

        __m128i four = _mm_loadu_si128((const void *)pixels);
        __m128i sum  = _mm_add_epi32(
            _mm_madd_epi16(_mm_shuffle_epi8(four, left), _mm_loadu_si128((const void *)first)),
            _mm_madd_epi16(_mm_shuffle_epi8(four, right), _mm_loadu_si128((const void *)last)));

        _mm_storeu_ps(out + x, _mm_cvtepi32_ps(sum));
    }

    CubicColumns rest = *columns;
    rest.count -= x;
    rest.at    += x;
    rest.first += 2 * (ptrdiff_t)x;
    rest.last  += 2 * (ptrdiff_t)x;
    cubic_across(out + x, row, &rest);
}

/* Four values, rounded. */
SSE41 static inline __m128i mix(const float *const rows[4], const __m128 share[4], int i)
{
    __m128 sum = _mm_mul_ps(_mm_loadu_ps(rows[3] + i), share[3]);

    for (int k = 2; k >= 0; k--)
        sum = _mm_add_ps(_mm_mul_ps(_mm_loadu_ps(rows[k] + i), share[k]), sum);
    return _mm_cvtps_epi32(sum);
}

SSE41 static void down(uint8_t *out, const float *const rows[4], const int16_t weights[4],
                       uint32_t ones, int count)
{
    const __m128i set = _mm_set1_epi32((int32_t)ones);
    __m128        share[4];
    int           i = 0;

    for (int k = 0; k < 4; k++)
        share[k] = _mm_set1_ps((float)weights[k] / (1 << 22));
    for (; i + 16 <= count; i += 16) {
        __m128i low  = _mm_packs_epi32(mix(rows, share, i), mix(rows, share, i + 4));
        __m128i high = _mm_packs_epi32(mix(rows, share, i + 8), mix(rows, share, i + 12));

        _mm_storeu_si128((void *)(out + i), _mm_or_si128(_mm_packus_epi16(low, high), set));
    }
    cubic_down(out + i, (const float *const[]){ rows[0] + i, rows[1] + i, rows[2] + i,
               rows[3] + i }, weights, ones, count - i);
}

const CubicKernels cubic_sse41 = { across, across_colour, down };

#endif
