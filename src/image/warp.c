/*
 * warp - pictures turned.
 *
 * A pixel of the result comes from a place in 1/32 of a pixel: the inverse matrix is
 * applied in 1/1024, its part in x and its part in y each rounded to that, half to even,
 * and the sum is rounded to 1/32.  The four neighbours are mixed by weights in 1/1024.
 */
#include <math.h>

#include "image/warp.h"

enum { FINE = 1024, PLACES = 32, HALF_PLACE = FINE / PLACES / 2, SHIFT = 5, SUM_SHIFT = 10 };

typedef struct Warp {
    Plane    from, to;
    Affine   back;
    bool     opaque;
    int64_t *across;      /* of each column: its part of x, and of y */
} Warp;

Affine affine_turn(double degrees, double x, double y)
{
    double angle = degrees * (M_PI / 180), c = cos(angle), s = sin(angle);

    return (Affine){ { c, s, (1 - c) * x - s * y, -s, c, s * x + (1 - c) * y } };
}

static Affine inverse(const Affine *of)
{
    const double *m   = of->m;
    double        det = m[0] * m[4] - m[1] * m[3], by = det != 0 ? 1 / det : 0;
    double        a = m[4] * by, b = -m[1] * by, c = -m[3] * by, d = m[0] * by;

    return (Affine){ { a, b, -a * m[2] - b * m[5], c, d, -c * m[2] - d * m[5] } };
}

/* Sides of pictures and matrices of turns stay far within this. */
static int64_t fine_of(double v)
{
    return v > -1e15 && v < 1e15 ? llrint(v * FINE) : 0;
}

static uint32_t byte_at(const Plane *plane, int64_t x, int64_t y, int c)
{
    if (x < 0 || y < 0 || x >= plane->width || y >= plane->height) {
        return 0;
    }
    return plane->at[(size_t)y * plane->stride + (size_t)x * (size_t)plane->pixel + (size_t)c];
}

/* Mix the four pixels around a place given in 1/32. */
static void mix(const Plane *from, int64_t x32, int64_t y32, uint8_t *out)
{
    int64_t  x = x32 >> SHIFT, y = y32 >> SHIFT;
    uint32_t right = (uint32_t)(x32 & (PLACES - 1)), left = PLACES - right;
    uint32_t under = (uint32_t)(y32 & (PLACES - 1)), over = PLACES - under;

    if (x < -1 || y < -1 || x >= from->width || y >= from->height) {
        memset(out, 0, (size_t)from->pixel);
        return;
    }
    for (int c = 0; c < from->pixel; c++) {
        uint32_t sum = over * (left * byte_at(from, x, y, c) + right * byte_at(from, x + 1, y, c)) +
                       under * (left * byte_at(from, x, y + 1, c) +
                                right * byte_at(from, x + 1, y + 1, c));

        out[c] = (uint8_t)((sum + (1u << (SUM_SHIFT - 1))) >> SUM_SHIFT);
    }
}

static void warp_row(const Warp *w, int y)
{
    const double *m   = w->back.m;
    int64_t       x0  = fine_of(m[1] * y + m[2]) + HALF_PLACE;
    int64_t       y0  = fine_of(m[4] * y + m[5]) + HALF_PLACE;
    uint8_t      *out = w->to.at + (size_t)y * w->to.stride;

    for (int x = 0; x < w->to.width; x++, out += w->to.pixel) {
        mix(&w->from, (x0 + w->across[2 * x]) >> SHIFT, (y0 + w->across[2 * x + 1]) >> SHIFT, out);
        if (w->opaque) {
            out[3] = 255;
        }
    }
}

bool plane_warp(Plane from, Plane to, const Affine *where, bool opaque, const Cancel *cancel,
                Error *err)
{
    Warp w    = { from, to, inverse(where), opaque && to.pixel == 4, NULL };
    bool done = true;

    assert(from.pixel == to.pixel);
    w.across = malloc(2 * (size_t)to.width * sizeof *w.across);
    if (!w.across) {
        return fail(err, ERR_MEMORY, "no memory to turn a picture");
    }
    for (int x = 0; x < to.width; x++) {
        w.across[2 * x]     = fine_of(w.back.m[0] * x);
        w.across[2 * x + 1] = fine_of(w.back.m[3] * x);
    }
    for (int y = 0; done && y < to.height; y++) {
        warp_row(&w, y);
        done = cancel_check(cancel, err);
    }
    free(w.across);
    return done;
}

Image *image_turn(const Image *image, double degrees, const Cancel *cancel, Error *err)
{
    int    width = image_width(image), height = image_height(image);
    Affine where = affine_turn(degrees, width / 2, height / 2);
    double c = fabs(where.m[0]), s = fabs(where.m[1]);
    Image *made;
    Plane  to;

    made = image_replace(image, (int)(height * s + width * c), (int)(height * c + width * s),
                         image_channels(image), err);
    if (!made) {
        return NULL;
    }
    to          = image_plane(made);
    to.at       = image_edit(made);
    where.m[2] += to.width / 2.0 - width / 2;
    where.m[5] += to.height / 2.0 - height / 2;
    if (!plane_warp(image_plane(image), to, &where, image_channels(image) == 3, cancel, err)) {
        image_unref(made);
        return NULL;
    }
    return made;
}
