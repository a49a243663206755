/*
 * resize_area - shrinking by the mean of what a pixel covers, equal to OpenCV
 * 4.12 to the last bit.
 *
 * Whole ratios kx, ky take the sum of the cell: (sum + 2) >> 2 for 2 x 2, else
 * round(float(sum) * (1 / float(kx * ky))).
 *
 * Otherwise, along each axis with n source and m destination pixels and
 * r = 1 / (m / n), pixel d covers a = d * r up to b = a + r, or to n, which is
 * c wide.  With i = ceil(a) and j = floor(b), clipped to n - 1, its taps are
 *
 *     i - 1        with weight (i - a) / c, if i - a > 1e-3
 *     i .. j - 1   with weight 1 / c
 *     j            with weight min(b - j, 1, c) / c, if b - j > 1e-3
 *
 * Weights are float.  Columns are summed up in float in this order, then rows
 * in float in this order, then the sum is rounded half to even.  The order and
 * the absence of fused multiply-add are part of the result.
 *
 * The four bytes of a colour pixel are worked on side by side, in vectors that
 * every processor has; gray pixels are by themselves.
 */
#include "image/kernels.h"

#include <float.h>
#include <math.h>

enum { PART = 256, CELL = 8 };      /* cells worked on together, and small ones */

typedef uint8_t  Bytes  __attribute__((vector_size(16)));
typedef uint16_t Shorts __attribute__((vector_size(16)));
typedef int32_t  Counts __attribute__((vector_size(16)));
typedef float    Floats __attribute__((vector_size(16)));

/* The bytes of a pixel as four numbers. */
static inline Counts unpack(const uint8_t *pixel)
{
    const Bytes nothing = { 0 };
    int32_t     value;

    memcpy(&value, pixel, 4);
    Bytes  bytes  = (Bytes)(Counts){ value, 0, 0, 0 };
    Shorts shorts = (Shorts)__builtin_shufflevector(bytes, nothing, 0, 16, 1, 17, 2, 18, 3, 19,
                                                    4, 20, 5, 21, 6, 22, 7, 23);
    return (Counts)__builtin_shufflevector(shorts, (Shorts)nothing, 0, 8, 1, 9, 2, 10, 3, 11);
}

/* Round half to even and cut at 255.  Adding 2^23 to a number below it leaves
 * no room for a fraction, and the integer in the lowest bits. */
static inline Counts round_even(Floats values)
{
    const Counts most  = { 255, 255, 255, 255 };
    Counts       whole = (Counts)(values + 8388608.0f) & 0x7FFFFF;
    Counts       over  = whole > most;

    return (whole & ~over) | (most & over);
}

static inline void store(uint8_t *pixel, Counts values)
{
    for (int i = 0; i < 4; i++)
        pixel[i] = (uint8_t)values[i];
}

/* ---- whole ratios ---------------------------------------------------------- */

/* Sums of two neighbours in two rows, for 8 bytes of 16 or every other byte of
 * 32: bytes of a pixel are added two at a time, in numbers of 16 bits. */
static inline Shorts quarter(Shorts a, Shorts b)
{
    Counts even = __builtin_shufflevector((Counts)a, (Counts)b, 0, 2, 4, 6);
    Counts odd  = __builtin_shufflevector((Counts)a, (Counts)b, 1, 3, 5, 7);

    return ((Shorts)even + (Shorts)odd + 2) >> 2;
}

static inline Shorts load(const uint8_t *at)
{
    Shorts shorts;

    memcpy(&shorts, at, sizeof shorts);
    return shorts;
}

/* 4 destination pixels from 8 in each row. */
static inline void halve_block(uint8_t *out, const uint8_t *upper, const uint8_t *lower)
{
    Shorts a = load(upper), b = load(lower), c = load(upper + 16), d = load(lower + 16);
    Shorts low  = quarter((a & 255) + (b & 255), (c & 255) + (d & 255));
    Shorts high = quarter((a >> 8) + (b >> 8), (c >> 8) + (d >> 8));
    Shorts mean = low | high << 8;

    memcpy(out, &mean, sizeof mean);
}

