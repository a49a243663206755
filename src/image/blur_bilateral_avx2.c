/*
 * blur_bilateral_avx2 - the sums of a bilateral filter with 256-bit vectors.
 *
 * Eight places at a time, whose sums stay in registers while all pixels of the
 * line are added: the same operations in the same order as in the plain loop.
 */
#include "image/blur_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>

enum { TILE = 8 };

typedef struct Tile {
    __m256 weights, sums[3], centre[3];
} Tile;

AVX2 static inline __m256 magnitude(__m256 v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

/* Add the pixels at place `at` of the line and the seven that follow. */
AVX2 static inline void add_pixels(Tile *tile, const Bilateral *b, int at, float space, int planes)
{
    __m256 pixels[3], apart = _mm256_setzero_ps();

    for (int c = 0; c < planes; c++) {
        pixels[c] = _mm256_loadu_ps(b->line[c] + at);
        apart = _mm256_add_ps(apart, magnitude(_mm256_sub_ps(pixels[c], tile->centre[c])));
    }

    __m256 alike  = _mm256_i32gather_ps(b->alike, _mm256_cvttps_epi32(apart), 4);
    __m256 weight = _mm256_mul_ps(_mm256_set1_ps(space), alike);

    tile->weights = _mm256_add_ps(tile->weights, weight);
    for (int c = 0; c < planes; c++) {
        tile->sums[c] = _mm256_fmadd_ps(pixels[c], weight, tile->sums[c]);
    }
}

AVX2 static inline int add_row(const Bilateral *b, const float *space, int planes)
{
    int i = 0, reach = b->radius;

    while (reach > 0 && space[reach] <= 0) {
        reach--;
    }
    for (; i + TILE <= b->job->from.width; i += TILE) {
        Tile tile;

        tile.weights = _mm256_loadu_ps(b->weights + i);
        for (int c = 0; c < planes; c++) {
            tile.sums[c]   = _mm256_loadu_ps(b->sums[c] + i);
            tile.centre[c] = _mm256_loadu_ps(b->centre[c] + i);
        }
        for (int dx = -reach; dx <= reach; dx++) {
            add_pixels(&tile, b, b->radius + i + dx, space[abs(dx)], planes);
        }
        _mm256_storeu_ps(b->weights + i, tile.weights);
        for (int c = 0; c < planes; c++) {
            _mm256_storeu_ps(b->sums[c] + i, tile.sums[c]);
        }
    }
    return i;
}

AVX2 int bilateral_add_row_avx2(const Bilateral *b, const float *space)
{
    return b->planes == 3 ? add_row(b, space, 3) : add_row(b, space, 1);
}

#else

int bilateral_add_row_avx2(const Bilateral *b, const float *space)
{
    (void)b;
    (void)space;
    return 0;
}

#endif
