/*
 * blur_kernels - what the four blurs share.
 *
 * Private to image/.  Inner loops are compiled for every level, see simd.h.
 */
#ifndef OCELLUS_IMAGE_BLUR_KERNELS_H
#define OCELLUS_IMAGE_BLUR_KERNELS_H

#include "image/blur.h"
#include "image/simd.h"

/* A blur at work. */
typedef struct BlurJob {
    Plane         from, to;
    int           channels, size;
    SimdLevel     level;
    const Cancel *cancel;
} BlurJob;

bool blur_average(const BlurJob *job, Error *err) MUST_USE;
bool blur_gaussian(const BlurJob *job, Error *err) MUST_USE;
bool blur_median(const BlurJob *job, Error *err) MUST_USE;
bool blur_histogram(const BlurJob *job, Error *err) MUST_USE;    /* median, sizes above 5 */
bool blur_bilateral(const BlurJob *job, double colour, double space, Error *err) MUST_USE;

/* ---- Gaussian ---------------------------------------------------------------- */

enum { GAUSS_ONE = 256, GAUSS_PAIRS = GAUSS_ONE / 2 };    /* a weight of 1 */

/* The weights: one in the middle, and pairs at equal distance from it. */
typedef struct GaussTaps {
    int      count;                    /* of pairs */
    uint16_t middle;
    uint16_t weight[GAUSS_PAIRS];
    int      distance[GAUSS_PAIRS];
} GaussTaps;

/* `count` sums down the columns that begin at byte `from`: rows[0] is the middle
 * one, then come pairs. */
void gauss_down(uint16_t *restrict out, const uint8_t *const *rows, const GaussTaps *taps,
                int from, int count);

/* Up to 512 bytes from the sums around `line`, whose taps are `step` apart. */
void gauss_across(uint8_t *restrict out, const uint16_t *restrict line, const GaussTaps *taps,
                  int step, int count);

typedef struct GaussKernels {
    void (*down)(uint16_t *restrict out, const uint8_t *const *rows, const GaussTaps *taps,
                 int from, int count);
    void (*across)(uint8_t *restrict out, const uint16_t *restrict line, const GaussTaps *taps,
                   int step, int count);
} GaussKernels;

extern const GaussKernels gauss_sse41, gauss_avx2;

/* ---- bilateral --------------------------------------------------------------- */

enum { DIFFERENCES = 3 * 255 + 1 };

typedef struct Bilateral {
    const BlurJob *job;
    int            radius, planes;
    size_t         length;              /* of a mirrored row, in pixels */
    float         *space;               /* weights of a quadrant, (radius + 1)^2 */
    float         *line[3];             /* one mirrored row, channel by channel */
    float         *centre[3];           /* the row that is being made */
    float         *sums[3], *weights;   /* of the same row */
    float          alike[DIFFERENCES];
} Bilateral;

/* Add the pixels of a line to the sums from place `from` on; `space` are the
 * weights of their columns, by distance.  The second one does as many places as
 * it can from the left and returns where it stopped. */
void bilateral_add_row(const Bilateral *b, const float *space, int from);
int  bilateral_add_row_avx2(const Bilateral *b, const float *space);

/* ---- places ------------------------------------------------------------------ */

/* How long a mirrored row of n pixels is until it repeats. */
static inline int mirror_period(int n)
{
    return n > 1 ? 2 * n - 2 : 1;
}

/* Which of n pixels stands at place i of the mirrored row. */
static inline int mirror(int64_t i, int n)
{
    int period = mirror_period(n), at = (int)(i % period);

    if (at < 0) {
        at += period;
    }
    return at < n ? at : period - at;
}

/* Row y of a plane, by its mirrored place. */
static inline const uint8_t *mirror_row(const Plane *plane, int64_t y)
{
    return plane->at + (size_t)mirror(y, plane->height) * plane->stride;
}

/* Bytes in a row's pixels, without padding. */
static inline int row_bytes(const Plane *plane)
{
    return plane->width * plane->pixel;
}

#endif