static void halve_row(uint8_t *out, const uint8_t *upper, const uint8_t *lower, int count)
{
    int x = 0;

    for (; x + 4 <= count; x += 4)
        halve_block(out + 4 * (ptrdiff_t)x, upper + 8 * (ptrdiff_t)x, lower + 8 * (ptrdiff_t)x);
    for (; x < count; x++) {
        const uint8_t *u = upper + 8 * (ptrdiff_t)x, *l = lower + 8 * (ptrdiff_t)x;

        store(out + 4 * (ptrdiff_t)x,
              (unpack(u) + unpack(u + 4) + unpack(l) + unpack(l + 4) + 2) >> 2);
    }
}

/* Means of 8 pixels of 16 in each row. */
static inline Bytes halve_gray(const uint8_t *upper, const uint8_t *lower)
{
    Shorts a = load(upper), b = load(lower);

    return (Bytes)(((a & 255) + (a >> 8) + (b & 255) + (b >> 8) + 2) >> 2);
}

static void halve_gray_row(uint8_t *out, const uint8_t *upper, const uint8_t *lower, int count)
{
    int x = 0;

    for (; x + 16 <= count; x += 16) {
        Bytes low  = halve_gray(upper + 2 * (ptrdiff_t)x, lower + 2 * (ptrdiff_t)x);
        Bytes high = halve_gray(upper + 2 * (ptrdiff_t)x + 16, lower + 2 * (ptrdiff_t)x + 16);
        Bytes both = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14,
                                             16, 18, 20, 22, 24, 26, 28, 30);

        memcpy(out + x, &both, sizeof both);
    }
    for (; x < count; x++)
        out[x] = (uint8_t)((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2)
                           >> 2);
}

static void halve(Plane from, Plane to)
{
    for (int y = 0; y < to.height; y++) {
        const uint8_t *upper = from.at + 2 * (size_t)y * from.stride;
        uint8_t       *out   = to.at + (size_t)y * to.stride;

        (to.pixel == 4 ? halve_row : halve_gray_row)(out, upper, upper + from.stride, to.width);
    }
}

/* One cell of a picture. */
static void mean_colour(uint8_t *out, const uint8_t *cell, size_t stride, int kx, int ky)
{
    Counts sum = { 0 };

    for (int y = 0; y < ky; y++, cell += stride) {
        for (int x = 0; x < kx; x++)
            sum += unpack(cell + 4 * (ptrdiff_t)x);
    }
    store(out, round_even(__builtin_convertvector(sum, Floats) * (1.0f / (float)(kx * ky))));
}

static void mean_gray(uint8_t *out, const uint8_t *cell, size_t stride, int kx, int ky)
{
    int sum = 0;

    for (int y = 0; y < ky; y++, cell += stride) {
        for (int x = 0; x < kx; x++)
            sum += cell[x];
    }
    Floats mean = { (float)sum * (1.0f / (float)(kx * ky)) };
    *out = (uint8_t)round_even(mean)[0];
}

/* Add 16 bytes at a time to sums of 16 bits, which those of up to 256 rows fit. */
static void add_grays(uint16_t *sums, const uint8_t *row, int count)
{
    int x = 0;

    for (; x + 16 <= count; x += 16) {
        const Bytes nothing = { 0 };
        Bytes       bytes;
        Shorts      low, high;

        memcpy(&bytes, row + x, sizeof bytes);
        memcpy(&low, sums + x, sizeof low);
        memcpy(&high, sums + x + 8, sizeof high);
        low  += (Shorts)__builtin_shufflevector(bytes, nothing, 0, 16, 1, 17, 2, 18, 3, 19,
                                                4, 20, 5, 21, 6, 22, 7, 23);
        high += (Shorts)__builtin_shufflevector(bytes, nothing, 8, 16, 9, 17, 10, 18, 11, 19,
                                                12, 20, 13, 21, 14, 22, 15, 23);
        memcpy(sums + x, &low, sizeof low);
        memcpy(sums + x + 8, &high, sizeof high);
    }
    for (; x < count; x++)
        sums[x] = (uint16_t)(sums[x] + row[x]);
}

