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

/* Rows of the result that what they come from is asked for ahead: where it lies in short
 * pieces of many rows, processors do not guess it. */
enum { AHEAD = 8 };

typedef struct Warp {
    Plane    from, to;
    Affine   back;
    bool     opaque;
    int32_t *x, *y;       /* of each column: its part of either */
    intptr_t ahead;       /* bytes from what a pixel comes from to what one AHEAD rows below does */
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

/* In 1/1024, of what sides of pictures and matrices of turns stay far within. */
static int32_t fine_of(double v)
{
    const double most = 1 << 19;

    return (int32_t)lrint(MIN(MAX(v, -most), most) * FINE);
}

static uint32_t byte_at(const Plane *plane, int x, int y, int c)
{
    if (x < 0 || y < 0 || x >= plane->width || y >= plane->height) {
        return 0;
    }
    return plane->at[(size_t)y * plane->stride + (size_t)x * (size_t)plane->pixel + (size_t)c];
}

/* Mix the four pixels around a place given in 1/32; those beyond the edges are black. */
static void mix(const Plane *from, int x32, int y32, uint8_t *out)
{
    int      x = x32 >> SHIFT, y = y32 >> SHIFT;
    uint32_t right = (uint32_t)(x32 & (PLACES - 1)), left = PLACES - right;
    uint32_t under = (uint32_t)(y32 & (PLACES - 1)), over = PLACES - under;

    for (int c = 0; c < from->pixel; c++) {
        uint32_t sum = over * (left * byte_at(from, x, y, c) + right * byte_at(from, x + 1, y, c)) +
                       under * (left * byte_at(from, x, y + 1, c) +
                                right * byte_at(from, x + 1, y + 1, c));

        out[c] = (uint8_t)((sum + (1u << (SUM_SHIFT - 1))) >> SUM_SHIFT);
    }
}

/* ---- places inside the picture ----------------------------------------------------------- */

/* Columns of a row. */
typedef struct Span {
    int x, end;
} Span;

/* A row of the result: its own part of where its pixels come from, and where they go. */
typedef struct Row {
    int32_t  x, y;
    uint8_t *out;
} Row;

/* Make the pixels of a span whose four neighbours are all inside. */
typedef void RunKernel(const Warp *w, Row row, Span span);

/* Nothing is read, wherever it may be. */
LOOP void ask_ahead(const Warp *w, const uint8_t *at)
{
    __builtin_prefetch((const void *)((uintptr_t)at + (uintptr_t)w->ahead));
}

LOOP void run_pixels(const Warp *w, Row row, Span span, int pixel)
{
    for (int x = span.x; x < span.end; x++) {
        int      x32   = (row.x + w->x[x]) >> SHIFT, y32 = (row.y + w->y[x]) >> SHIFT;
        uint32_t right = (uint32_t)(x32 & (PLACES - 1)), left = PLACES - right;
        uint32_t under = (uint32_t)(y32 & (PLACES - 1)), over = PLACES - under;
        uint8_t *out   = row.out + (ptrdiff_t)x * pixel;
        const uint8_t *upper = w->from.at + (size_t)(y32 >> SHIFT) * w->from.stride +
                               (x32 >> SHIFT) * (ptrdiff_t)pixel;
        const uint8_t *lower = upper + w->from.stride;

        ask_ahead(w, upper);
        for (int c = 0; c < pixel; c++) {
            uint32_t sum = over * (left * upper[c] + right * upper[c + pixel]) +
                           under * (left * lower[c] + right * lower[c + pixel]);

            out[c] = (uint8_t)((sum + (1u << (SUM_SHIFT - 1))) >> SUM_SHIFT);
        }
        if (w->opaque) {
            out[3] = 255;
        }
    }
}

static void run_gray(const Warp *w, Row row, Span span)
{
    run_pixels(w, row, span, 1);
}

static void run_colour(const Warp *w, Row row, Span span)
{
    run_pixels(w, row, span, 4);
}

#ifdef __x86_64__
#include <immintrin.h>

/* Where four pixels come from: offsets of the first of their four neighbours, and the shares
 * of the right ones and of the lower ones in 1/32. */
typedef struct Places {
    __m128i at, right, under;
} Places;

SSE41 LOOP Places find_places(const Warp *w, Row row, int x, int pixel_shift)
{
    const __m128i places = _mm_set1_epi32(PLACES - 1);
    __m128i x32 = _mm_add_epi32(_mm_loadu_si128((const void *)(w->x + x)), _mm_set1_epi32(row.x));
    __m128i y32 = _mm_add_epi32(_mm_loadu_si128((const void *)(w->y + x)), _mm_set1_epi32(row.y));
    __m128i left, top;

    x32  = _mm_srai_epi32(x32, SHIFT);
    y32  = _mm_srai_epi32(y32, SHIFT);
    left = _mm_slli_epi32(_mm_srai_epi32(x32, SHIFT), pixel_shift);
    top  = _mm_mullo_epi32(_mm_srai_epi32(y32, SHIFT), _mm_set1_epi32((int)w->from.stride));
    return (Places){ _mm_add_epi32(top, left), _mm_and_si128(x32, places),
                     _mm_and_si128(y32, places) };
}

/* A pixel and the one right of it. */
LOOP int pair_at(const uint8_t *at)
{
    uint16_t pair;

    memcpy(&pair, at, sizeof pair);
    return pair;
}

SSE41 LOOP __m128i pairs_at(const uint8_t *from, const int32_t at[8])
{
    __m128i pairs = _mm_cvtsi32_si128(pair_at(from + at[0]));

    pairs = _mm_insert_epi16(pairs, pair_at(from + at[1]), 1);
    pairs = _mm_insert_epi16(pairs, pair_at(from + at[2]), 2);
    pairs = _mm_insert_epi16(pairs, pair_at(from + at[3]), 3);
    pairs = _mm_insert_epi16(pairs, pair_at(from + at[4]), 4);
    pairs = _mm_insert_epi16(pairs, pair_at(from + at[5]), 5);
    pairs = _mm_insert_epi16(pairs, pair_at(from + at[6]), 6);
    return _mm_insert_epi16(pairs, pair_at(from + at[7]), 7);
}

/* Sums in 1/1024 to whole numbers. */
SSE41 LOOP __m128i whole(__m128i sum)
{
    return _mm_srli_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (SUM_SHIFT - 1))), SUM_SHIFT);
}

