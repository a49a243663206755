/*
 * resize_cubic - cubic interpolation, equal to OpenCV 4.12 to the last bit.
 *
 * OpenCV's own kernel, which it uses wherever Intel's IPP is not built in or is
 * switched off; IPP rounds another way, and not the same on every processor.
 *
 * Along each axis, with n source and m destination pixels and r = 1 / (m / n):
 *
 *     f = float((d + 0.5) * r - 0.5);  s = floor(f);  x = f - s
 *
 * the pixels s - 1 .. s + 2 count, indices clamped, with the weights of a cubic of
 * A = -0.75 computed in float and rounded to 1/2048.  Columns are summed exactly.
 * Rows are summed in float, from the last to the first, eight values at a time, and
 * the up to seven values that are left of a row in integers: the two differ in the
 * rounding.  A colour pixel is three values there, though it takes four bytes here.
 */
#include "image/kernels.h"

#include <math.h>

enum { ONE = 2048, TAPS = 4, BORDER = 2, GROUP = 8, SHIFT = 22 };

/* Where one destination row or column comes from. */
typedef struct CubicTap {
    int     at;                 /* s, from -1 to n - 1 */
    int16_t weights[TAPS];
} CubicTap;

static int16_t weight(float share)
{
    return (int16_t)lrintf(share * ONE);
}

