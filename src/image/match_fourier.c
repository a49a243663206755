/*
 * match_fourier - the products of a template with a picture, by Fourier transforms.
 *
 * The picture is taken in tiles that overlap by a template (overlap-save): a tile and the
 * template are transformed, multiplied and transformed back, and the places where the whole
 * template lay inside the tile are right.  Two tiles go together, one as the real part of
 * the numbers and one as the imaginary: the template is real, so they do not mix.  Templates
 * that are large for a tile are cut into parts whose sums are added.
 *
 * A tile is stored in strips of LANES columns, so that columns are transformed where they
 * lie; rows are brought together from all the strips, LANES at a time, transformed,
 * multiplied and transformed back before the next.
 *
 * Accuracy: numbers are bytes minus 128.  With N numbers in a tile (N <= MOST_POINTS =
 * 2^19) a pair of tiles is at most 128 * sqrt(2N) long as a vector, and the template has at
 * most N pixels, so is at most 128 * sqrt(N) long and its sizes sum up to 128 * N.  A
 * transform errs by e <= 20 * 7.4e-16 = 1.5e-14 of its length (fourier.h; a part of three
 * counts as two bits, one of five as three).  The two that go forwards thus add at most
 * 2e * 128 * sqrt(2N) * 128 * sqrt(N) = 0.0004 to any sum, and the one that goes back at
 * most e * 128 * N * 128 * sqrt(2N) = 0.13.  Both are below 0.5 even for tiles and templates
 * that are at their worst at once; errors seen are below 0.000001, with flat ones.
 */
#include <math.h>

#include "base/cancel.h"
#include "image/fourier.h"
#include "image/match_fourier.h"
#include "image/simd.h"

enum {
    MOST_POINTS = 1 << 19,        /* of a tile: 8 MiB, and its template as many */
    NEAR_POINTS = 1 << 16,        /* that stay in the cache of a core */
    MOST_SUMS   = 2 << 20,        /* of the rows of tiles that are kept: 16 MiB */
    PAD         = LANES,          /* after a strip, so that they do not share places in caches */
    CENTER      = 128,
};

/* What a number of a tile costs for each bit of its place, for bringing it in and out, and
 * for each doubling of the tile beyond the cache of a core; what a byte costs that was just
 * allocated.  Measured, in products of the direct way, which take 0.02 ns. */
static const double BIT_WORK = 5, POINT_WORK = 100, FAR_WORK = 50, FRESH_WORK = 6;

struct MatchFourier {
    Plane      picture, part;
    MatchTiles tiles;
    Size       cut;               /* the size of the parts of the template */
    Size       places, step;      /* of the template in the picture, and in a tile */
    Fourier    across, down;
    Waves     *strips, *spectrum, *line;
    double    *sums;              /* of `step.height` rows, from row `first` on */
    int        first, rows;
    bool       has_spectrum;      /* it stays when the template is in one part */
};

/* ---- tiles ------------------------------------------------------------------------------- */

static int pieces(int whole, int piece)
{
    return (whole + piece - 1) / piece;
}

/* The work of the tiles of these sizes, or infinity. */
static double work_of(Size places, Size part, const MatchTiles *t)
{
    int    parts  = t->across * t->down;
    int    width  = t->width - pieces(part.width, t->across) + 1;
    int    height = t->height - pieces(part.height, t->down) + 1;
    double points = (double)t->width * t->height;

    if (points > MOST_POINTS || width < 1 || height < 1 ||
        (double)MIN(height, places.height) * places.width > MOST_SUMS) {
        return INFINITY;
    }

    double bands = pieces(places.height, height);
    double pairs = pieces(pieces(places.width, width), 2);
    double bits  = log2(points), far = MAX(0, bits - log2(NEAR_POINTS));
    double whole = points * (2 * BIT_WORK * bits + POINT_WORK + FAR_WORK * far);
    double bytes = 2 * 16 * points + 8.0 * MIN(height, places.height) * places.width;

    return parts * (bands * pairs * whole + (parts > 1 ? bands : 1) * whole / 2) +
         FRESH_WORK * bytes;
}

