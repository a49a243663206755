/*
 * blur_box - the mean over a square, equal to OpenCV 4.12's blur().
 *
 * For a kernel of k the window around x begins at x - k / 2 and holds k pixels.
 * A sum s of k * k pixels becomes
 *
 *     k <= 16:  f = 2^23 / k^2;  S = floor(f);  D = floor(k^2 / 2);
 *               D += 1 when f - S < 0.5, else S += 1;   ((s + D) * S) >> 23
 *     k < 2902: s * (1 / k^2) in floats, rounded half to even; the last few bytes
 *               of a row, those beyond a multiple of 8, in doubles
 *     else      in doubles
 *
 * Sums run along: going down, each column's sum gains a row and loses one;
 * going right, the window's sum gains a column and loses one.  So the time does
 * not depend on k.
 */
#include <math.h>

#include "image/blur_kernels.h"

enum {
    SMALL  = 16,       /* kernels that are divided by multiplying */
    NARROW = 2901,     /* the largest kernel whose sums fit 31 bits */
    BLOCK  = 128,      /* pixels that are summed up before they are divided */
    LEFT   = 8,        /* bytes that OpenCV divides at once */
};

typedef struct Box {
    const BlurJob *job;
    int32_t       *line;         /* mirrored columns: from where the first window begins */
    int32_t       *columns;      /* inside: sum down the window, for each byte of a row */
    int32_t       *across;       /* how often the first window holds each pixel */
    int            span;         /* places from what a window loses to what it gains */
    uint32_t       scale, round; /* of small kernels */
} Box;

/* Four sums that move as one: those of a colour pixel. */
typedef int32_t Four __attribute__((vector_size(16), aligned(4), may_alias));

/* ---- inner loops ----------------------------------------------------------- */

LOOP void move_columns(int32_t *restrict columns, const uint8_t *enter, const uint8_t *leave,
                       int count)
{
    for (int i = 0; i < count; i++) {
        columns[i] += enter[i] - leave[i];
    }
}

LOOP void slide_colour(int32_t *out, const int32_t *line, int span, int count, int32_t *first)
{
    const int32_t *enter = line + (ptrdiff_t)span * 4;
    Four           sum   = *(const Four *)first;

    for (int x = 0; x < count; x++) {
        *(Four *)(out + 4 * (ptrdiff_t)x) = sum;
        sum += *(const Four *)(enter + 4 * (ptrdiff_t)x) - *(const Four *)(line + 4 * (ptrdiff_t)x);
    }
    *(Four *)first = sum;
}

LOOP void slide_gray(int32_t *out, const int32_t *line, int span, int count, int32_t *first)
{
    int32_t sum = *first;

    for (int x = 0; x < count; x++) {
        out[x] = sum;
        sum += line[x + span] - line[x];
    }
    *first = sum;
}

LOOP void divide_small(uint8_t *restrict out, const int32_t *restrict sums, uint32_t scale,
                       uint32_t round, int count)
{
    for (int i = 0; i < count; i++) {
        out[i] = (uint8_t)((((uint32_t)sums[i] + round) * scale) >> 23);
    }
}

/* Adding and taking away 1.5 * 2^23 rounds half to even. */
LOOP void divide_large(uint8_t *restrict out, const int32_t *restrict sums, float scale, int count)
{
    const float magic = 12582912.0f;

    for (int i = 0; i < count; i++) {
        out[i] = (uint8_t)(int)(((float)sums[i] * scale + magic) - magic);
    }
}

/* OpenCV divides 8 bytes at once and what is left over in doubles; its rows have
 * as many bytes a pixel as there are channels.  `sums` and `out` begin at pixel
 * `from`, a few before the end. */
static void divide_rest(const Box *box, uint8_t *out, const int32_t *sums, int from)
{
    int    pixel = box->job->to.pixel, channels = box->job->channels, size = box->job->size;
    int    total = box->job->to.width * channels;
    double scale = 1.0 / ((double)size * size);

    for (int i = total - total % LEFT; i < total; i++) {
        int at = (i / channels - from) * pixel + i % channels;

        out[at] = (uint8_t)lrint(sums[at] * scale);
    }
}

/* A row, block by block; `first` is what its first window holds. */
LOOP void write_row(const Box *box, uint8_t *out, int32_t *first)
{
    int32_t sums[4 * (BLOCK + LEFT)];
    int     width = box->job->to.width, pixel = box->job->to.pixel, size = box->job->size;
    float   scale = (float)(1.0 / ((double)size * size));

    for (int x = 0, count; x < width; x += count) {
        const int32_t *line = box->line + (ptrdiff_t)x * pixel;
        uint8_t       *to   = out + (ptrdiff_t)x * pixel;

        count = width - x <= BLOCK + LEFT ? width - x : BLOCK;
        if (pixel == 4) {
            slide_colour(sums, line, box->span, count, first);
        } else {
            slide_gray(sums, line, box->span, count, first);
        }
        if (size <= SMALL) {
            divide_small(to, sums, box->scale, box->round, count * pixel);
        } else {
            divide_large(to, sums, scale, count * pixel);
        }
        if (size > SMALL && x + count == width) {
            divide_rest(box, to, sums, x);
        }
    }
}

