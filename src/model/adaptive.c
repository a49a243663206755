/*
 * adaptive - contrast limited adaptive histogram equalisation.
 *
 * Pizer et al. 1987, Zuiderveld 1994, in the variant of scikit-image's
 * equalize_adapthist() with a clip limit of 0.03, met to the last bit: the
 * picture's brightness (the largest of its channels) is cut into tiles, each
 * tile gets a table out of its clipped histogram, a pixel's new brightness is
 * mixed from the tables of the four nearest tiles, and the colour is put back
 * at the same hue and saturation.  float and double stand where they do there.
 */
#include <math.h>

#include "model/contrast.h"

enum { BINS = 256, LEVELS = 16384, BIN_LEVELS = 1 + LEVELS / BINS, TILES = 8 };

static const double clip_limit = 0.03;

/* One direction: tiles of `size` pixels, of which the last may hang over. */
typedef struct Axis {
    int length, size, tiles;
} Axis;

typedef struct Work {
    Plane     plane;
    Axis      across, down;
    uint8_t   bin[256];     /* of each brightness */
    uint16_t *tables;       /* BINS for each tile */
    uint16_t *levels;       /* the new brightness of each pixel */
} Work;

static Axis axis_of(int length)
{
    int size = MAX(length / TILES, 1);

    return (Axis){ length, size, (length + size - 1) / size };
}

/* What hangs over is the picture mirrored at its last pixel. */
static int mirror(const Axis *axis, int at)
{
    return at < axis->length ? at : MAX(2 * (axis->length - 1) - at, 0);
}

static int brightness(const uint8_t *pixel, int bytes)
{
    return bytes == 1 ? pixel[0] : MAX(MAX(pixel[0], pixel[1]), pixel[2]);
}

static const uint8_t *pixel_at(const Plane *plane, int x, int y)
{
    return plane->at + (size_t)y * plane->stride + (size_t)x * (size_t)plane->pixel;
}

/* ---- tables -------------------------------------------------------------------- */

/* Brightness between the least and the most there is, in LEVELS levels. */
static void make_bins(Work *w)
{
    int low = 255, high = 0;

    for (int y = 0; y < w->plane.height; y++) {
        for (int x = 0; x < w->plane.width; x++) {
            int value = brightness(pixel_at(&w->plane, x, y), w->plane.pixel);

            low  = MIN(low, value);
            high = MAX(high, value);
        }
    }

    for (int i = low; i <= high; i++) {
        double level = low < high ? (double)(i - low) / (high - low) * (LEVELS - 1)
                                  : MIN(257 * i, LEVELS - 1);    /* of 65535 */

        w->bin[i] = (uint8_t)((int)rint(level) / BIN_LEVELS);
    }
}

/* Spread what is above the limit over bins that have room, a few at a time. */
static void spread_rest(int64_t histogram[BINS], int64_t limit, int64_t rest)
{
    int64_t before;

    do {
        before = rest;
        for (int start = 0; start < BINS && rest > 0; start++) {
            int64_t room = 0, step;

            for (int i = 0; i < BINS; i++)
                room += histogram[i] < limit;
            step = MAX(1, room / rest);
            for (int64_t i = start; i < BINS; i += step) {
                if (histogram[i] < limit) {
                    histogram[i]++;
                    rest--;
                }
            }
        }
    } while (rest > 0 && rest != before);
}

static void clip(int64_t histogram[BINS], int64_t limit)
{
    int64_t excess = 0, rest;

    for (int i = 0; i < BINS; i++) {
        excess      += MAX(histogram[i] - limit, 0);
        histogram[i] = MIN(histogram[i], limit);
    }

    int64_t share = excess / BINS, upper = limit - share;

    rest = excess;
    for (int i = 0; i < BINS; i++) {
        if (histogram[i] < upper) {
            histogram[i] += share;
            rest         -= share;
        }
    }
    for (int i = 0; i < BINS; i++) {
        if (histogram[i] >= upper && histogram[i] < limit) {
            rest        -= limit - histogram[i];
            histogram[i] = limit;
        }
    }
    spread_rest(histogram, limit, rest);
}

static void make_table(Work *w, int column, int row, uint16_t table[BINS])
{
    int64_t histogram[BINS] = { 0 }, sum = 0;
    int64_t pixels = (int64_t)w->across.size * w->down.size;
    double  scale  = (double)(LEVELS - 1) / (double)pixels;

    for (int y = 0; y < w->down.size; y++) {
        int from_y = mirror(&w->down, row * w->down.size + y);

        for (int x = 0; x < w->across.size; x++) {
            int from_x = mirror(&w->across, column * w->across.size + x);

            histogram[w->bin[brightness(pixel_at(&w->plane, from_x, from_y), w->plane.pixel)]]++;
        }
    }
    clip(histogram, MAX((int64_t)(clip_limit * (double)pixels), 1));
    for (int i = 0; i < BINS; i++) {
        sum     += histogram[i];
        table[i] = (uint16_t)MIN((double)sum * scale, LEVELS - 1);
    }
}