static void try_parts(Size places, Size part, MatchTiles t, MatchTiles *best)
{
    for (t.across = 1; t.across <= part.width && t.across <= 64; t.across *= 2) {
        for (t.down = 1; t.down <= part.height && t.down <= 64; t.down *= 2) {
            t.work = work_of(places, part, &t);
            if (t.work < best->work) {
                *best = t;
            }
        }
    }
}

MatchTiles match_tiles(Size picture, Size part)
{
    Size       places = { picture.width - part.width + 1, picture.height - part.height + 1 };
    MatchTiles best   = { .work = INFINITY };

    for (int width = fourier_size(1); width > 0; width = fourier_size(width + 1)) {
        for (int height = fourier_size(1); height > 0; height = fourier_size(height + 1)) {
            try_parts(places, part, (MatchTiles){ .width = width, .height = height }, &best);
        }
    }
    return best;
}

static size_t strip_length(const MatchFourier *f)
{
    return (size_t)f->tiles.height + PAD;
}

static void *numbers(size_t count, size_t size)
{
    return aligned_alloc(64, (count * size + 63) / 64 * 64);
}

MatchFourier *match_fourier_open(Plane picture, Plane part, MatchTiles tiles, Error *err)
{
    MatchFourier *f = calloc(1, sizeof *f);

    if (!f) {
        fail(err, ERR_MEMORY, "no memory to look for a template");
        return NULL;
    }
    f->picture = picture;
    f->part    = part;
    f->tiles   = tiles;
    f->cut     = (Size){ pieces(part.width, tiles.across), pieces(part.height, tiles.down) };
    f->places  = (Size){ picture.width - part.width + 1, picture.height - part.height + 1 };
    f->step    = (Size){ tiles.width - f->cut.width + 1,
                         MIN(tiles.height - f->cut.height + 1, f->places.height) };

    size_t points = strip_length(f) * (size_t)(tiles.width / LANES);

    f->strips   = numbers(points, sizeof *f->strips);
    f->spectrum = numbers(points, sizeof *f->spectrum);
    f->line     = numbers((size_t)tiles.width, sizeof *f->line);
    f->sums     = numbers((size_t)f->step.height * (size_t)f->places.width, sizeof *f->sums);
    if (!f->strips || !f->spectrum || !f->line || !f->sums) {
        match_fourier_close(f);
        fail(err, ERR_MEMORY, "no memory to look for a template");
        return NULL;
    }
    if (!fourier_open(&f->across, tiles.width, err) ||
        !fourier_open(&f->down, tiles.height, err)) {
        match_fourier_close(f);
        return NULL;
    }
    return f;
}

void match_fourier_close(MatchFourier *f)
{
    if (!f) {
        return;
    }
    fourier_close(&f->across);
    fourier_close(&f->down);
    free(f->strips);
    free(f->spectrum);
    free(f->line);
    free(f->sums);
    free(f);
}

/* ---- pixels to numbers ------------------------------------------------------------------- */

/* A part of a plane whose pixels are numbers; beyond it there are zeros. */
typedef struct Area {
    const uint8_t *at;
    size_t         stride;
    int            width, height;
} Area;

static Area area_of(const Plane *plane, int x, int y, Size most)
{
    Area area = { .stride = plane->stride };

    if (x < plane->width && y < plane->height) {
        area.at     = plane->at + (size_t)y * plane->stride + x;
        area.width  = MIN(most.width, plane->width - x);
        area.height = MIN(most.height, plane->height - y);
    }
    return area;
}

LOOP void load_column(Lanes *out, const uint8_t *at, size_t stride, int rows)
{
    for (int y = 0; y < rows; y++, at += stride, out += 2) {
        Lanes some;

        for (int i = 0; i < LANES; i++) {
            some[i] = at[i] - CENTER;
        }
        *out = some;
    }
}

FOR_EVERY_LEVEL(load_column, (Lanes *out, const uint8_t *at, size_t stride, int rows),
                (out, at, stride, rows));