static float outer(float x)
{
    const float a = -0.75f;

    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

static float inner(float x)
{
    const float a = -0.75f;

    return ((a + 2) * x - (a + 3)) * x * x + 1;
}

static CubicTap tap_of(int d, double ratio, int from)
{
    float place = (float)((d + 0.5) * ratio - 0.5);
    int   at    = MAX(-1, MIN((int)floorf(place), from - 1));
    float x     = place - floorf(place);
    float share[TAPS] = { outer(x + 1), inner(x), inner(1 - x), 0 };

    share[3] = 1 - share[0] - share[1] - share[2];
    return (CubicTap){ at, { weight(share[0]), weight(share[1]), weight(share[2]),
                             weight(share[3]) } };
}

/* ---- scalar kernels -------------------------------------------------------- */

void cubic_across(float *out, const uint8_t *row, const CubicColumns *columns)
{
    int pixel = columns->pixel;

    for (int x = 0; x < columns->count; x++) {
        const uint8_t *from  = row + columns->at[x];
        const int16_t *first = columns->first + 2 * (ptrdiff_t)x;
        const int16_t *last  = columns->last + 2 * (ptrdiff_t)x;

        for (int i = 0; i < pixel; i++)
            *out++ = (float)(from[i] * first[0] + from[i + pixel] * first[1] +
                             from[i + 2 * pixel] * last[0] + from[i + 3 * pixel] * last[1]);
    }
}

void cubic_down(uint8_t *out, const float *const rows[4], const int16_t weights[4], uint32_t ones,
                int count)
{
    float share[TAPS];

    for (int k = 0; k < TAPS; k++)
        share[k] = (float)weights[k] / (1 << SHIFT);
    for (int i = 0; i < count; i++) {
        float sum = rows[3][i] * share[3];

        for (int k = 2; k >= 0; k--)
            sum = rows[k][i] * share[k] + sum;
        out[i] = (uint8_t)(MAX(0, MIN(lrintf(sum), 255)) | (ones >> i % 4 * 8 & 255));
    }
}

const CubicKernels cubic_scalar = { cubic_across, cubic_across, cubic_down };

/* What is left of a row. */
static uint8_t whole(const float *const rows[4], const int16_t weights[4], int i)
{
    int64_t sum = (int64_t)1 << (SHIFT - 1);

    for (int k = 0; k < TAPS; k++)
        sum += (int64_t)rows[k][i] * weights[k];
    return (uint8_t)MAX(0, MIN(sum >> SHIFT, 255));
}

/* ---- a resize -------------------------------------------------------------- */

/* The work at hand.  Rows are kept, as most are needed four times. */
typedef struct Job {
    const CubicKernels *kernels;
    Plane               from, to;
    int                 channels;
    CubicColumns        columns;
    uint8_t            *wide;             /* a source row with its edges repeated */
    float              *rows[TAPS];
    int                 held[TAPS];       /* which source rows those are; -1: none */
} Job;

static void widen(const Job *job, const uint8_t *row)
{
    size_t   pixel = (size_t)job->from.pixel, bytes = (size_t)job->from.width * pixel;
    uint8_t *at    = job->wide;

    for (int i = 0; i < BORDER; i++, at += pixel)
        memcpy(at, row, pixel);
    memcpy(at, row, bytes);
    at += bytes;
    for (int i = 0; i < BORDER; i++, at += pixel)
        memcpy(at, row + bytes - pixel, pixel);
}

/* Source row `y` mixed across, in the place of a row outside of first .. last. */
static const float *row_across(Job *job, int y, int first, int last)
{
    int slot = -1;

    for (int i = 0; i < TAPS; i++) {
        if (job->held[i] == y)
            return job->rows[i];
        if (job->held[i] < first || job->held[i] > last)
            slot = i;
    }
    assert(slot >= 0);
    widen(job, job->from.at + (size_t)y * job->from.stride);
    (job->from.pixel == 4 ? job->kernels->across_colour : job->kernels->across)(
        job->rows[slot], job->wide, &job->columns);
    job->held[slot] = y;
    return job->rows[slot];
}

/* One destination row: groups of eight, then the rest.  What our fourth byte makes
 * more of a row than OpenCV's three channels is left out of the count of groups. */
static void finish(const Job *job, uint8_t *out, const float *const rows[4],
                   const int16_t weights[4])
{
    int      values  = job->to.width * job->channels, pixel = job->to.pixel;
    int      grouped = values - values % GROUP;
    int      done    = grouped / job->channels * pixel;
    int      edge    = done + grouped % job->channels;
    uint32_t ones    = job->channels == 3 ? 0xFF000000 : 0;

    job->kernels->down(out, rows, weights, ones, done);
    cubic_down(out + done, (const float *const[]){ rows[0] + done, rows[1] + done,
               rows[2] + done, rows[3] + done }, weights, ones, edge - done);
    for (int i = edge; i < job->to.width * pixel; i++)
        out[i] = (uint8_t)(whole(rows, weights, i) | (ones >> i % 4 * 8));
}

static void run(Job *job)
{
    double ratio = resize_ratio(job->from.height, job->to.height);
    int    edge  = job->from.height - 1;

    for (int y = 0; y < job->to.height; y++) {
        CubicTap     tap   = tap_of(y, ratio, job->from.height);
        int          first = MAX(0, tap.at - 1), last = MIN(tap.at + 2, edge);
        const float *rows[TAPS];

        for (int k = 0; k < TAPS; k++)
            rows[k] = row_across(job, MAX(0, MIN(tap.at - 1 + k, edge)), first, last);
        finish(job, job->to.at + (size_t)y * job->to.stride, rows, tap.weights);
    }
}

static void fill_columns(int32_t *at, int16_t *first, int16_t *last, Plane from, int count)
{
    double ratio = resize_ratio(from.width, count);

    for (int x = 0; x < count; x++) {
        CubicTap tap = tap_of(x, ratio, from.width);

        at[x] = (tap.at - 1 + BORDER) * from.pixel;
        memcpy(first + 2 * (ptrdiff_t)x, tap.weights, 2 * sizeof *first);
        memcpy(last + 2 * (ptrdiff_t)x, tap.weights + 2, 2 * sizeof *last);
    }
}

bool resize_cubic(const CubicKernels *kernels, Plane from, Plane to, int channels, Error *err)
{
    size_t   width  = (size_t)to.width, values = width * (size_t)to.pixel;
    int32_t *at     = malloc(width * sizeof *at);
    int16_t *pairs  = malloc(4 * width * sizeof *pairs);
    float   *rows   = malloc(TAPS * values * sizeof *rows);
    uint8_t *wide   = malloc(((size_t)from.width + 2 * BORDER) * (size_t)from.pixel);
    bool     done   = at && pairs && rows && wide;

    if (done) {
        Job job = {
            .kernels = kernels, .from = from, .to = to, .channels = channels,
            .columns = { to.width, to.pixel, at, pairs, pairs + 2 * width }, .wide = wide,
            .rows = { rows, rows + values, rows + 2 * values, rows + 3 * values },
            .held = { -1, -1, -1, -1 },
        };

        fill_columns(at, pairs, pairs + 2 * width, from, to.width);
        run(&job);
    } else {
        fail(err, ERR_MEMORY, "no memory to resize a picture");
    }
    free(at);
    free(pairs);
    free(rows);
    free(wide);
    return done;
}

const CubicKernels *cubic_kernels(SimdLevel level)
{
    static const CubicKernels *const kernels[SIMD_LEVELS] = BY_LEVEL(
        &cubic_scalar, &cubic_sse41, &cubic_avx2, &cubic_neon);

    return kernels[level];
}