/* ---- mixing -------------------------------------------------------------------- */

/* The two tiles that a pixel lies between, and how near it is to the second. */
typedef struct Between {
    int    first, second;
    double share;
} Between;

static Between between(const Axis *axis, int at)
{
    int moved = at + axis->size / 2, block = moved / axis->size;

    return (Between){ MAX(block - 1, 0), MIN(block, axis->tiles - 1),
                      (double)(moved % axis->size) / axis->size };
}

static uint16_t mix(const Work *w, int bin, const Between *x, const Between *y)
{
    int    columns[2] = { x->first, x->second }, rows[2] = { y->first, y->second };
    double weights_x[2] = { 1 - x->share, x->share }, weights_y[2] = { 1 - y->share, y->share };
    float  sum = 0;

    for (int row = 0; row < 2; row++) {
        for (int column = 0; column < 2; column++) {
            size_t tile = (size_t)(rows[row] * w->across.tiles + columns[column]);

            sum += (float)(w->tables[tile * BINS + (size_t)bin] *
                           (weights_x[column] * weights_y[row]));
        }
    }
    return (uint16_t)sum;
}

static void make_levels(Work *w)
{
    for (int y = 0; y < w->plane.height; y++) {
        Between   down = between(&w->down, y);
        uint16_t *row  = w->levels + (size_t)y * (size_t)w->plane.width;

        for (int x = 0; x < w->plane.width; x++) {
            Between across = between(&w->across, x);
            int     value  = brightness(pixel_at(&w->plane, x, y), w->plane.pixel);

            row[x] = mix(w, w->bin[value], &across, &down);
        }
    }
}

/* ---- colour -------------------------------------------------------------------- */

/* Give a colour another brightness at the same hue and saturation. */
static void recolor(uint8_t *pixel, float value)
{
    float c[3] = { (float)pixel[0] / 255, (float)pixel[1] / 255, (float)pixel[2] / 255 };
    float most = MAX(MAX(c[0], c[1]), c[2]), span = most - MIN(MIN(c[0], c[1]), c[2]);
    float hue  = 0, saturation = 0;

    if (span > 0) {
        saturation = span / most;
        hue = (c[2] == most ? 4 + (c[0] - c[1]) / span
             : c[1] == most ? 2 + (c[2] - c[0]) / span : (c[1] - c[2]) / span) / 6;
        hue = hue < 0 ? hue + 1 : hue;
    }

    float side = floorf(hue * 6), f = hue * 6 - side;
    float p = value * (1 - saturation), q = value * (1 - f * saturation);
    float t = value * (1 - (1 - f) * saturation);
    float sides[6][3] = { { value, t, p }, { q, value, p }, { p, value, t },
                          { p, q, value }, { t, p, value }, { value, p, q } };

    for (int i = 0; i < 3; i++)
        pixel[i] = (uint8_t)(sides[(int)side % 6][i] * 255);
}

static void apply_levels(Work *w)
{
    size_t count = (size_t)w->plane.width * (size_t)w->plane.height;
    int    low = LEVELS, high = 0;

    for (size_t i = 0; i < count; i++) {
        low  = MIN(low, w->levels[i]);
        high = MAX(high, w->levels[i]);
    }
    for (int y = 0; y < w->plane.height; y++) {
        const uint16_t *level = w->levels + (size_t)y * (size_t)w->plane.width;
        uint8_t        *pixel = w->plane.at + (size_t)y * w->plane.stride;

        for (int x = 0; x < w->plane.width; x++, pixel += w->plane.pixel) {
            float value = low < high ? (float)(level[x] - low) / (float)(high - low)
                                     : (float)MIN(low, 1);

            if (w->plane.pixel == 1)
                pixel[0] = (uint8_t)(value * 255);
            else
                recolor(pixel, value);
        }
    }
}

bool contrast_adapt(Plane plane, Error *err)
{
    Work   w     = { .plane = plane, .across = axis_of(plane.width),
                     .down = axis_of(plane.height) };
    size_t tiles = (size_t)w.across.tiles * (size_t)w.down.tiles;
    bool   done;

    w.tables = malloc(tiles * BINS * sizeof *w.tables);
    w.levels = malloc((size_t)plane.width * (size_t)plane.height * sizeof *w.levels);
    done     = w.tables && w.levels;
    if (done) {
        make_bins(&w);
        for (size_t i = 0; i < tiles; i++)
            make_table(&w, (int)(i % (size_t)w.across.tiles), (int)(i / (size_t)w.across.tiles),
                       w.tables + i * BINS);
        make_levels(&w);
        apply_levels(&w);
    } else {
        fail(err, ERR_MEMORY, "no memory for adaptive contrast equalization");
    }
    free(w.tables);
    free(w.levels);
    return done;
}
