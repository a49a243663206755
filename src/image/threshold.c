/*
 * threshold - pixels against a level.
 *
 * Levels and answers go through an int as they do in OpenCV, where a number too
 * large for one is the smallest.
 */
#include <float.h>
#include <math.h>

#include "image/simd.h"
#include "image/threshold.h"

enum { SIDE = 11, HALF = SIDE / 2 };

/* ---- one level --------------------------------------------------------------------- */

static int int_of(double v)
{
    return v > -2147483649.0 && v < 2147483648.0 ? (int)v : INT32_MIN;
}

static uint8_t byte_of(double v)
{
    return (uint8_t)MIN(MAX(int_of(rint(v)), 0), 255);
}

void threshold_table(Threshold how, double level, double most, uint8_t table[256])
{
    int     limit = int_of(floor(level));
    uint8_t white = byte_of(most);

    for (int i = 0; i < 256; i++) {
        bool above = i > limit;
        int  to    = 0;

        switch (how) {
        case THRESHOLD_BINARY:          to = above ? white : 0; break;
        case THRESHOLD_BINARY_INVERSE:  to = above ? 0 : white; break;
        case THRESHOLD_TRUNCATE:        to = above ? MAX(limit, 0) : i; break;
        case THRESHOLD_TO_ZERO:         to = above ? i : 0; break;
        case THRESHOLD_TO_ZERO_INVERSE: to = above ? 0 : i; break;
        }
        table[i] = (uint8_t)to;
    }
}

static void map_colour(const uint8_t *from, uint8_t *to, int count, bool alpha,
                       const uint8_t table[256])
{
    for (int i = 0; i < 4 * count; i += 4) {
        to[i]     = table[from[i]];
        to[i + 1] = table[from[i + 1]];
        to[i + 2] = table[from[i + 2]];
        to[i + 3] = alpha ? table[from[i + 3]] : from[i + 3];
    }
}

void plane_map(Plane from, Plane to, int channels, const uint8_t table[256])
{
    for (int y = 0; y < from.height; y++) {
        const uint8_t *in  = from.at + (size_t)y * from.stride;
        uint8_t       *out = to.at + (size_t)y * to.stride;

        if (from.pixel == 4) {
            map_colour(in, out, from.width, channels == 4, table);
            continue;
        }
        for (int x = 0; x < from.width; x++) {
            out[x] = table[in[x]];
        }
    }
}

/* ---- Otsu -------------------------------------------------------------------------- */

/* The level with the largest variance between what is at most it and what is above. */
static int best_level(const int64_t counts[256], double scale)
{
    double mean = 0, share = 0, below = 0, best = 0;
    int    level = 0;

    for (int i = 0; i < 256; i++) {
        mean += i * (double)counts[i];
    }
    mean *= scale;
    for (int i = 0; i < 256; i++) {
        double part = (double)counts[i] * scale, above, sigma;

        below *= share;
        share += part;
        if (MIN(share, 1 - share) < FLT_EPSILON || MAX(share, 1 - share) > 1 - FLT_EPSILON) {
            continue;
        }
        below = (below + i * part) / share;
        above = (mean - share * below) / (1 - share);
        sigma = share * (1 - share) * (below - above) * (below - above);
        if (sigma > best) {
            best  = sigma;
            level = i;
        }
    }
    return level;
}

int threshold_otsu(Plane gray)
{
    int64_t counts[256] = { 0 };

    for (int y = 0; y < gray.height; y++) {
        for (int x = 0; x < gray.width; x++) {
            counts[gray.at[(size_t)y * gray.stride + (size_t)x]]++;
        }
    }
    return best_level(counts, 1.0 / ((double)gray.width * gray.height));
}

/* ---- adaptive ------------------------------------------------------------------------ */

/* A row and the columns beyond its ends, weighted sums of rows or plain ones. */
typedef struct Surroundings {
    Plane  from, to;
    bool   weighted;
    float  weights[HALF + 1];    /* of the middle, and of what is so far from it */
    float *lines;                /* weighted: SIDE rows, summed along; one of each height */
    float *wide;                 /* one row with its ends */
} Surroundings;

static const uint8_t *row_at(const Plane *plane, int y)
{
    return plane->at + (size_t)MIN(MAX(y, 0), plane->height - 1) * plane->stride;
}

static void fill_weights(Surroundings *s, bool weighted)
{
    double raw[HALF + 1], sum = 0;

    for (int i = 0; i <= HALF; i++) {
        raw[i] = weighted ? exp(-0.125 * i * i) : 1;
        sum   += i == 0 ? raw[i] : 2 * raw[i];
    }
    for (int i = 0; i <= HALF; i++) {
        s->weights[i] = weighted ? (float)(raw[i] * (1 / sum)) : 1;
    }
}

