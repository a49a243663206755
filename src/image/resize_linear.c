/*
 * resize_linear - linear interpolation, equal to OpenCV 4.12 to the last bit.
 *
 * Along each axis, with n source and m destination pixels and r = 1 / (m / n):
 *
 *     f = float((d + 0.5) * r - 0.5);  s = floor(f);  f -= s
 *
 * Columns whose s lies outside are moved to the edge with f = 0; for rows only
 * the indices s and s + 1 are clamped, so the first and last rows are mixed
 * with themselves, which shows in the rounding.  Weights are in 1/2048, each
 * rounded on its own: they may sum to 2047 or 2049.
 *
 *     H   = S[s] * w0 + S[s + 1] * w1                            columns first
 *     out = (((v0 * (H0 >> 4)) >> 16) + ((v1 * (H1 >> 4)) >> 16) + 2) >> 2
 *
 * As only H >> 4 is used, which fits into 16 bits, that is what is kept.
 *
 * Enlarging by area is the same with s = floor(d * r) and, with q = m / n,
 * f = float((d + 1) - (s + 1) * q), of which only a positive fraction counts.
 */
#include "image/kernels.h"

#include <math.h>

enum { ONE = 2048 };    /* a weight of 1 */

/* Where one destination row or column comes from. */
typedef struct Tap {
    int     at;         /* may be -1 or n - 1 for rows */
    int16_t first, second;
} Tap;

/* A number in two places: what both axes are computed from. */
typedef struct Axis {
    int    from, to;
    double ratio;       /* r */
    double inverse;     /* q */
    bool   spread;
} Axis;

static Axis axis_of(int from, int to, bool spread)
{
    return (Axis){ from, to, resize_ratio(from, to), (double)to / from, spread };
}

static int16_t weight(float share)
{
    return (int16_t)lrintf(share * ONE);
}

static Tap tap_of(float share, int at)
{
    return (Tap){ at, weight(1 - share), weight(share) };
}

static Tap row_tap(const Axis *axis, int d)
{
    if (!axis->spread) {
        float place = (float)((d + 0.5) * axis->ratio - 0.5);
        int   at    = (int)floorf(place);

        return tap_of(place - (float)at, at);
    }

    int   at    = (int)floor(d * axis->ratio);
    float share = (float)((d + 1) - (at + 1) * axis->inverse);

    return tap_of(share <= 0 ? 0 : share - floorf(share), at);
}

/* As for rows, but at the edges one pixel counts alone.  At the right one it
 * is the second of its pair, so that a pair never reaches past the row. */
static Tap column_tap(const Axis *axis, int d)
{
    Tap tap = row_tap(axis, d);

    if (tap.at < 0)
        return (Tap){ 0, ONE, 0 };
    if (tap.at >= axis->from - 1)
        return axis->from > 1 ? (Tap){ axis->from - 2, 0, ONE } : (Tap){ 0, ONE, 0 };
    return tap;
}

/* ---- scalar kernels -------------------------------------------------------- */

void linear_across(int16_t *out, const uint8_t *row, const Columns *columns)
{
    for (int x = 0; x < columns->count; x++) {
        const uint8_t *from = row + columns->at[x];
        const int16_t *w    = columns->weights + (ptrdiff_t)x * 2 * columns->pixel;

        for (int i = 0; i < columns->pixel; i++)
            *out++ = (int16_t)((from[i] * w[0] + from[i + columns->next] * w[1]) >> 4);
    }
}

void linear_down(uint8_t *out, const int16_t *upper, const int16_t *lower, int w0, int w1,
                 int count)
{
    for (int i = 0; i < count; i++) {
        int value = (((w0 * upper[i]) >> 16) + ((w1 * lower[i]) >> 16) + 2) >> 2;

        out[i] = (uint8_t)MIN(value, 255);
    }
}

const LinearKernels linear_scalar = { linear_across, linear_across, linear_down };

const LinearKernels *linear_kernels(SimdLevel level)
{
    static const LinearKernels *const kernels[SIMD_LEVELS] = BY_LEVEL(
        &linear_scalar, &linear_sse41, &linear_avx2, &linear_neon);

    return kernels[level];
}

/* ---- a resize -------------------------------------------------------------- */

/* The work at hand.  Two rows are kept: going down, most destination rows use
 * a source row that the one before used already. */
