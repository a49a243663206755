/*
 * resize_cubic_avx2 - cubic interpolation with 256-bit vectors.
 *
 * The same numbers as the scalar kernels.  Products and sums in float stay apart: a
 * fused multiplication would round once where OpenCV rounds twice.
 */
#include "image/kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

AVX2 static inline __m256i load(const void *at)
{
    return _mm256_loadu_si256(at);
}

/* The pairs of weights of pixels x and x + 1, each in all places of one half. */
AVX2 static inline __m256i weights_of(const int16_t *pairs, int x)
{
    const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    __m128i       two = _mm_loadl_epi64((const void *)(pairs + 2 * (ptrdiff_t)x));

    return _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(two), spread);
}

/* Two pixels of 4 bytes a turn: four neighbours of each fill one half. */
AVX2 static void across_colour(float *out, const uint8_t *row, const CubicColumns *columns)
{
    const __m256i left  = _mm256_setr_epi8(
        0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1,
        0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
    const __m256i right = _mm256_setr_epi8(
        8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1,
        8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1);
    int           x     = 0;

    for (; x + 2 <= columns->count; x += 2) {
        __m128i one    = _mm_loadu_si128((const void *)(row + columns->at[x]));
        __m128i next   = _mm_loadu_si128((const void *)(row + columns->at[x + 1]));
        __m256i pixels = _mm256_set_m128i(next, one);
        __m256i sum    = _mm256_add_epi32(
            _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, left), weights_of(columns->first, x)),
            _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, right), weights_of(columns->last, x)));

        _mm256_storeu_ps(out + 4 * (ptrdiff_t)x, _mm256_cvtepi32_ps(sum));
    }

    CubicColumns rest = *columns;
    rest.count -= x;
    rest.at    += x;
    rest.first += 2 * (ptrdiff_t)x;
    rest.last  += 2 * (ptrdiff_t)x;
    cubic_across(out + 4 * (ptrdiff_t)x, row, &rest);
}

/* Eight gray pixels a turn: the four neighbours of each are one number of 32 bits. */
AVX2 static void across(float *out, const uint8_t *row, const CubicColumns *columns)
{
    const __m256i left  = _mm256_setr_epi8(
        0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1,
        0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
    const __m256i right = _mm256_setr_epi8(
        2, -1, 3, -1, 6, -1, 7, -1, 10, -1, 11, -1, 14, -1, 15, -1,
        2, -1, 3, -1, 6, -1, 7, -1, 10, -1, 11, -1, 14, -1, 15, -1);
    int           x     = 0;

    for (; x + 8 <= columns->count; x += 8) {
        uint32_t pixels[8];

        for (int i = 0; i < 8; i++)
            memcpy(&pixels[i], row + columns->at[x + i], sizeof pixels[i]);

        __m256i four = load(pixels);
        __m256i sum  = _mm256_add_epi32(
            _mm256_madd_epi16(_mm256_shuffle_epi8(four, left),
                              load(columns->first + 2 * (ptrdiff_t)x)),
            _mm256_madd_epi16(_mm256_shuffle_epi8(four, right),
                              load(columns->last + 2 * (ptrdiff_t)x)));

        _mm256_storeu_ps(out + x, _mm256_cvtepi32_ps(sum));
    }

    CubicColumns rest = *columns;
    rest.count -= x;
    rest.at    += x;
    rest.first += 2 * (ptrdiff_t)x;
    rest.last  += 2 * (ptrdiff_t)x;
    cubic_across(out + x, row, &rest);
}

/* Eight values, rounded. */
AVX2 static inline __m256i mix(const float *const rows[4], const __m256 share[4], int i)
{
    __m256 sum = _mm256_mul_ps(_mm256_loadu_ps(rows[3] + i), share[3]);

    for (int k = 2; k >= 0; k--)
        sum = _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(rows[k] + i), share[k]), sum);
    return _mm256_cvtps_epi32(sum);
}

AVX2 static void down(uint8_t *out, const float *const rows[4], const int16_t weights[4],
                      uint32_t ones, int count)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i set   = _mm256_set1_epi32((int32_t)ones);
    __m256        share[4];
    int           i = 0;

    for (int k = 0; k < 4; k++)
        share[k] = _mm256_set1_ps((float)weights[k] / (1 << 22));
    for (; i + 32 <= count; i += 32) {
        __m256i low  = _mm256_packs_epi32(mix(rows, share, i), mix(rows, share, i + 8));
        __m256i high = _mm256_packs_epi32(mix(rows, share, i + 16), mix(rows, share, i + 24));

        /* Packing works on the halves apart. */
        __m256i packed = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
        _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_or_si256(packed, set));
    }
    cubic_down(out + i, (const float *const[]){ rows[0] + i, rows[1] + i, rows[2] + i,
               rows[3] + i }, weights, ones, count - i);
}

const CubicKernels cubic_avx2 = { across, across_colour, down };

#endif