SSE41 LOOP void run_gray_eights(const Warp *w, Row row, Span span)
{
    const __m128i all = _mm_set1_epi16(PLACES);
    int           x   = span.x;

    for (; x + 8 <= span.end; x += 8) {
        Places  a = find_places(w, row, x, 0), b = find_places(w, row, x + 4, 0);
        __m128i right = _mm_packs_epi32(a.right, b.right);
        __m128i under = _mm_packs_epi32(a.under, b.under);
        __m128i across = _mm_or_si128(_mm_slli_epi16(right, 8), _mm_sub_epi16(all, right));
        __m128i over = _mm_sub_epi16(all, under), upper, lower, first, last;
        int32_t at[8];

        _mm_storeu_si128((void *)at, a.at);
        _mm_storeu_si128((void *)(at + 4), b.at);
        ask_ahead(w, w->from.at + at[0]);
        upper = _mm_maddubs_epi16(pairs_at(w->from.at, at), across);
        lower = _mm_maddubs_epi16(pairs_at(w->from.at + w->from.stride, at), across);
        first = _mm_madd_epi16(_mm_unpacklo_epi16(upper, lower), _mm_unpacklo_epi16(over, under));
        last  = _mm_madd_epi16(_mm_unpackhi_epi16(upper, lower), _mm_unpackhi_epi16(over, under));
        first = _mm_packs_epi32(whole(first), whole(last));
        _mm_storel_epi64((void *)(row.out + x), _mm_packus_epi16(first, first));
    }
    run_pixels(w, row, (Span){ x, span.end }, 1);
}

