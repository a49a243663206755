/*
 * resize_linear_avx2 - linear interpolation with 256-bit vectors.
 *
 * The same numbers as the scalar kernels, 4 pixels or 32 bytes at a time.
 * Compiled for every x86-64 and used where the processor has AVX2.
 */
#include "image/kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

/* Two source pairs of 4-byte pixels as 16-bit numbers a0 b0 a1 b1 a2 b2 a3 b3,
 * one pair in each half. */
AVX2 static inline __m256i load_pairs(const uint8_t *first, const uint8_t *second)
{
    const __m256i spread = _mm256_setr_epi8(
        0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1,
        0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
    __m128i low  = _mm_loadl_epi64((const __m128i *)(const void *)first);
    __m128i high = _mm_loadl_epi64((const __m128i *)(const void *)second);

    return _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
}

AVX2 static inline __m256i load(const void *at)
{
    return _mm256_loadu_si256(at);
}

AVX2 static void across_colour(int16_t *out, const uint8_t *row, const Columns *columns)
{
    const int32_t *at = columns->at;
    int            x  = 0;

    for (; x + 4 <= columns->count; x += 4) {
        const int16_t *w = columns->weights + (ptrdiff_t)x * 8;
        __m256i a = _mm256_madd_epi16(load_pairs(row + at[x], row + at[x + 1]), load(w));
        __m256i b = _mm256_madd_epi16(load_pairs(row + at[x + 2], row + at[x + 3]), load(w + 16));

        /* Packing works on the halves apart and leaves pixels 0 2 1 3. */
        __m256i packed = _mm256_packs_epi32(_mm256_srai_epi32(a, 4), _mm256_srai_epi32(b, 4));
        _mm256_storeu_si256((__m256i *)(void *)(out + (ptrdiff_t)x * 4),
                            _mm256_permute4x64_epi64(packed, 0xD8));
    }

    Columns rest = *columns;
    rest.count   -= x;
    rest.at      += x;
    rest.weights += (ptrdiff_t)x * 8;
    linear_across(out + (ptrdiff_t)x * 4, row, &rest);
}

/* How many of the columns may read four bytes: those before the last two of a row. */
static int readable(const Columns *columns)
{
    int count = columns->count;

    while (count > 0 && columns->at[count - 1] + 2 > columns->at[columns->count - 1])
        count--;
    return count;
}

/* Sixteen gray pixels a turn: the two neighbours of each are read with what follows. */
AVX2 static void across(int16_t *out, const uint8_t *row, const Columns *columns)
{
    const __m256i spread = _mm256_setr_epi8(
        0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1,
        0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
    int           x      = 0, count = readable(columns);

    for (; x + 16 <= count; x += 16) {
        __m256i sum[2];

        for (int i = 0; i < 2; i++) {
            __m256i four = _mm256_i32gather_epi32((const void *)row,
                                                  load(columns->at + x + 8 * i), 1);

            sum[i] = _mm256_madd_epi16(_mm256_shuffle_epi8(four, spread),
                                       load(columns->weights + 2 * ((ptrdiff_t)x + 8 * i)));
        }

        /* Packing works on the halves apart. */
        __m256i packed = _mm256_packs_epi32(_mm256_srai_epi32(sum[0], 4),
                                            _mm256_srai_epi32(sum[1], 4));
        _mm256_storeu_si256((__m256i *)(void *)(out + x), _mm256_permute4x64_epi64(packed, 0xD8));
    }

    Columns rest = *columns;
    rest.count   -= x;
    rest.at      += x;
    rest.weights += 2 * (ptrdiff_t)x;
    linear_across(out + x, row, &rest);
}

/* 16 values: (upper * w0 >> 16) + (lower * w1 >> 16) + 2, a quarter of it. */
AVX2 static inline __m256i mix(const int16_t *upper, const int16_t *lower, __m256i w0, __m256i w1)
{
    __m256i sum = _mm256_add_epi16(_mm256_mulhi_epi16(load(upper), w0),
                                   _mm256_mulhi_epi16(load(lower), w1));

    return _mm256_srai_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(2)), 2);
}

AVX2 static void down(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                      int count)
{
    __m256i first = _mm256_set1_epi16((int16_t)w0), second = _mm256_set1_epi16((int16_t)w1);
    int     i     = 0;

    for (; i + 32 <= count; i += 32) {
        __m256i a = mix(upper + i, lower + i, first, second);
        __m256i b = mix(upper + i + 16, lower + i + 16, first, second);
        __m256i packed = _mm256_packus_epi16(a, b);

        _mm256_storeu_si256((__m256i *)(void *)(out + i),
                            _mm256_permute4x64_epi64(packed, 0xD8));
    }
    linear_down(out + i, upper + i, lower + i, w0, w1, count - i);
}

const LinearKernels linear_avx2 = { across, across_colour, down };

#endif
