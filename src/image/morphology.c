/*
 * morphology - the least and the most of what surrounds a pixel.
 *
 * A window of n pixels is made out of two windows of the next smaller power of two,
 * and those by doubling, first along and then down; each step is one pass over
 * neighbours at a fixed distance that compilers turn into vectors.
 */
#include <math.h>

#include "image/morphology.h"
#include "image/simd.h"

enum { STRIP = 256 };     /* bytes of a row that go down at once */

/* One direction of a window: pixels before, and pixels in all. */
typedef struct Window {
    int before, length;
} Window;

typedef struct Morph {
    bool      dilate;
    SimdLevel level;
    Window    along, down;
} Morph;

/* ---- inner loops ----------------------------------------------------------------------- */

LOOP void extend(uint8_t *at, const uint8_t *with, size_t count, bool dilate)
{
    if (dilate) {
        for (size_t i = 0; i < count; i++) {
            at[i] = MAX(at[i], with[i]);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            at[i] = MIN(at[i], with[i]);
        }
    }
}

FOR_EVERY_LEVEL(extend, (uint8_t *at, const uint8_t *with, size_t count, bool dilate),
                (at, with, count, dilate));

static void extend_any(const Morph *m, uint8_t *at, const uint8_t *with, size_t count)
{
    extend_by[m->level](at, with, count, m->dilate);
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

bool plane_morph(Plane plane, int size, bool dilate, const Cancel *cancel, Error *err)
{
    Morph m = { dilate, simd_level(), window_of(size, plane.width),
                window_of(size, plane.height) };

    return morph_along(&m, plane, cancel, err) && morph_down(&m, plane, cancel, err);
}

/* ---- operations on pictures ------------------------------------------------------------ */

typedef struct Work {
    const Image  *image;
    int           size;
    const Cancel *cancel;
    Error        *err;
} Work;

static Plane editable(Image *image)
{
    Plane plane = image_plane(image);

    plane.at = image_edit(image);
    return plane;
}

static bool pass(const Work *w, Image *image, bool dilate)
{
    return plane_morph(editable(image), w->size, dilate, w->cancel, w->err);
}

static bool open_image(const Work *w, Image *image)
{
    return pass(w, image, false) && pass(w, image, true);
}

static bool close_image(const Work *w, Image *image)
{
    return pass(w, image, true) && pass(w, image, false);
}

/* out = first - second, not below 0; the result may be either of them. */
static void subtract(Plane first, Plane second, Plane out)
{
    for (int y = 0; y < out.height; y++) {
        const uint8_t *a  = first.at + (size_t)y * first.stride;
        const uint8_t *b  = second.at + (size_t)y * second.stride;
        uint8_t       *to = out.at + (size_t)y * out.stride;

        for (int x = 0; x < out.width * out.pixel; x++) {
            to[x] = (uint8_t)(a[x] > b[x] ? a[x] - b[x] : 0);
        }
    }
}

static bool gradient(const Work *w, Image *image)
{
    Image *eroded = image_copy(w->image, w->err);
    bool   done   = eroded && pass(w, eroded, false) && pass(w, image, true);

    if (done) {
        subtract(image_plane(image), image_plane(eroded), editable(image));
    }
    image_unref(eroded);
    return done;
}

static bool top_hat(const Work *w, Image *image)
{
    if (!open_image(w, image)) {
        return false;
    }
    subtract(image_plane(w->image), image_plane(image), editable(image));
    return true;
}

static bool black_hat(const Work *w, Image *image)
{
    if (!close_image(w, image)) {
        return false;
    }
    subtract(image_plane(image), image_plane(w->image), editable(image));
    return true;
}

static bool morph(const Work *w, Morphology how, Image *image)
{
    switch (how) {
    case MORPH_ERODE:      return pass(w, image, false);
    case MORPH_DILATE:     return pass(w, image, true);
    case MORPH_OPEN:       return open_image(w, image);
    case MORPH_CLOSE:      return close_image(w, image);
    case MORPH_OPEN_CLOSE: return open_image(w, image) && close_image(w, image);
    case MORPH_GRADIENT:   return gradient(w, image);
    case MORPH_TOP_HAT:    return top_hat(w, image);
    default:               return black_hat(w, image);
    }
}

/* The fourth bytes as they were. */
static void restore_alpha(Plane from, Plane to)
{
    for (int y = 0; y < to.height; y++) {
        for (int x = 0; x < to.width; x++) {
            to.at[(size_t)y * to.stride + 4 * (size_t)x + 3] =
                from.at[(size_t)y * from.stride + 4 * (size_t)x + 3];
        }
    }
}

Image *image_morph(const Image *image, Morphology how, int size, const Cancel *cancel, Error *err)
{
    Work   w    = { image, size, cancel, err };
    Image *made = image_copy(image, err);

    if (!made) {
        return NULL;
    }
    if (!morph(&w, how, made)) {
        image_unref(made);
        return NULL;
    }
    if (image_pixel_bytes(image) == 4) {
        restore_alpha(image_plane(image), editable(made));
    }
    return made;
}

/* ---- an ellipse ------------------------------------------------------------------------ */

/* How far the ellipse reaches from its middle column, `dy` rows from its middle. */
static int ellipse_reach(int size, int dy)
{
    int    half = size / 2;
    double part = half > 0 ? 1.0 / ((double)half * half) : 0;

    return abs(dy) <= half
         ? (int)lrint(half * sqrt(((double)half * half - (double)dy * dy) * part)) : -1;
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
