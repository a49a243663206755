/*
 * blur_gauss - a Gaussian, equal to OpenCV 4.12's GaussianBlur() with sigma 0.
 *
 * For an odd kernel of k:  sigma = 0.3 * ((k - 1) / 2 - 1) + 0.8, weights
 * exp(-d^2 / (2 sigma^2)) over their sum; kernels up to 9 stand in a table.
 * Weights become 256ths from the outside in, each rounded half to even together
 * with what rounding left over of the one before; the one in the middle gets
 * what 256 lacks.  So all arithmetic is in whole numbers and exact until
 *
 *     out = (sum over rows and columns of w * w * pixel + 2^15) >> 16
 *
 * Sums down the columns fit 16 bits, as weights are 256 together.  As those of
 * a large kernel are mostly 0, there are never more than 128 pairs of weights.
 */
#include <math.h>

#include "image/blur_kernels.h"

enum { BLOCK = 512 };    /* bytes of a row that are worked on together */

static const uint16_t small_kernels[][5] = {     /* from the middle outwards */
    { 128, 64 }, { 96, 64, 16 }, { 72, 56, 28, 8 }, { 60, 51, 30, 13, 4 },
};

/* Fill the taps of a kernel; places beyond a row are the mirror's business. */
static void fill_taps(GaussTaps *taps, int size)
{
    int    half  = size / 2, left = GAUSS_ONE;
    double sigma = 0.3 * (half - 1) + 0.8, scale = -0.5 / (sigma * sigma), sum = 1, error = 0;

    taps->count = 0;
    for (int d = half; d > 0; d--) {
        sum += 2 * exp(scale * ((double)d * d));
    }
    for (int d = half; d > 0; d--) {
        double exact  = exp(scale * ((double)d * d)) / sum * GAUSS_ONE + error;
        int    weight = size <= 9 ? small_kernels[half - 1][d] : (int)nearbyint(exact);

        error = exact - weight;
        left -= 2 * weight;
        if (weight > 0) {
            taps->distance[taps->count]  = d;
            taps->weight[taps->count++]  = (uint16_t)weight;
        }
    }
    taps->middle = (uint16_t)left;
}

/* ---- inner loops ----------------------------------------------------------- */

void gauss_down(uint16_t *restrict out, const uint8_t *const *rows, const GaussTaps *taps,
                int from, int count)
{
    const uint8_t *middle = rows[0] + from;

    for (int i = 0; i < count; i++) {
        out[i] = (uint16_t)(middle[i] * taps->middle);
    }
    for (int k = 0; k < taps->count; k++) {
        const uint8_t *a = rows[1 + 2 * k] + from, *b = rows[2 + 2 * k] + from;
        uint16_t       w = taps->weight[k];

        for (int i = 0; i < count; i++) {
            out[i] = (uint16_t)(out[i] + (uint16_t)(a[i] + b[i]) * w);
        }
    }
}

void gauss_across(uint8_t *restrict out, const uint16_t *restrict line, const GaussTaps *taps,
                  int step, int count)
{
    uint32_t sums[BLOCK];

    assert(count <= BLOCK);
    for (int i = 0; i < count; i++) {
        sums[i] = (uint32_t)line[i] * taps->middle + (1u << 15);
    }
    for (int k = 0; k < taps->count; k++) {
        const uint16_t *a = line - (ptrdiff_t)taps->distance[k] * step;
        const uint16_t *b = line + (ptrdiff_t)taps->distance[k] * step;
        uint32_t        w = taps->weight[k];

        for (int i = 0; i < count; i++) {
            sums[i] += ((uint32_t)a[i] + b[i]) * w;
        }
    }
    for (int i = 0; i < count; i++) {
        out[i] = (uint8_t)(sums[i] >> 16);
    }
}

/* ---- a blur ---------------------------------------------------------------- */

typedef struct Gauss {
    const BlurJob      *job;
    const GaussKernels *kernels;
    GaussTaps           down, across;
    int                 reach;    /* pixels on either side of the line */
    uint16_t           *line;     /* sums of a row, mirrored on either side */
} Gauss;

static const GaussKernels *kernels_of(SimdLevel level)
{
    static const GaussKernels plain = { gauss_down, gauss_across };
    static const GaussKernels *const kernels[SIMD_LEVELS] = BY_LEVEL(&plain, &gauss_sse41,
                                                                     &gauss_avx2, &plain);

    return kernels[level];
}

static void sum_columns(const Gauss *g, int y)
{
    const Plane   *from = &g->job->from;
    uint16_t      *out  = g->line + (ptrdiff_t)g->reach * from->pixel;
    const uint8_t *rows[1 + 2 * GAUSS_PAIRS];
    int            count = row_bytes(from);

    rows[0] = mirror_row(from, y);
    for (int k = 0; k < g->down.count; k++) {
        rows[1 + 2 * k] = mirror_row(from, (int64_t)y - g->down.distance[k]);
        rows[2 + 2 * k] = mirror_row(from, (int64_t)y + g->down.distance[k]);
    }
    for (int i = 0; i < count; i += BLOCK) {
        g->kernels->down(out + i, rows, &g->down, i, MIN(BLOCK, count - i));
    }
}

static void copy_sum(const Gauss *g, int to)
{
    int pixel = g->job->from.pixel, at = mirror(to, g->job->from.width);

    memcpy(g->line + ((ptrdiff_t)g->reach + to) * pixel,
           g->line + ((ptrdiff_t)g->reach + at) * pixel, (size_t)pixel * sizeof *g->line);
}

static bool run(const Gauss *g, Error *err)
{
    const Plane *to    = &g->job->to;
    int          count = row_bytes(to), margin = g->reach * to->pixel;

    for (int y = 0; y < to->height; y++) {
        uint8_t *out = to->at + (size_t)y * to->stride;

        if (!cancel_check(g->job->cancel, err)) {
            return false;
        }
        sum_columns(g, y);
        for (int x = 1; x <= g->reach; x++) {
            copy_sum(g, -x);
            copy_sum(g, to->width - 1 + x);
        }
        for (int i = 0; i < count; i += BLOCK) {
            g->kernels->across(out + i, g->line + margin + i, &g->across, to->pixel,
                               MIN(BLOCK, count - i));
        }
    }
    return true;
}

bool blur_gaussian(const BlurJob *job, Error *err)
{
    Gauss g = { .job = job, .kernels = kernels_of(job->level) };

    /* What lies whole periods away is the same pixel, so no tap need reach
     * further than one. */
    fill_taps(&g.down, job->size);
    g.across = g.down;
    for (int k = 0; k < g.across.count; k++) {
        g.across.distance[k] %= mirror_period(job->from.width);
        g.reach = MAX(g.reach, g.across.distance[k]);
    }

    size_t length = ((size_t)job->from.width + 2 * (size_t)g.reach) * (size_t)job->from.pixel;
    g.line = malloc(length * sizeof *g.line);
    if (!g.line) {
        return fail(err, ERR_MEMORY, "no memory to blur a picture");
    }
    bool done = run(&g, err);
    free(g.line);
    return done;
}