/* A row of gray cells of up to CELL pixels on either side: down first, in parts. */
static void mean_grays(uint8_t *out, Plane from, int y, int count, int kx, int ky)
{
    uint16_t sums[PART * CELL];
    float    share = 1.0f / (float)(kx * ky);

    for (int x = 0, part; x < count; x += part) {
        part = MIN(PART, count - x);
        memset(sums, 0, (size_t)(part * kx) * sizeof *sums);
        for (int k = 0; k < ky; k++)
            add_grays(sums, from.at + (size_t)(y * ky + k) * from.stride + (size_t)x * (size_t)kx,
                      part * kx);
        for (int i = 0; i < part; i++) {
            int sum = 0;

            for (int k = 0; k < kx; k++)
                sum += sums[i * kx + k];
            out[x + i] = (uint8_t)MIN((int)((float)sum * share + 8388608.0f - 8388608.0f), 255);
        }
    }
}

static void shrink_whole(Plane from, Plane to, int kx, int ky)
{
    for (int y = 0; to.pixel == 1 && kx <= CELL && ky <= CELL && y < to.height; y++)
        mean_grays(to.at + (size_t)y * to.stride, from, y, to.width, kx, ky);
    if (to.pixel == 1 && kx <= CELL && ky <= CELL)
        return;
    for (int y = 0; y < to.height; y++) {
        const uint8_t *cell = from.at + (size_t)y * (size_t)ky * from.stride;
        uint8_t       *out  = to.at + (size_t)y * to.stride;

        for (int x = 0; x < to.width; x++, out += to.pixel, cell += kx * to.pixel)
            (to.pixel == 4 ? mean_colour : mean_gray)(out, cell, from.stride, kx, ky);
    }
}

/* ---- other ratios ---------------------------------------------------------- */

typedef struct Tap {
    int   at;
    float weight;
} Tap;

/* All taps of an axis; those of destination d are starts[d] .. starts[d + 1]. */
typedef struct Taps {
    Tap *list;
    int *starts;
} Taps;

/* The taps of destination `d`; returns their number. */
static int taps_of(Tap *taps, int d, double ratio, int from)
{
    double a = d * ratio, b = a + ratio, covered = MIN(ratio, from - a);
    int    j = MIN((int)floor(b), from - 1), i = MIN((int)ceil(a), j);
    int    count = 0;

    if (i - a > 1e-3)
        taps[count++] = (Tap){ i - 1, (float)((i - a) / covered) };
    for (int at = i; at < j; at++)
        taps[count++] = (Tap){ at, (float)(1.0 / covered) };
    if (b - j > 1e-3)
        taps[count++] = (Tap){ j, (float)(MIN(MIN(b - j, 1.0), covered) / covered) };
    return count;
}

static bool taps_open(Taps *taps, int from, int to)
{
    double ratio = resize_ratio(from, to);
    int    count = 0;

    /* Each source pixel is used once, or twice where two destinations meet. */
    taps->list   = malloc(((size_t)from + (size_t)to + 2) * sizeof *taps->list);
    taps->starts = malloc(((size_t)to + 1) * sizeof *taps->starts);
    if (!taps->list || !taps->starts)
        return false;
    for (int d = 0; d < to; d++) {
        taps->starts[d] = count;
        count += taps_of(taps->list + count, d, ratio, from);
    }
    taps->starts[to] = count;
    return true;
}

static void taps_close(Taps *taps)
{
    free(taps->list);
    free(taps->starts);
}

/* A row of sums in the making; vectors of four, the last perhaps not full. */
typedef struct Sums {
    Floats *row;        /* of one source row, summed up across */
    Floats *total;      /* of the destination row so far */
    int     held;       /* which source row; -1: none */
    int     count;      /* of vectors */
} Sums;

