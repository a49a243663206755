/*
 * blur_median - the median of a square, equal to OpenCV 4.12's medianBlur().
 *
 * Kernels of 3 and 5 sort: first each column of the window, then what the
 * columns have of each rank.  Of a square sorted both ways most places can no
 * longer be the median, and few are left to choose from.  Larger kernels count,
 * in blur_histogram.c.
 */
#include "image/blur_kernels.h"

/* Put two bytes in order. */
#define ORDER(a, b) do { \
        uint8_t low_ = (a) < (b) ? (a) : (b); \
        (b) = (a) < (b) ? (b) : (a); \
        (a) = low_; \
    } while (0)

/* ---- inner loops ----------------------------------------------------------- */

LOOP void sort3(uint8_t v[3])
{
    ORDER(v[0], v[1]);
    ORDER(v[1], v[2]);
    ORDER(v[0], v[1]);
}

LOOP void sort5(uint8_t v[5])
{
    ORDER(v[0], v[1]);
    ORDER(v[3], v[4]);
    ORDER(v[2], v[4]);
    ORDER(v[2], v[3]);
    ORDER(v[1], v[4]);
    ORDER(v[0], v[3]);
    ORDER(v[0], v[2]);
    ORDER(v[1], v[3]);
    ORDER(v[1], v[2]);
}

/* Bring the least of `count` bytes to the front and the greatest to the end. */
LOOP void extremes(uint8_t *v, int count)
{
    for (int i = 0; i < count / 2; i++) {
        ORDER(v[i], v[count - 1 - i]);
    }
    for (int i = 1; i < (count + 1) / 2; i++) {
        ORDER(v[0], v[i]);
        ORDER(v[count - 1 - i], v[count - 1]);
    }
}

/* Sort the columns of three or five rows into rows of equal rank. */
LOOP void columns3(uint8_t *restrict ranks, size_t length, const uint8_t *const *rows)
{
    const uint8_t *r0 = rows[0], *r1 = rows[1], *r2 = rows[2];

    for (size_t i = 0; i < length; i++) {
        uint8_t v[3] = { r0[i], r1[i], r2[i] };

        sort3(v);
        ranks[i]              = v[0];
        ranks[i + length]     = v[1];
        ranks[i + 2 * length] = v[2];
    }
}

LOOP void columns5(uint8_t *restrict ranks, size_t length, const uint8_t *const *rows)
{
    const uint8_t *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3], *r4 = rows[4];

    for (size_t i = 0; i < length; i++) {
        uint8_t v[5] = { r0[i], r1[i], r2[i], r3[i], r4[i] };

        sort5(v);
        ranks[i]              = v[0];
        ranks[i + length]     = v[1];
        ranks[i + 2 * length] = v[2];
        ranks[i + 3 * length] = v[3];
        ranks[i + 4 * length] = v[4];
    }
}

/* The median is the middle one of the greatest low, the middle middle and the
 * least high. */
LOOP void across3(uint8_t *restrict out, const uint8_t *restrict ranks, size_t length, int step,
                  int count)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *at = ranks + i, *mid = at + length, *high = mid + length;
        uint8_t        a[3] = { at[0], at[step], at[2 * step] };
        uint8_t        b[3] = { mid[0], mid[step], mid[2 * step] };
        uint8_t        c[3] = { high[0], high[step], high[2 * step] };

        sort3(a);
        sort3(b);
        sort3(c);

        uint8_t v[3] = { a[2], b[1], c[0] };
        sort3(v);
        out[i] = v[1];
    }
}

#define RANK(r) { at[(r) * length], at[(r) * length + 1 * by], at[(r) * length + 2 * by], \
                  at[(r) * length + 3 * by], at[(r) * length + 4 * by] }

/* What is left of the square is 13 places, and its median theirs.  The least and
 * the greatest of any 8 cannot be it, nor of 7 when another joins, and so on. */
LOOP void across5(uint8_t *restrict out, const uint8_t *restrict ranks, size_t length, int step,
                  int count)
{
    size_t by = (size_t)step;

    for (int i = 0; i < count; i++) {
        const uint8_t *at = ranks + i;
        uint8_t a[5] = RANK(0), b[5] = RANK(1), c[5] = RANK(2), d[5] = RANK(3), e[5] = RANK(4);

        sort5(a);
        sort5(b);
        sort5(c);
        sort5(d);
        sort5(e);

        uint8_t v[8] = { a[3], b[2], c[1], d[0], d[2], c[3], b[4], a[4] };
        extremes(v, 8);
        v[7] = b[3];
        extremes(v + 1, 7);
        v[7] = c[2];
        extremes(v + 2, 6);
        v[7] = d[1];
        extremes(v + 3, 5);
        v[7] = e[0];
        extremes(v + 4, 4);
        v[7] = e[1];
        extremes(v + 5, 3);
        out[i] = v[6];
    }
}

LOOP void row_of(uint8_t *out, uint8_t *ranks, size_t length, const uint8_t *const *rows,
                 int size, int step, int count)
{
    if (size == 3) {
        columns3(ranks, length, rows);
        across3(out, ranks, length, step, count);
    } else {
        columns5(ranks, length, rows);
        across5(out, ranks, length, step, count);
    }
}

FOR_EVERY_LEVEL(row_of, (uint8_t *out, uint8_t *ranks, size_t length, const uint8_t *const *rows,
                         int size, int step, int count),
                (out, ranks, length, rows, size, step, count));

/* ---- a blur ---------------------------------------------------------------- */

/* A row with its ends repeated `half` times. */
static void fill_line(uint8_t *line, const Plane *from, int y, int half)
{
    const uint8_t *row   = from->at + (size_t)y * from->stride;
    size_t         pixel = (size_t)from->pixel, bytes = (size_t)row_bytes(from);

    for (int x = 0; x < half; x++) {
        memcpy(line + (size_t)x * pixel, row, pixel);
        memcpy(line + (size_t)(x + half) * pixel + bytes, row + bytes - pixel, pixel);
    }
    memcpy(line + (size_t)half * pixel, row, bytes);
}

static bool sort_rows(const BlurJob *job, uint8_t *lines, size_t length, Error *err)
{
    const Plane *from = &job->from, *to = &job->to;
    uint8_t     *ranks = lines + (size_t)job->size * length;
    int          half = job->size / 2, filled = 0, last = from->height - 1;

    for (int y = 0; y < to->height; y++) {
        const uint8_t *rows[5];

        if (!cancel_check(job->cancel, err)) {
            return false;
        }
        for (; filled <= MIN(y + half, last); filled++) {
            fill_line(lines + (size_t)(filled % job->size) * length, from, filled, half);
        }
        for (int k = 0; k < job->size; k++) {
            int at = MAX(0, MIN(y + k - half, last));

            rows[k] = lines + (size_t)(at % job->size) * length;
        }
        row_of_by[job->level](to->at + (size_t)y * to->stride, ranks, length, rows, job->size,
                              to->pixel, row_bytes(to));
    }
    return true;
}

bool blur_median(const BlurJob *job, Error *err)
{
    if (job->size > 5) {
        return blur_histogram(job, err);
    }

    int      half   = job->size / 2;
    size_t   length = ((size_t)job->from.width + 2 * (size_t)half) * (size_t)job->from.pixel;
    uint8_t *lines  = malloc(2 * (size_t)job->size * length);

    if (!lines) {
        return fail(err, ERR_MEMORY, "no memory to blur a picture");
    }
    bool done = sort_rows(job, lines, length, err);
    free(lines);
    return done;
}
