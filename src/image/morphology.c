/*
 * morphology - the least and the most of what surrounds a pixel.
 *
 * First along and then down.  Small windows roll over the picture: some rows that are done
 * along stay at hand, and two rows of the result at a time are made of them.  A large window
 * of n pixels is made out of two windows of the next smaller power of two, and those by
 * doubling.  All are passes over neighbours at fixed distances that compilers turn into
 * vectors.
 */
#include <math.h>

#include "image/morphology.h"
#include "image/morphology_kernels.h"

enum {
    STRIP = 256,          /* bytes of a row that go down at once */
    ROLLING = 24,         /* the highest window that rolls */
};

/* One direction of a window: pixels before, and pixels in all. */
typedef struct Window {
    int before, length;
} Window;

typedef struct Morph {
    bool      dilate;
    SimdLevel level;
    Window    along, down;
} Morph;

/* ---- windows by doubling --------------------------------------------------------------- */

static void extend_any(const Morph *m, uint8_t *at, const uint8_t *with, size_t count)
{
    morph_extend(m->level, at, with, count, m->dilate);
}

/* Every item becomes the extreme of the `length` items that begin with it, or of
 * those that there are; an item is `size` bytes. */
static void slide(const Morph *m, uint8_t *items, size_t count, size_t size, int length)
{
    size_t reach = 1, window = (size_t)length;

    for (; 2 * reach <= window; reach *= 2) {
        if (reach < count) {
            extend_any(m, items, items + reach * size, (count - reach) * size);
        }
    }

    size_t rest = window - reach;
    if (rest > 0 && rest < count) {
        extend_any(m, items, items + rest * size, (count - rest) * size);
    }
}

/* ---- a square -------------------------------------------------------------------------- */

static Window window_of(int size, int side)
{
    int before = MIN(size / 2, side - 1), after = MIN(size - 1 - size / 2, side - 1);

    return (Window){ before, before + 1 + after };
}

/* Rows are worked on behind `before` pixels that never win. */
static bool morph_along(const Morph *m, Plane plane, const Cancel *cancel, Error *err)
{
    size_t   pixel = (size_t)plane.pixel, pad = (size_t)m->along.before * pixel;
    size_t   bytes = (size_t)plane.width * pixel;
    uint8_t *line  = malloc(pad + bytes);
    bool     done  = true;

    if (!line) {
        return fail(err, ERR_MEMORY, "no memory for a row of a picture");
    }
    for (int y = 0; done && y < plane.height; y++) {
        uint8_t *row = plane.at + (size_t)y * plane.stride;

        memset(line, m->dilate ? 0 : 255, pad);
        memcpy(line + pad, row, bytes);
        slide(m, line, (pad + bytes) / pixel, pixel, m->along.length);
        memcpy(row, line, bytes);
        done = cancel_check(cancel, err);
    }
    free(line);
    return done;
}

static bool morph_down(const Morph *m, Plane plane, const Cancel *cancel, Error *err)
{
    size_t   bytes = (size_t)plane.width * (size_t)plane.pixel, before = (size_t)m->down.before;
    size_t   rows  = before + (size_t)plane.height, wide = MIN(bytes, STRIP);
    uint8_t *strip = malloc(rows * wide);
    bool     done  = true;

    if (!strip) {
        return fail(err, ERR_MEMORY, "no memory for columns of a picture");
    }
    for (size_t x = 0; done && x < bytes; x += wide) {
        size_t part = MIN(wide, bytes - x);

        memset(strip, m->dilate ? 0 : 255, before * part);
        for (size_t y = 0; y < (size_t)plane.height; y++) {
            memcpy(strip + (before + y) * part, plane.at + y * plane.stride + x, part);
        }
        slide(m, strip, rows, part, m->down.length);
        for (size_t y = 0; y < (size_t)plane.height; y++) {
            memcpy(plane.at + y * plane.stride + x, strip + y * part, part);
        }
        done = cancel_check(cancel, err);
    }
    free(strip);
    return done;
}