FOR_EVERY_LEVEL(move_columns, (int32_t *columns, const uint8_t *enter, const uint8_t *leave,
                               int count), (columns, enter, leave, count));
FOR_EVERY_LEVEL(write_row, (const Box *box, uint8_t *out, int32_t *first), (box, out, first));

/* ---- a blur ---------------------------------------------------------------- */

/* Count how often the window around 0 holds each of `length` pixels. */
static void count_window(int32_t *counts, int length, int size)
{
    memset(counts, 0, (size_t)length * sizeof *counts);
    for (int i = 0; i < size; i++) {
        counts[mirror(i - size / 2, length)]++;
    }
}

static bool first_columns(const Box *box, Error *err)
{
    const Plane *from  = &box->job->from;
    int          count = row_bytes(from);
    int32_t     *times = calloc((size_t)from->height, sizeof *times);

    if (!times) {
        return fail(err, ERR_MEMORY, "no memory to blur a picture");
    }
    count_window(times, from->height, box->job->size);
    for (int y = 0; y < from->height; y++) {
        const uint8_t *row = from->at + (size_t)y * from->stride;

        for (int i = 0; times[y] > 0 && i < count; i++) {
            box->columns[i] += times[y] * row[i];
        }
    }
    free(times);
    return true;
}

/* Mirror the column sums at both ends. */
static void fill_line(const Box *box)
{
    int width = box->job->from.width, pixel = box->job->from.pixel;
    int start = (int)((box->columns - box->line) / pixel), end = width + box->span;

    for (int x = start > 0 ? 0 : width; x < end; x += x == start - 1 ? width + 1 : 1) {
        memcpy(box->line + (ptrdiff_t)x * pixel,
               box->columns + (ptrdiff_t)mirror(x - start, width) * pixel,
               (size_t)pixel * sizeof *box->line);
    }
}

/* What the window around 0 holds. */
static void first_sums(const Box *box, int64_t sums[4])
{
    const BlurJob *job   = box->job;
    int            pixel = job->from.pixel;
    bool           whole = job->size >= mirror_period(job->from.width);
    int            count = whole ? job->from.width : job->size;
    const int32_t *from  = whole ? box->columns : box->line;

    memset(sums, 0, 4 * sizeof *sums);
    for (int x = 0; x < count; x++) {
        for (int c = 0; c < pixel; c++) {
            sums[c] += (int64_t)(whole ? box->across[x] : 1) * from[x * pixel + c];
        }
    }
}

/* A row of windows whose sums need more than 31 bits. */
static void write_wide_row(const Box *box, uint8_t *out, int64_t sums[4])
{
    int    pixel = box->job->from.pixel, size = box->job->size;
    double scale = 1.0 / ((double)size * size);

    for (int x = 0; x < box->job->from.width; x++) {
        const int32_t *leave = box->line + (ptrdiff_t)x * pixel;

        for (int c = 0; c < pixel; c++) {
            *out++   = (uint8_t)lrint((double)sums[c] * scale);
            sums[c] += leave[c + box->span * pixel] - leave[c];
        }
    }
}

static bool run(const Box *box, Error *err)
{
    const BlurJob *job   = box->job;
    int            count = row_bytes(&job->from), before = job->size / 2;

    for (int y = 0; y < job->to.height; y++) {
        uint8_t *out = job->to.at + (size_t)y * job->to.stride;
        int64_t  sums[4];

        if (!cancel_check(job->cancel, err)) {
            return false;
        }
        fill_line(box);
        first_sums(box, sums);
        if (job->size > NARROW) {
            write_wide_row(box, out, sums);
        } else {
            int32_t first[4] = { (int32_t)sums[0], (int32_t)sums[1], (int32_t)sums[2],
                                 (int32_t)sums[3] };

            write_row_by[job->level](box, out, first);
        }
        move_columns_by[job->level](
            box->columns, mirror_row(&job->from, (int64_t)y - before + job->size),
            mirror_row(&job->from, (int64_t)y - before), count);
    }
    return true;
}

/* How small kernels divide. */
static void fill_scale(Box *box, int size)
{
    uint32_t area  = (uint32_t)(size * size);
    uint32_t twice = (1u << 24) / area;
    bool     up    = twice & 1;

    box->scale = twice / 2 + up;
    box->round = area / 2 + !up;
}

bool blur_average(const BlurJob *job, Error *err)
{
    int      width = job->from.width, period = mirror_period(width);
    int      start = job->size / 2 % period;
    Box      box   = { .job = job, .span = job->size % period };
    size_t   line  = ((size_t)width + (size_t)MAX(box.span, start)) * (size_t)job->from.pixel;
    int32_t *rows  = calloc(line + (size_t)width, sizeof *rows);

    if (!rows) {
        return fail(err, ERR_MEMORY, "no memory to blur a picture");
    }
    box.line    = rows;
    box.columns = rows + (ptrdiff_t)start * job->from.pixel;
    box.across  = rows + line;
    if (job->size <= SMALL) {
        fill_scale(&box, job->size);
    }
    count_window(box.across, width, job->size);
    bool done = first_columns(&box, err) && run(&box, err);
    free(rows);
    return done;
}
