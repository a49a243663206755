/*
 * warp - pictures turned.
 *
 * A pixel of the result comes from a place in 1/32 of a pixel: the inverse matrix is
 * applied in 1/1024, its part in x and its part in y each rounded to that, half to even,
 * and the sum is rounded to 1/32.  The four neighbours are mixed by weights in 1/1024.
 */
#include <math.h>

#include "image/warp.h"
#include "image/simd.h"

enum { FINE = 1024, PLACES = 32, HALF_PLACE = FINE / PLACES / 2, SHIFT = 5, SUM_SHIFT = 10 };

/* Columns that are worked on together where a row is so nearly level that it shares what it
 * reads with the next ones, which then is still at hand; elsewhere whole rows are quicker. */
enum { STRIP = 256 };
static const double nearly_level = 0.1;

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

/* ---- places inside the picture ----------------------------------------------------------- */

/* The two pixels over a place and the two under it, and the shares of the right one and of
 * the lower one, in 1/32. */
typedef struct Place {
    const uint8_t *upper, *lower;
    uint32_t       right, under;
} Place;

/* Where pixel x of a row comes from whose own part of it is (x0, y0); false at the edges. */
LOOP bool find_place(const Warp *w, int64_t x0, int64_t y0, int x, Place *place)
{
    int64_t x32 = (x0 + w->across[2 * x]) >> SHIFT, y32 = (y0 + w->across[2 * x + 1]) >> SHIFT;
    int64_t left = x32 >> SHIFT, top = y32 >> SHIFT;

    if (left < 0 || top < 0 || left >= w->from.width - 1 || top >= w->from.height - 1) {
        return false;
    }
    place->upper = w->from.at + (size_t)top * w->from.stride + (size_t)left * (size_t)w->from.pixel;
    place->lower = place->upper + w->from.stride;
    place->right = (uint32_t)(x32 & (PLACES - 1));
    place->under = (uint32_t)(y32 & (PLACES - 1));
    return true;
}

/* Columns of a row. */
typedef struct Span {
    int x, end;
} Span;

/* Make the pixels of a span whose places are inside; returns the first that is not made. */
typedef int RunKernel(const Warp *w, int64_t x0, int64_t y0, Span span, uint8_t *row);

LOOP int run_pixels(const Warp *w, int64_t x0, int64_t y0, Span span, uint8_t *row, int pixel)
{
    Place at;
    int   x = span.x;

    for (; x < span.end && find_place(w, x0, y0, x, &at); x++) {
        uint32_t left = PLACES - at.right, over = PLACES - at.under;
        uint8_t *out = row + (ptrdiff_t)x * pixel;

        for (int c = 0; c < pixel; c++) {
            uint32_t sum = over * (left * at.upper[c] + at.right * at.upper[c + pixel]) +
                           at.under * (left * at.lower[c] + at.right * at.lower[c + pixel]);

            out[c] = (uint8_t)((sum + (1u << (SUM_SHIFT - 1))) >> SUM_SHIFT);
        }
        if (w->opaque) {
            out[3] = 255;
        }
    }
    return x;
}

static int run_gray(const Warp *w, int64_t x0, int64_t y0, Span span, uint8_t *row)
{
    return run_pixels(w, x0, y0, span, row, 1);
}

static int run_colour(const Warp *w, int64_t x0, int64_t y0, Span span, uint8_t *row)
{
    return run_pixels(w, x0, y0, span, row, 4);
}

#ifdef __x86_64__
#include <immintrin.h>

SSE41 static int run_colour_sse41(const Warp *w, int64_t x0, int64_t y0, Span span, uint8_t *row)
{
    const __m128i pairs = _mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
    const __m128i half  = _mm_set1_epi32(1 << (SUM_SHIFT - 1));
    uint32_t      ones  = w->opaque ? 0xFF000000 : 0;
    int           x     = span.x;
    Place         at;

    for (; x < span.end && find_place(w, x0, y0, x, &at); x++) {
        __m128i upper  = _mm_loadl_epi64((const void *)at.upper);
        __m128i lower  = _mm_loadl_epi64((const void *)at.lower);
        __m128i across = _mm_set1_epi16((int16_t)(at.right << 8 | (PLACES - at.right)));
        __m128i down   = _mm_set1_epi32((int32_t)(at.under << 16 | (PLACES - at.under)));

        __m128i both = _mm_shuffle_epi8(_mm_unpacklo_epi64(upper, lower), pairs);
        __m128i sums = _mm_maddubs_epi16(both, across);
        __m128i sum  = _mm_madd_epi16(_mm_unpacklo_epi16(sums, _mm_srli_si128(sums, 8)), down);

        sum = _mm_packs_epi32(_mm_srli_epi32(_mm_add_epi32(sum, half), SUM_SHIFT), sum);

        uint32_t value = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum)) | ones;
        memcpy(row + 4 * (ptrdiff_t)x, &value, sizeof value);
    }
    return x;
}
#endif

/* Row y of the columns up to `end` from `begin` on. */
static void warp_row(const Warp *w, int y, int begin, int end)
{
    static RunKernel *const colour[SIMD_LEVELS] = BY_LEVEL(run_colour, run_colour_sse41,
                                                           run_colour_sse41, run_colour);
    RunKernel    *run = w->to.pixel == 4 ? colour[simd_level()] : run_gray;
    const double *m   = w->back.m;
    int64_t       x0  = fine_of(m[1] * y + m[2]) + HALF_PLACE;
    int64_t       y0  = fine_of(m[4] * y + m[5]) + HALF_PLACE;
    uint8_t      *row = w->to.at + (size_t)y * w->to.stride;

    for (int x = run(w, x0, y0, (Span){ begin, end }, row); x < end;
         x = run(w, x0, y0, (Span){ x + 1, end }, row)) {
        uint8_t *out = row + (ptrdiff_t)x * w->to.pixel;

        mix(&w->from, (x0 + w->across[2 * x]) >> SHIFT, (y0 + w->across[2 * x + 1]) >> SHIFT, out);
        if (w->opaque) {
            out[3] = 255;
        }
    }
}

/* ---- pictures ----------------------------------------------------------------------------- */

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

    int step = fabs(w.back.m[3]) < nearly_level ? STRIP : to.width;
    for (int x = 0; done && x < to.width; x += step) {
        for (int y = 0; done && y < to.height; y++) {
            warp_row(&w, y, x, MIN(x + step, to.width));
            done = cancel_check(cancel, err);
        }
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