/* ---- a small square -------------------------------------------------------------------- */

/* Rows of `from` that are done along, as many as two windows take that follow each other. */
typedef struct Rolling {
    Morph    m;
    Plane    from;
    size_t   bytes;      /* of a row */
    int      done;       /* rows */
    uint8_t *line;       /* one row, and what never wins at its ends */
    uint8_t *rows;       /* m.down.length + 1: row y in place y % of that */
    uint8_t *never;      /* a row that never wins */
    uint8_t *spare;      /* two rows for whoever has none of his own */
} Rolling;

static bool rolls(Plane plane, int size)
{
    return window_of(size, plane.height).length <= ROLLING;
}

/* Ended by free(r->line). */
static bool rolling_open(Rolling *r, Plane from, int size, bool dilate, Error *err)
{
    size_t bytes = (size_t)from.width * (size_t)from.pixel;
    Window along = window_of(size, from.width), down = window_of(size, from.height);
    size_t line  = bytes + (size_t)(along.length - 1) * (size_t)from.pixel;

    *r      = (Rolling){ .m = { dilate, simd_level(), along, down }, .from = from, .bytes = bytes };
    r->line = malloc(line + bytes * (size_t)(down.length + 4));
    if (!r->line) {
        return fail(err, ERR_MEMORY, "no memory for some rows of a picture");
    }
    r->never = r->line + line;
    r->spare = r->never + bytes;
    r->rows  = r->spare + 2 * bytes;
    memset(r->line, dilate ? 0 : 255, line);
    memset(r->never, dilate ? 0 : 255, bytes);
    return true;
}

static uint8_t *rolling_row(const Rolling *r, int y)
{
    return r->rows + (size_t)(y % (r->m.down.length + 1)) * r->bytes;
}

static void rolling_along(Rolling *r)
{
    const Morph *m     = &r->m;
    size_t       pixel = (size_t)r->from.pixel, pad = (size_t)m->along.before * pixel;
    size_t       after = (size_t)(m->along.length - 1 - m->along.before) * pixel;
    uint8_t     *out   = rolling_row(r, r->done);

    memcpy(r->line + pad, r->from.at + (size_t)r->done * r->from.stride, r->bytes);
    r->done++;
    if (m->along.length == 3 || m->along.length == 5) {
        morph_along_small(m->level, out, r->line, r->bytes, pixel, m->along.length, m->dilate);
        return;
    }
    slide(m, r->line, (pad + r->bytes + after) / pixel, pixel, m->along.length);
    memcpy(out, r->line, r->bytes);
    memset(r->line, m->dilate ? 0 : 255, pad);
    memset(r->line + pad + r->bytes, m->dilate ? 0 : 255, after);
}

/* Rows y and y + 1 of the result, for even y in turn; they may lie where rows y and y + 1 of
 * the picture do. */
static void rolling_down(Rolling *r, int y, uint8_t *first, uint8_t *second)
{
    const uint8_t *rows[ROLLING + 1];
    int            length = r->m.down.length, top = y - r->m.down.before;

    while (r->done < MIN(top + length + 1, r->from.height)) {
        rolling_along(r);
    }
    for (int k = 0; k <= length; k++) {
        int at = top + k;

        rows[k] = at >= 0 && at < r->from.height ? rolling_row(r, at) : r->never;
    }
    morph_down_rows(r->m.level, first, second, rows, r->bytes, length, r->m.dilate);
}

static uint8_t *row_of(Plane plane, int y)
{
    return plane.at + (size_t)y * plane.stride;
}

static bool roll(Plane from, Plane to, int size, bool dilate, const Cancel *cancel, Error *err)
{
    Rolling r;
    bool    done = true;

    if (!rolling_open(&r, from, size, dilate, err)) {
        return false;
    }
    for (int y = 0; done && y < to.height; y += 2) {
        rolling_down(&r, y, row_of(to, y), y + 1 < to.height ? row_of(to, y + 1) : r.spare);
        done = cancel_check(cancel, err);
    }
    free(r.line);
    return done;
}