/* Whole numbers need no rounding, so none of them asks for a fused sum; the weights of a
 * Gaussian do.  Along a row, bytes times weights and their sums fit doubles, which are as
 * good as fused; down the columns nothing but the fused sum is. */
LOOP void sum_row(float *out, const float *wide, const float *weights, int width, bool weighted,
                  bool fused)
{
    for (int x = 0; x < width; x++) {
        float sum = 0;

        for (int i = 0; i < SIDE; i++) {
            float weight = weights[abs(i - HALF)];

            sum = !weighted ? sum + wide[x + i]
                : fused     ? __builtin_fmaf(wide[x + i], weight, sum)
                            : (float)((double)wide[x + i] * (double)weight + (double)sum);
        }
        out[x] = sum;
    }
}

LOOP void sum_any_row(float *out, const float *wide, const float *weights, int width,
                      bool weighted, bool fused)
{
    if (weighted) {
        sum_row(out, wide, weights, width, true, fused);
    } else {
        sum_row(out, wide, weights, width, false, fused);
    }
}

FOR_EVERY_LEVEL(sum_any_row, (float *restrict out, const float *restrict wide,
                              const float *restrict weights, int width, bool weighted),
                (out, wide, weights, width, weighted, level == SIMD_256));

/* Half to even, for 0 <= v < 2^22: adding and taking away 1.5 * 2^23 does it. */
LOOP uint8_t rounded(float v)
{
    const float magic = 12582912.0f;

    return (uint8_t)(int)((v + magic) - magic);
}

/* `lines` are SIDE rows from the top one down. */
LOOP void sum_columns(uint8_t *out, const float *const *lines, const float *weights, int width,
                      bool weighted)
{
    for (int x = 0; x < width; x++) {
        float sum = lines[HALF][x] * weights[0];

        for (int i = 1; i <= HALF; i++) {
            float pair = lines[HALF - i][x] + lines[HALF + i][x];

            sum = weighted ? __builtin_fmaf(pair, weights[i], sum) : sum + pair;
        }
        out[x] = rounded(weighted ? sum : sum / (SIDE * SIDE));
    }
}

LOOP void sum_any_columns(uint8_t *out, const float *const *lines, const float *weights,
                          int width, bool weighted)
{
    if (weighted) {
        sum_columns(out, lines, weights, width, true);
    } else {
        sum_columns(out, lines, weights, width, false);
    }
}

FOR_EVERY_LEVEL(sum_any_columns, (uint8_t *restrict out, const float *const *lines,
                                  const float *restrict weights, int width, bool weighted),
                (out, lines, weights, width, weighted));

static float *line_of(const Surroundings *s, int y)
{
    return s->lines + (size_t)((y + SIDE) % SIDE) * (size_t)s->from.width;
}

static void sum_along(const Surroundings *s, int y)
{
    const uint8_t *row = row_at(&s->from, y);
    int            width = s->from.width;

    for (int x = 0; x < HALF; x++) {
        s->wide[x]                = row[0];
        s->wide[HALF + width + x] = row[width - 1];
    }
    for (int x = 0; x < width; x++) {
        s->wide[HALF + x] = row[x];
    }
    sum_any_row_by[simd_level()](line_of(s, y), s->wide, s->weights, width, s->weighted);
}

static void sum_down(const Surroundings *s, int y)
{
    const float *lines[SIDE];

    for (int i = 0; i < SIDE; i++) {
        lines[i] = line_of(s, y + i - HALF);
    }
    sum_any_columns_by[simd_level()](s->to.at + (size_t)y * s->to.stride, lines, s->weights,
                                     s->from.width, s->weighted);
}

bool plane_surroundings(Plane from, Plane to, bool weighted, const Cancel *cancel, Error *err)
{
    Surroundings s     = { .from = from, .to = to, .weighted = weighted };
    size_t       width = (size_t)from.width;
    bool         done  = true;

    s.lines = malloc((width * SIDE + width + 2 * HALF) * sizeof *s.lines);
    if (!s.lines) {
        return fail(err, ERR_MEMORY, "no memory for the surroundings of pixels");
    }
    s.wide = s.lines + width * SIDE;
    fill_weights(&s, weighted);
    for (int y = -HALF; y < HALF; y++) {
        sum_along(&s, y);
    }
    for (int y = 0; done && y < from.height; y++) {
        sum_along(&s, y + HALF);
        sum_down(&s, y);
        done = cancel_check(cancel, err);
    }
    free(s.lines);
    return done;
}

void plane_adapt(Plane gray, Plane levels, int below, double most)
{
    uint8_t white = byte_of(most);

    for (int y = 0; y < gray.height; y++) {
        const uint8_t *in  = gray.at + (size_t)y * gray.stride;
        uint8_t       *out = levels.at + (size_t)y * levels.stride;

        for (int x = 0; x < gray.width; x++) {
            out[x] = in[x] > out[x] - below ? white : 0;
        }
    }
}