/* The four channels of a pixel, whose weights stand in all places of `across` and `down`. */
SSE41 LOOP __m128i mix_colour(const uint8_t *upper, size_t stride, __m128i across, __m128i down)
{
    const __m128i pairs = _mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
    __m128i both = _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)upper),
                                      _mm_loadl_epi64((const void *)(upper + stride)));
    __m128i sums = _mm_maddubs_epi16(_mm_shuffle_epi8(both, pairs), across);

    return whole(_mm_madd_epi16(_mm_unpacklo_epi16(sums, _mm_srli_si128(sums, 8)), down));
}

SSE41 LOOP void run_colour_fours(const Warp *w, Row row, Span span)
{
    const __m128i all  = _mm_set1_epi32(PLACES);
    const __m128i ones = _mm_set1_epi32(w->opaque ? (int)0xFF000000 : 0);
    const uint8_t *from = w->from.at;
    size_t         stride = w->from.stride;
    int            x = span.x;

    for (; x + 4 <= span.end; x += 4) {
        Places  p      = find_places(w, row, x, 2);
        __m128i across = _mm_or_si128(_mm_slli_epi32(p.right, 8), _mm_sub_epi32(all, p.right));
        __m128i down   = _mm_or_si128(_mm_slli_epi32(p.under, 16), _mm_sub_epi32(all, p.under));
        __m128i a, b, c, d;

        across = _mm_or_si128(across, _mm_slli_epi32(across, 16));
        ask_ahead(w, from + _mm_cvtsi128_si32(p.at));
        a = mix_colour(from + _mm_cvtsi128_si32(p.at), stride, _mm_shuffle_epi32(across, 0x00),
                       _mm_shuffle_epi32(down, 0x00));
        b = mix_colour(from + _mm_extract_epi32(p.at, 1), stride, _mm_shuffle_epi32(across, 0x55),
                       _mm_shuffle_epi32(down, 0x55));
        c = mix_colour(from + _mm_extract_epi32(p.at, 2), stride, _mm_shuffle_epi32(across, 0xAA),
                       _mm_shuffle_epi32(down, 0xAA));
        d = mix_colour(from + _mm_extract_epi32(p.at, 3), stride, _mm_shuffle_epi32(across, 0xFF),
                       _mm_shuffle_epi32(down, 0xFF));
        a = _mm_packus_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
        _mm_storeu_si128((void *)(row.out + 4 * (ptrdiff_t)x), _mm_or_si128(a, ones));
    }
    run_pixels(w, row, (Span){ x, span.end }, 4);
}

SSE41 static void run_gray_sse41(const Warp *w, Row row, Span span)
{
    run_gray_eights(w, row, span);
}

AVX2 static void run_gray_avx2(const Warp *w, Row row, Span span)
{
    run_gray_eights(w, row, span);
}

SSE41 static void run_colour_sse41(const Warp *w, Row row, Span span)
{
    run_colour_fours(w, row, span);
}

AVX2 static void run_colour_avx2(const Warp *w, Row row, Span span)
{
    run_colour_fours(w, row, span);
}
#endif

static RunKernel *const gray_runs[SIMD_LEVELS] = BY_LEVEL(run_gray, run_gray_sse41, run_gray_avx2,
                                                          run_gray);
static RunKernel *const colour_runs[SIMD_LEVELS] = BY_LEVEL(run_colour, run_colour_sse41,
                                                            run_colour_avx2, run_colour);

/* ---- rows -------------------------------------------------------------------------------- */

/* The first column of a span whose part is at least `bound`, or below it where they fall. */
static int first_past(const int32_t *parts, Span span, int32_t bound, bool falling)
{
    while (span.x < span.end) {
        int middle = span.x + (span.end - span.x) / 2;

        if ((parts[middle] >= bound) != falling) {
            span.end = middle;
        } else {
            span.x = middle + 1;
        }
    }
    return span.x;
}