/* ---- any square ------------------------------------------------------------------------ */

static void copy_plane(Plane from, Plane to)
{
    for (int y = 0; y < from.height; y++) {
        memcpy(row_of(to, y), row_of(from, y), (size_t)from.width * (size_t)from.pixel);
    }
}

/* Into a plane that is the same or lies elsewhere. */
static bool morph_into(Plane from, Plane to, int size, bool dilate, const Cancel *cancel,
                       Error *err)
{
    Morph m = { dilate, simd_level(), window_of(size, to.width), window_of(size, to.height) };

    if (rolls(from, size)) {
        return roll(from, to, size, dilate, cancel, err);
    }
    if (from.at != to.at) {
        copy_plane(from, to);
    }
    return morph_along(&m, to, cancel, err) && morph_down(&m, to, cancel, err);
}

bool plane_morph(Plane plane, int size, bool dilate, const Cancel *cancel, Error *err)
{
    return morph_into(plane, plane, size, dilate, cancel, err);
}

/* ---- operations on pictures ------------------------------------------------------------ */

typedef struct Work {
    Plane         from, to;
    int           size;
    const Cancel *cancel;
    Error        *err;
} Work;

static bool first_pass(const Work *w, bool dilate)
{
    return morph_into(w->from, w->to, w->size, dilate, w->cancel, w->err);
}

static bool next_pass(const Work *w, bool dilate)
{
    return morph_into(w->to, w->to, w->size, dilate, w->cancel, w->err);
}

static bool open_plane(const Work *w)
{
    return first_pass(w, false) && next_pass(w, true);
}

static bool close_plane(const Work *w)
{
    return first_pass(w, true) && next_pass(w, false);
}

static void keep_row(Plane from, Plane to, int y)
{
    if (from.pixel == 4) {
        morph_keep_alpha(simd_level(), row_of(to, y), row_of(from, y), (size_t)from.width);
    }
}

/* The fourth bytes as they were. */
static bool keep_rows(const Work *w)
{
    for (int y = 0; y < w->to.height; y++) {
        keep_row(w->from, w->to, y);
    }
    return true;
}

/* What two passes took away, or added. */
static bool difference(const Work *w, bool added)
{
    size_t bytes = (size_t)w->to.width * (size_t)w->to.pixel;

    for (int y = 0; y < w->to.height; y++) {
        morph_lessen(simd_level(), row_of(w->to, y), row_of(w->from, y), bytes, !added);
        keep_row(w->from, w->to, y);
    }
    return true;
}

static void gradient_rows(const Work *w, Rolling *least, Rolling *most, int y)
{
    size_t   bytes = least->bytes;
    bool     last  = y + 1 == w->to.height;
    uint8_t *rows[2] = { row_of(w->to, y), last ? most->spare : row_of(w->to, y + 1) };

    rolling_down(most, y, rows[0], rows[1]);
    rolling_down(least, y, least->spare, least->spare + bytes);
    for (int i = 0; i < 2 - last; i++) {
        morph_lessen(most->m.level, rows[i], least->spare + (size_t)i * bytes, bytes, false);
        keep_row(w->from, w->to, y + i);
    }
}

static bool small_gradient(const Work *w)
{
    Rolling least = { 0 }, most = { 0 };
    bool    done  = rolling_open(&least, w->from, w->size, false, w->err) &&
                    rolling_open(&most, w->from, w->size, true, w->err);

    for (int y = 0; done && y < w->to.height; y += 2) {
        gradient_rows(w, &least, &most, y);
        done = cancel_check(w->cancel, w->err);
    }
    free(least.line);
    free(most.line);
    return done;
}