/* LANES columns from x on become every other vector from `out` on, `length` of them. */
static void load_lanes(Lanes *out, const Area *area, int x, int length)
{
    int columns = MAX(0, MIN(LANES, area->width - x)), y = 0;

    if (columns == LANES) {
        y = MIN(length, area->height);
        load_column_by[simd_level()](out, area->at + x, area->stride, y);
    }
    for (; y < length; y++) {
        Lanes some = { 0 };

        for (int i = 0; i < columns && y < area->height; i++) {
            some[i] = area->at[(size_t)y * area->stride + (size_t)(x + i)] - CENTER;
        }
        out[2 * (ptrdiff_t)y] = some;
    }
}

/* The columns of a pair of areas, transformed. */
static bool load(MatchFourier *f, const Area *one, const Area *two, const Cancel *cancel,
                 Error *err)
{
    Waves *strip = f->strips;

    for (int x = 0; x < f->tiles.width; x += LANES, strip += strip_length(f)) {
        if (x >= one->width && x >= two->width) {
            memset(strip, 0, (size_t)f->tiles.height * sizeof *strip);
            continue;
        }
        load_lanes(&strip->re, one, x, f->tiles.height);
        load_lanes(&strip->im, two, x, f->tiles.height);
        fourier_forward(&f->down, strip);
        if (!cancel_check(cancel, err)) {
            return false;
        }
    }
    return true;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* LANES elements of as many transforms become elements of the others. */
LOOP void transpose(Waves *to, const Waves *from)
{
    for (int i = 0; i < LANES; i++) {
        for (int k = 0; k < LANES; k++) {
            to[i].re[k] = from[k].re[i];
            to[i].im[k] = from[k].im[i];
        }
    }
}

/* From the same rows of all the strips to a line and the other way. */
LOOP void gather(Waves *line, Waves *rows, size_t strip, int width)
{
    for (int x = 0; x < width; x += LANES, rows += strip) {
        transpose(line + x, rows);
    }
}

LOOP void scatter(Waves *line, Waves *rows, size_t strip, int width)
{
    for (int x = 0; x < width; x += LANES, rows += strip) {
        transpose(rows, line + x);
    }
}

LOOP void multiply(Waves *line, const Waves *by, int width)
{
    for (int x = 0; x < width; x++) {
        Waves a = line[x], b = by[x];

        line[x] = (Waves){ a.re * b.re - a.im * b.im, a.im * b.re + a.re * b.im };
    }
}

/* What sums are multiplied with is the other way round, and what goes forth and back grows. */
LOOP void conjugate(Waves *to, const Waves *line, double scale, int width)
{
    for (int x = 0; x < width; x++) {
        to[x] = (Waves){ line[x].re * scale, line[x].im * -scale };
    }
}

FOR_EVERY_LEVEL(gather, (Waves *line, Waves *rows, size_t strip, int width),
                (line, rows, strip, width));
FOR_EVERY_LEVEL(scatter, (Waves *line, Waves *rows, size_t strip, int width),
                (line, rows, strip, width));
FOR_EVERY_LEVEL(multiply, (Waves *line, const Waves *by, int width), (line, by, width));
FOR_EVERY_LEVEL(conjugate, (Waves *to, const Waves *line, double scale, int width),
                (to, line, scale, width));

/* The spectrum of a part of the template, or what rows become by multiplying with it. */
static bool convolve_rows(MatchFourier *f, bool is_template, const Cancel *cancel, Error *err)
{
    SimdLevel level = simd_level();
    int       width = f->tiles.width;
    double    scale = 1.0 / ((double)width * f->tiles.height);

    for (int y = 0; y < f->tiles.height; y += LANES) {
        Waves *rows = f->strips + y, *by = f->spectrum + (size_t)y / LANES * (size_t)width;

        gather_by[level](f->line, rows, strip_length(f), width);
        fourier_forward(&f->across, f->line);
        if (is_template) {
            conjugate_by[level](by, f->line, scale, width);
        } else {
            multiply_by[level](f->line, by, width);
            fourier_back(&f->across, f->line);
            scatter_by[level](f->line, rows, strip_length(f), f->step.width);
        }
        if (!cancel_check(cancel, err)) {
            return false;
        }
    }
    return true;
}

/* ---- numbers to sums --------------------------------------------------------------------- */

/* Adding this leaves no bits for anything behind the point. */
static const double ROUND = 0x1.8p52;

LOOP void store_column(double *out, const Lanes *from, size_t stride, int rows, bool add)
{
    for (int y = 0; y < rows; y++, out += stride, from += 2) {
        Lanes whole = (*from + ROUND) - ROUND, had;

        if (add) {
            memcpy(&had, out, sizeof had);
            whole += had;
        }
        memcpy(out, &whole, sizeof whole);
    }
}

FOR_EVERY_LEVEL(store_column,
                (double *out, const Lanes *from, size_t stride, int rows, bool add),
                (out, from, stride, rows, add));

/* Every other vector of `from` becomes LANES columns of sums from x on. */
static void store_lanes(MatchFourier *f, const Lanes *from, int x, int left, bool add)
{
    int     columns = MIN(LANES, MIN(left, f->places.width - x));
    size_t  stride  = (size_t)f->places.width;
    double *out     = f->sums + x;

    if (columns == LANES) {
        store_column_by[simd_level()](out, from, stride, f->rows, add);
        return;
    }
    for (int y = 0; y < f->rows; y++, out += stride, from += 2) {
        for (int i = 0; i < columns; i++) {
            double whole = ((*from)[i] + ROUND) - ROUND;

            out[i] = add ? out[i] + whole : whole;
        }
    }
}

/* The sums of a pair of tiles that begin at columns x and x + step. */
static bool store(MatchFourier *f, int x, bool add, const Cancel *cancel, Error *err)
{
    Waves *strip = f->strips;

    for (int at = 0; at < f->step.width; at += LANES, strip += strip_length(f)) {
        fourier_back(&f->down, strip);
        store_lanes(f, &strip->re, x + at, f->step.width - at, add);
        store_lanes(f, &strip->im, x + f->step.width + at, f->step.width - at, add);
        if (!cancel_check(cancel, err)) {
            return false;
        }
    }
    return true;
}

/* ---- bands ------------------------------------------------------------------------------- */

/* The part of the template at (left, top), with all the tiles of the band. */
static bool add_part(MatchFourier *f, int left, int top, const Cancel *cancel, Error *err)
{
    Size size = { f->tiles.width, f->tiles.height };
    Area part = area_of(&f->part, left, top, f->cut), none = { 0 };

    if (!f->has_spectrum &&
        (!load(f, &part, &none, cancel, err) || !convolve_rows(f, true, cancel, err))) {
        return false;
    }
    f->has_spectrum = f->tiles.across * f->tiles.down == 1;
    for (int x = 0; x < f->places.width; x += 2 * f->step.width) {
        Area one = area_of(&f->picture, x + left, f->first + top, size);
        Area two = area_of(&f->picture, x + f->step.width + left, f->first + top, size);

        if (x + f->step.width >= f->places.width) {
            two = none;
        }
        if (!load(f, &one, &two, cancel, err) || !convolve_rows(f, false, cancel, err) ||
            !store(f, x, left > 0 || top > 0, cancel, err)) {
            return false;
        }
    }
    return true;
}

static bool fill_band(MatchFourier *f, int y, const Cancel *cancel, Error *err)
{
    f->first = y;
    f->rows  = MIN(f->step.height, f->places.height - y);
    for (int top = 0; top < f->part.height; top += f->cut.height) {
        for (int left = 0; left < f->part.width; left += f->cut.width) {
            if (!add_part(f, left, top, cancel, err)) {
                return false;
            }
        }
    }
    return true;
}

const double *match_fourier_row(MatchFourier *f, int y, const Cancel *cancel, Error *err)
{
    if ((f->rows == 0 || y >= f->first + f->rows) && !fill_band(f, y, cancel, err)) {
        return NULL;
    }
    return f->sums + (size_t)(y - f->first) * (size_t)f->places.width;
}
