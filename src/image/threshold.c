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

/* What bytes become, some above a limit and others not: all bits that are kept of them,
 * then all that are set. */
typedef struct Step {
    uint8_t limit, keep_above, set_above, keep_below, set_below;
} Step;

static Step step_of(Threshold how, double level, double most)
{
    int     limit = int_of(floor(level));
    uint8_t white = byte_of(most);
    Step    step  = { .limit = (uint8_t)MIN(MAX(limit, 0), 255) };

    switch (how) {
    case THRESHOLD_BINARY:          step.set_above  = white; break;
    case THRESHOLD_BINARY_INVERSE:  step.set_below  = white; break;
    case THRESHOLD_TRUNCATE:        step.keep_below = 255; step.set_above = step.limit; break;
    case THRESHOLD_TO_ZERO:         step.keep_above = 255; break;
    case THRESHOLD_TO_ZERO_INVERSE: step.keep_below = 255; break;
    }

    /* Below 0 all is above, even what is 0. */
    if (limit < 0) {
        step.keep_below = step.keep_above;
        step.set_below  = step.set_above;
    }
    return step;
}

/* The bytes that `changed` masks, four in turn; the others stay. */
LOOP void step_row(uint8_t *out, const uint8_t *in, size_t count, Step s, const uint8_t *changed)
{
    enum { BLOCK = 64 };
    uint8_t mask[BLOCK];
    size_t  i = 0;

    for (size_t k = 0; k < BLOCK; k++) {
        mask[k] = changed[k % 4];
    }
    for (; i + BLOCK <= count; i += BLOCK) {
        for (size_t k = 0; k < BLOCK; k++) {
            uint8_t v     = in[i + k];
            uint8_t above = (v & s.keep_above) | s.set_above;
            uint8_t below = (v & s.keep_below) | s.set_below;
            uint8_t to    = v > s.limit ? above : below;

            out[i + k] = v ^ ((v ^ to) & mask[k]);
        }
    }
    for (; i < count; i++) {
        uint8_t v  = in[i];
        uint8_t to = v > s.limit ? (v & s.keep_above) | s.set_above
                                 : (v & s.keep_below) | s.set_below;

        out[i] = v ^ ((v ^ to) & mask[i % 4]);
    }
}

FOR_EVERY_LEVEL(step_row, (uint8_t *restrict out, const uint8_t *restrict in, size_t count, Step s,
                           const uint8_t *restrict changed),
                (out, in, count, s, changed));

void plane_threshold(Plane from, Plane to, int channels, Threshold how, double level, double most)
{
    const uint8_t changed[4] = { 255, 255, 255, channels == 3 ? 0 : 255 };
    Step          step       = step_of(how, level, most);
    SimdLevel     simd       = simd_level();

    for (int y = 0; y < from.height; y++) {
        step_row_by[simd](to.at + (size_t)y * to.stride, from.at + (size_t)y * from.stride,
                          (size_t)from.width * (size_t)from.pixel, step, changed);
    }
}

/* ---- tables ------------------------------------------------------------------------ */

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

LOOP void adapt_row(uint8_t *out, const uint8_t *in, int count, int below, uint8_t white)
{
    for (int x = 0; x < count; x++) {
        out[x] = (int16_t)in[x] > (int16_t)(out[x] - below) ? white : 0;
    }
}

FOR_EVERY_LEVEL(adapt_row, (uint8_t *restrict out, const uint8_t *restrict in, int count, int below,
                            uint8_t white),
                (out, in, count, below, white));

void plane_adapt(Plane gray, Plane levels, int below, double most)
{
    uint8_t   white = byte_of(most);
    int       least = MIN(MAX(below, -256), 256);      /* beyond this, nothing more changes */
    SimdLevel simd  = simd_level();

    for (int y = 0; y < gray.height; y++) {
        adapt_row_by[simd](levels.at + (size_t)y * levels.stride,
                           gray.at + (size_t)y * gray.stride, gray.width, least, white);
    }
}