static bool large_gradient(const Work *w)
{
    size_t bytes = (size_t)w->from.width * (size_t)w->from.pixel;
    Plane  least = w->from;

    least.stride = bytes;
    least.at     = malloc(bytes * (size_t)least.height);
    if (!least.at) {
        return fail(w->err, ERR_MEMORY, "no memory for a picture twice");
    }

    bool done = morph_into(w->from, least, w->size, false, w->cancel, w->err) &&
                first_pass(w, true);
    for (int y = 0; done && y < w->to.height; y++) {
        morph_lessen(simd_level(), row_of(w->to, y), row_of(least, y), bytes, false);
        keep_row(w->from, w->to, y);
    }
    free(least.at);
    return done;
}

/* Pictures without alpha have 255 in its place, which stays so where nothing is taken away. */
static bool morph(const Work *w, Morphology how, bool alpha)
{
    bool done;

    switch (how) {
    case MORPH_ERODE:      done = first_pass(w, false); break;
    case MORPH_DILATE:     done = first_pass(w, true); break;
    case MORPH_OPEN:       done = open_plane(w); break;
    case MORPH_CLOSE:      done = close_plane(w); break;
    case MORPH_OPEN_CLOSE: done = open_plane(w) && next_pass(w, true) && next_pass(w, false); break;
    case MORPH_GRADIENT:   return rolls(w->from, w->size) ? small_gradient(w) : large_gradient(w);
    case MORPH_TOP_HAT:    return open_plane(w) && difference(w, false);
    default:               return close_plane(w) && difference(w, true);
    }
    return done && (!alpha || keep_rows(w));
}

Image *image_morph(const Image *image, Morphology how, int size, const Cancel *cancel, Error *err)
{
    int    channels = image_channels(image);
    Image *made = image_replace(image, image_width(image), image_height(image), channels, err);

    if (!made) {
        return NULL;
    }

    Work w = { image_plane(image), image_plane(made), size, cancel, err };
    w.to.at = image_edit(made);
    if (!morph(&w, how, channels == 4)) {
        image_unref(made);
        return NULL;
    }
    return made;
}

/* ---- an ellipse ------------------------------------------------------------------------ */

/* How far the ellipse reaches from its middle column, `dy` of its rows from its middle. */
static int ellipse_reach(int size, int dy)
{
    int    half = size / 2;
    double part = half > 0 ? 1.0 / ((double)half * half) : 0;

    assert(abs(dy) <= half);
    return (int)lrint(half * sqrt(((double)half * half - (double)dy * dy) * part));
}

/* The extremes along row `from` in a window that begins `before` columns before. */
static void slide_row(const Morph *m, const uint8_t *from, uint8_t *line, int width,
                      Window window)
{
    size_t pad = (size_t)window.before;

    memset(line, m->dilate ? 0 : 255, pad);
    memcpy(line + pad, from, (size_t)width);
    slide(m, line, pad + (size_t)width, 1, window.length);
}

static void ellipse_row(const Morph *m, Plane from, int size, int y, uint8_t *line, uint8_t *out)
{
    int middle = size / 2;

    memset(out, m->dilate ? 0 : 255, (size_t)from.width);
    for (int i = MAX(0, middle - y); i < size && y + i - middle < from.height; i++) {
        int reach = ellipse_reach(size, i - middle);
        int after = MIN(reach, size - 1 - middle);
        const uint8_t *row = from.at + (size_t)(y + i - middle) * from.stride;
        Window window = { MIN(reach, from.width - 1), 0 };

        window.length = window.before + 1 + MIN(after, from.width - 1);
        slide_row(m, row, line, from.width, window);
        extend_any(m, out, line, (size_t)from.width);
    }
}

bool plane_morph_ellipse(Plane from, Plane to, int size, bool dilate, const Cancel *cancel,
                         Error *err)
{
    Morph    m    = { .dilate = dilate, .level = simd_level() };
    uint8_t *line = malloc(2 * (size_t)from.width);
    bool     done = true;

    if (!line) {
        return fail(err, ERR_MEMORY, "no memory for a row of a picture");
    }
    for (int y = 0; done && y < from.height; y++) {
        ellipse_row(&m, from, size, y, line, to.at + (size_t)y * to.stride);
        done = cancel_check(cancel, err);
    }
    free(line);
    return done;
}