static void sum_colour(Floats *out, const uint8_t *row, const Taps *columns, int count)
{
    for (int x = 0; x < count; x++) {
        Floats sum = { 0 };

        for (int k = columns->starts[x]; k < columns->starts[x + 1]; k++) {
            const Tap *tap = &columns->list[k];

            sum += __builtin_convertvector(unpack(row + 4 * (ptrdiff_t)tap->at), Floats) *
                   tap->weight;
        }
        out[x] = sum;
    }
}

static void sum_gray(Floats *out, const uint8_t *row, const Taps *columns, int count)
{
    for (int x = 0; x < count; x++) {
        float sum = 0;

        for (int k = columns->starts[x]; k < columns->starts[x + 1]; k++)
            sum += (float)row[columns->list[k].at] * columns->list[k].weight;
        out[x / 4][x % 4] = sum;
    }
}

/* Add one row of source pixels to the total, or begin it. */
static void add_row(Sums *sums, Plane from, const Taps *columns, const Tap *tap, int width,
                    bool begin)
{
    const uint8_t *row = from.at + (size_t)tap->at * from.stride;

    /* A row where two destinations meet is summed up once. */
    if (tap->at != sums->held)
        (from.pixel == 4 ? sum_colour : sum_gray)(sums->row, row, columns, width);
    sums->held = tap->at;

    for (int i = 0; begin && i < sums->count; i++)
        sums->total[i] = sums->row[i] * tap->weight;
    for (int i = 0; !begin && i < sums->count; i++)
        sums->total[i] += sums->row[i] * tap->weight;
}

static void put_row(uint8_t *out, const Sums *sums, int bytes)
{
    for (int i = 0; i < bytes / 4; i++)
        store(out + 4 * (ptrdiff_t)i, round_even(sums->total[i]));
    for (int i = bytes & ~3; i < bytes; i++)
        out[i] = (uint8_t)round_even(sums->total[i / 4])[i % 4];
}

static void shrink_rows(Plane from, Plane to, const Taps *columns, const Taps *rows, Sums *sums)
{
    for (int y = 0; y < to.height; y++) {
        int first = rows->starts[y];

        for (int k = first; k < rows->starts[y + 1]; k++)
            add_row(sums, from, columns, &rows->list[k], to.width, k == first);
        put_row(to.at + (size_t)y * to.stride, sums, to.width * to.pixel);
    }
}

static bool shrink(Plane from, Plane to, Error *err)
{
    Taps    columns = { 0 }, rows = { 0 };
    int     count = (to.width * to.pixel + 3) / 4;
    Floats *memory = aligned_alloc(sizeof *memory, 2 * (size_t)count * sizeof *memory);
    bool    done = memory && taps_open(&columns, from.width, to.width) &&
                   taps_open(&rows, from.height, to.height);

    if (done) {
        memset(memory, 0, 2 * (size_t)count * sizeof *memory);
        Sums sums = { memory, memory + count, -1, count };
        shrink_rows(from, to, &columns, &rows, &sums);
    } else {
        fail(err, ERR_MEMORY, "no memory to resize a picture");
    }
    taps_close(&columns);
    taps_close(&rows);
    free(memory);
    return done;
}

/* The ratio as a whole number, or 0 if it is none. */
static int whole(double ratio)
{
    int nearest = (int)lrint(ratio);

    return fabs(ratio - nearest) < DBL_EPSILON ? nearest : 0;
}

bool resize_area(Plane from, Plane to, Error *err)
{
    const int64_t cell_most = 1 << 23;      /* more could sum up beyond 31 bits */
    int           kx = whole(resize_ratio(from.width, to.width));
    int           ky = whole(resize_ratio(from.height, to.height));

    if (kx == 0 || ky == 0 || (int64_t)kx * ky > cell_most)
        return shrink(from, to, err);
    if (kx == 2 && ky == 2)
        halve(from, to);
    else
        shrink_whole(from, to, kx, ky);
    return true;
}