/* The columns of a span whose parts, which all rise or all fall, are in [low, high). */
static Span columns_between(const int32_t *parts, Span span, int32_t low, int32_t high)
{
    bool falling;
    Span found = span;

    if (span.x >= span.end) {
        return span;
    }
    falling   = parts[span.x] > parts[span.end - 1];
    found.x   = first_past(parts, span, falling ? high : low, falling);
    found.end = first_past(parts, span, falling ? low : high, falling);
    return found;
}

/* The columns of a span that come from places not less than `least` pixels right of the left
 * edge and under the upper one, and more than `rest` before the others. */
static Span columns_within(const Warp *w, Row row, Span span, int least, int rest)
{
    span = columns_between(w->x, span, least * FINE - row.x,
                           (w->from.width - rest) * FINE - row.x);
    return columns_between(w->y, span, least * FINE - row.y,
                           (w->from.height - rest) * FINE - row.y);
}

static void make_black(const Warp *w, Row row, Span span)
{
    size_t pixel = (size_t)w->to.pixel;

    if (span.x >= span.end) {
        return;
    }
    memset(row.out + (size_t)span.x * pixel, 0, (size_t)(span.end - span.x) * pixel);
    for (int x = span.x; w->opaque && x < span.end; x++) {
        row.out[4 * (ptrdiff_t)x + 3] = 255;
    }
}

static void mix_edge(const Warp *w, Row row, Span span)
{
    for (int x = span.x; x < span.end; x++) {
        uint8_t *out = row.out + (ptrdiff_t)x * w->to.pixel;

        mix(&w->from, (row.x + w->x[x]) >> SHIFT, (row.y + w->y[x]) >> SHIFT, out);
        if (w->opaque) {
            out[3] = 255;
        }
    }
}

/* Columns of row y: from what is beyond the edges, on them, inside, and so back. */
static void warp_row(const Warp *w, int y)
{
    RunKernel    *run = (w->to.pixel == 4 ? colour_runs : gray_runs)[simd_level()];
    const double *m   = w->back.m;
    Row           row = { fine_of(m[1] * y + m[2]) + HALF_PLACE,
                          fine_of(m[4] * y + m[5]) + HALF_PLACE,
                          w->to.at + (size_t)y * w->to.stride };
    Span          span    = { 0, w->to.width };
    Span          touched = columns_within(w, row, span, -1, 0);
    Span          inside  = columns_within(w, row, touched, 0, 1);

    if (inside.x >= inside.end) {
        inside = (Span){ touched.end, touched.end };
    }
    make_black(w, row, (Span){ span.x, touched.x });
    mix_edge(w, row, (Span){ touched.x, inside.x });
    run(w, row, inside);
    mix_edge(w, row, (Span){ inside.end, touched.end });
    make_black(w, row, (Span){ touched.end, span.end });
}

/* ---- pictures ----------------------------------------------------------------------------- */

bool plane_warp(Plane from, Plane to, const Affine *where, bool opaque, const Cancel *cancel,
                Error *err)
{
    Warp w    = { .from = from, .to = to, .back = inverse(where),
                  .opaque = opaque && to.pixel == 4 };
    bool done = true;

    assert(from.pixel == to.pixel);
    w.x = malloc(2 * (size_t)to.width * sizeof *w.x);
    if (!w.x) {
        return fail(err, ERR_MEMORY, "no memory to turn a picture");
    }
    w.y = w.x + to.width;
    for (int x = 0; x < to.width; x++) {
        w.x[x] = fine_of(w.back.m[0] * x);
        w.y[x] = fine_of(w.back.m[3] * x);
    }

    w.ahead = (intptr_t)(fine_of(w.back.m[1] * AHEAD) / FINE) * from.pixel +
              (intptr_t)(fine_of(w.back.m[4] * AHEAD) / FINE) * (intptr_t)from.stride;

    for (int y = 0; done && y < to.height; y++) {
        warp_row(&w, y);
        done = cancel_check(cancel, err);
    }
    free(w.x);
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