typedef struct Job {
    const LinearKernels *kernels;
    Plane                from, to;
    Columns              columns;
    int16_t             *rows[2];
    int                  held[2];    /* which source rows those are; -1: none */
} Job;

/* Source row `y` mixed across; not in the place of row `other`. */
static const int16_t *row_across(Job *job, int y, int other)
{
    if (job->held[0] == y)
        return job->rows[0];
    if (job->held[1] == y)
        return job->rows[1];

    const Columns *columns = &job->columns;
    const uint8_t *row     = job->from.at + (size_t)y * job->from.stride;
    int            slot    = job->held[0] == other ? 1 : 0;

    if (columns->next == 0)
        linear_across(job->rows[slot], row, columns);
    else
        (columns->pixel == 4 ? job->kernels->across_colour : job->kernels->across)(
            job->rows[slot], row, columns);
    job->held[slot] = y;
    return job->rows[slot];
}

static void run(Job *job, Axis axis)
{
    int  count = job->to.width * job->to.pixel, last = job->from.height - 1;

    for (int y = 0; y < job->to.height; y++) {
        Tap tap   = row_tap(&axis, y);
        int first = MAX(0, MIN(tap.at, last)), second = MAX(0, MIN(tap.at + 1, last));

        if (tap.second == 0)
            second = first;           /* nothing of it shows */
        const int16_t *upper = row_across(job, first, second);
        const int16_t *lower = row_across(job, second, first);

        job->kernels->down(job->to.at + (size_t)y * job->to.stride, upper, lower, tap.first,
                           tap.second, count);
    }
}

static void fill_columns(int32_t *at, int16_t *weights, const Axis *axis, int pixel)
{
    for (int x = 0; x < axis->to; x++) {
        Tap tap = column_tap(axis, x);

        at[x] = tap.at * pixel;
        for (int i = 0; i < pixel; i++) {
            *weights++ = tap.first;
            *weights++ = tap.second;
        }
    }
}

static bool resize_axes(const LinearKernels *kernels, Plane from, Plane to, Axis across, Axis down,
                        Error *err)
{
    size_t   width   = (size_t)to.width, values = width * (size_t)to.pixel;
    int32_t *at      = malloc(width * sizeof *at);
    int16_t *weights = malloc(2 * values * sizeof *weights);
    int16_t *rows    = malloc(2 * values * sizeof *rows);
    bool     done    = at && weights && rows;

    if (done) {
        Job job = {
            .kernels = kernels, .from = from, .to = to,
            .columns = { to.width, to.pixel, from.width > 1 ? to.pixel : 0, at, weights },
            .rows = { rows, rows + values }, .held = { -1, -1 },
        };

        fill_columns(at, weights, &across, to.pixel);
        run(&job, down);
    } else {
        fail(err, ERR_MEMORY, "no memory to resize a picture");
    }
    free(at);
    free(weights);
    free(rows);
    return done;
}

bool resize_linear(const LinearKernels *kernels, Plane from, Plane to, bool spread, Error *err)
{
    return resize_axes(kernels, from, to, axis_of(from.width, to.width, spread),
                       axis_of(from.height, to.height, spread), err);
}

/* Halving is done by area, and at an odd edge with the pixels that are there. */
static void halve(Plane from, Plane to)
{
    for (int y = 0; y < to.height; y++) {
        int rows = MIN(2, from.height - 2 * y);

        for (int i = 0; i < to.width * to.pixel; i++) {
            int            x       = i / to.pixel, columns = MIN(2, from.width - 2 * x);
            const uint8_t *at      = from.at + (size_t)(2 * y) * from.stride + i + x * to.pixel;
            const uint8_t *below   = rows == 2 ? at + from.stride : at;
            int            right   = columns == 2 ? to.pixel : 0;
            int            sum     = at[0] + at[right] + below[0] + below[right];
            float          quarter = (float)sum / 4;

            to.at[(size_t)y * to.stride + (size_t)i] =
                (uint8_t)(rows + columns == 4 ? (sum + 2) / 4 : lrintf(quarter));
        }
    }
}

bool plane_shrink(Plane from, Plane to, double factor, Error *err)
{
    Axis across = axis_of(from.width, to.width, false);
    Axis down   = axis_of(from.height, to.height, false);

    if (factor == 0.5) {
        halve(from, to);
        return true;
    }
    across.ratio = down.ratio = 1.0 / factor;
    return resize_axes(linear_kernels(simd_level()), from, to, across, down, err);
}
