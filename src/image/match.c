/*
 * match - where a small picture stands in a large one.
 *
 * All sums are whole numbers; only the last division is not.  Sums over a window move
 * down and along with it.  The products take one pass over the template for each place, or
 * Fourier transforms of tiles where that is less work; both give the same numbers.
 *
 * The pass takes two columns at a time, which is what vectors multiply and add at once: a
 * row of the picture is made into pairs of neighbours, and a row of the template too.
 */
#include <math.h>

#include "image/match.h"
#include "image/match_fourier.h"
#include "image/simd.h"

enum {
    PLACES = 32,              /* that are worked on together */
    MOST   = 1 << 15,         /* pairs of products that 32 bits can add up */
};

static const double LEAST_WORK = 1e7;      /* products; with fewer, tiles need not be weighed */

typedef struct Match {
    Plane     picture, part;
    double    pixels;             /* of the part */
    int64_t   part_sum;
    double    part_spread;        /* squared differences from the mean, times pixels */
    uint32_t *column_sums, *column_squares;    /* over the window's height */
    double   *sums, *squares;     /* of every window in a row: whole numbers below 2^53 */
    double   *products;           /* of every place in a row, which are too */
    float    *likeness;
    uint32_t *recent;             /* products of the last rows of the template */
    uint32_t *pairs, *weights;    /* of a row of the picture, and of one of the template */
    MatchFourier *fourier;        /* NULL: the pass over the template */
} Match;

/* ---- inner loops ------------------------------------------------------------------------- */

/* sums[x] += pairs[x] * weights[0] + pairs[x + 2] * weights[1] + ... for whole groups of
 * PLACES; to multiply pairs is to multiply both halves and add. */
typedef void PairKernel(uint32_t *sums, const uint32_t *pairs, const uint32_t *weights, int taps,
                        int groups);

static void add_plain(uint32_t *sums, const uint32_t *pairs, const uint32_t *weights, int taps,
                      int groups)
{
    for (; groups > 0; groups--, sums += PLACES, pairs += PLACES) {
        for (int k = 0; k < taps; k++) {
            uint32_t first = weights[k] & 0xFFFF, second = weights[k] >> 16;

            for (int i = 0; i < PLACES; i++) {
                uint32_t pair = pairs[i + 2 * k];

                sums[i] += (pair & 0xFFFF) * first + (pair >> 16) * second;
            }
        }
    }
}

#ifdef __x86_64__
#include <immintrin.h>

SSE41 static void add_sse41(uint32_t *sums, const uint32_t *pairs, const uint32_t *weights,
                            int taps, int groups)
{
    enum { VECTORS = 8 };

    for (int g = 0; g < groups * PLACES / (4 * VECTORS); g++) {
        __m128i *out = (__m128i *)(void *)(sums + (ptrdiff_t)g * 4 * VECTORS), sum[VECTORS];

        for (int i = 0; i < VECTORS; i++) {
            sum[i] = _mm_loadu_si128(out + i);
        }
        for (int k = 0; k < taps; k++) {
            const uint32_t *at     = pairs + (ptrdiff_t)g * 4 * VECTORS + 2 * (ptrdiff_t)k;
            __m128i         weight = _mm_set1_epi32((int32_t)weights[k]);

            for (int i = 0; i < VECTORS; i++) {
                __m128i four = _mm_loadu_si128((const void *)(at + 4 * i));

                sum[i] = _mm_add_epi32(sum[i], _mm_madd_epi16(four, weight));
            }
        }
        for (int i = 0; i < VECTORS; i++) {
            _mm_storeu_si128(out + i, sum[i]);
        }
    }
}

AVX2 static void add_avx2(uint32_t *sums, const uint32_t *pairs, const uint32_t *weights,
                          int taps, int groups)
{
    enum { VECTORS = PLACES / 8 };

    for (int g = 0; g < groups; g++) {
        __m256i *out = (__m256i *)(void *)(sums + (ptrdiff_t)g * PLACES), sum[VECTORS];

        for (int i = 0; i < VECTORS; i++) {
            sum[i] = _mm256_loadu_si256(out + i);
        }
        for (int k = 0; k < taps; k++) {
            const uint32_t *at     = pairs + (ptrdiff_t)g * PLACES + 2 * (ptrdiff_t)k;
            __m256i         weight = _mm256_set1_epi32((int32_t)weights[k]);

            for (int i = 0; i < VECTORS; i++) {
                __m256i eight = _mm256_loadu_si256((const void *)(at + 8 * i));

                sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(eight, weight));
            }
        }
        for (int i = 0; i < VECTORS; i++) {
            _mm256_storeu_si256(out + i, sum[i]);
        }
    }
}
#endif

LOOP void pair_up(uint32_t *restrict pairs, const uint8_t *restrict row, int count)
{
    for (int x = 0; x < count; x++) {
        pairs[x] = row[x] | (uint32_t)row[x + 1] << 16;
    }
}

FOR_EVERY_LEVEL(pair_up, (uint32_t *pairs, const uint8_t *row, int count), (pairs, row, count));

static const uint8_t *row_at(const Plane *plane, int y)
{
    return plane->at + (size_t)y * plane->stride;
}

/* The pairs of a row of the picture; its last pixel has no neighbour. */
static void pair_picture(const Match *m, int y)
{
    const uint8_t *row  = row_at(&m->picture, y);
    int            last = m->picture.width - 1;

    pair_up_by[simd_level()](m->pairs, row, last);
    m->pairs[last] = row[last];
}

/* Those of the template: every other, so that each of its pixels is in one. */
static int pair_part(const Match *m, int y)
{
    const uint8_t *row  = row_at(&m->part, y);
    int            taps = 0;

    for (int x = 0; x < m->part.width; x += 2) {
        uint32_t second = x + 1 < m->part.width ? row[x + 1] : 0;

        m->weights[taps++] = row[x] | second << 16;
    }
    return taps;
}

LOOP void collect(double *restrict products, uint32_t *restrict recent, int places)
{
    for (int x = 0; x < places; x++) {
        products[x] += recent[x];
        recent[x]    = 0;
    }
}

FOR_EVERY_LEVEL(collect, (double *products, uint32_t *recent, int places),
                (products, recent, places));

/* The products of the template with the picture at every place of row y. */
static bool correlate_row(const Match *m, int y, const Cancel *cancel, Error *err)
{
    static PairKernel *const kernels[SIMD_LEVELS] = BY_LEVEL(add_plain, add_sse41, add_avx2,
                                                             add_plain);
    PairKernel *add    = kernels[simd_level()];
    int         places = m->picture.width - m->part.width + 1, added = 0;

    memset(m->products, 0, (size_t)places * sizeof *m->products);
    for (int row = 0; row < m->part.height; row++) {
        int taps = pair_part(m, row);

        pair_picture(m, y + row);
        for (int from = 0, some; from < taps; from += some) {
            some = MIN(MOST, taps - from);
            if (added + some > MOST) {
                collect_by[simd_level()](m->products, m->recent, places);
                added = 0;
            }
            add(m->recent, m->pairs + 2 * (ptrdiff_t)from, m->weights + from, some,
                (places + PLACES - 1) / PLACES);
            added += some;
        }
        if (row % 8 == 7 && !cancel_check(cancel, err)) {
            return false;
        }
    }
    collect_by[simd_level()](m->products, m->recent, places);
    return true;
}

/* What transforms give is of numbers around 128: put back what that left out. */
LOOP void uncenter(double *restrict products, const double *restrict centered,
                   const double *restrict sums, double rest, int places)
{
    for (int x = 0; x < places; x++) {
        products[x] = centered[x] + 128 * sums[x] + rest;
    }
}

FOR_EVERY_LEVEL(uncenter, (double *products, const double *centered, const double *sums,
                           double rest, int places),
                (products, centered, sums, rest, places));

static bool multiply_row(const Match *m, int y, const Cancel *cancel, Error *err)
{
    if (!m->fourier) {
        return correlate_row(m, y, cancel, err);
    }

    const double *centered = match_fourier_row(m->fourier, y, cancel, err);
    double        rest     = 128.0 * (double)m->part_sum - 128.0 * 128 * m->pixels;

    if (centered) {
        uncenter_by[simd_level()](m->products, centered, m->sums, rest,
                                  m->picture.width - m->part.width + 1);
    }
    return centered;
}

/* ---- sums -------------------------------------------------------------------------------- */

/* A row comes into the windows and another leaves them.  A column of the tallest picture
 * fits into 32 bits. */
LOOP void move_down(uint32_t *restrict sums, uint32_t *restrict squares,
                    const uint8_t *restrict old, const uint8_t *restrict new, int width)
{
    for (int x = 0; x < width; x++) {
        sums[x]    += (uint32_t)new[x] - (old ? old[x] : 0);
        squares[x] += (uint32_t)new[x] * new[x] - (old ? (uint32_t)old[x] * old[x] : 0);
    }
}

FOR_EVERY_LEVEL(move_down, (uint32_t *sums, uint32_t *squares, const uint8_t *old,
                            const uint8_t *new, int width),
                (sums, squares, old, new, width));

static_assert(255 * 255 * (int64_t)LIMIT_IMAGE_SIDE <= UINT32_MAX, "a column's squares");

/* The columns of the windows that end with row y; the first ends with the template's last. */
static void sum_columns(const Match *m, int y)
{
    const uint8_t *old = y < m->part.height ? NULL : row_at(&m->picture, y - m->part.height);

    move_down_by[simd_level()](m->column_sums, m->column_squares, old, row_at(&m->picture, y),
                               m->picture.width);
}

/* The sums of all the windows in a row. */
static void sum_windows(const Match *m)
{
    int     width = m->part.width, places = m->picture.width - width + 1;
    int64_t sum   = 0, squares = 0;

    for (int x = 0; x < width - 1; x++) {
        sum     += m->column_sums[x];
        squares += m->column_squares[x];
    }
    for (int x = 0; x < places; x++) {
        sum           += m->column_sums[x + width - 1];
        squares       += m->column_squares[x + width - 1];
        m->sums[x]     = (double)sum;
        m->squares[x]  = (double)squares;
        sum           -= m->column_sums[x];
        squares       -= m->column_squares[x];
    }
}

static bool measure_part(Match *m, const Cancel *cancel, Error *err)
{
    int64_t squares = 0;

    for (int y = 0; y < m->part.height; y++) {
        const uint8_t *row = row_at(&m->part, y);

        for (int x = 0; x < m->part.width; x++) {
            m->part_sum += row[x];
            squares     += row[x] * row[x];
        }
        if (!cancel_check(cancel, err)) {
            return false;
        }
    }
    m->pixels      = (double)m->part.width * m->part.height;
    m->part_spread = m->pixels * (double)squares - (double)m->part_sum * (double)m->part_sum;
    return true;
}

/* A hair above 1 is rounding; beyond that there is nothing to compare with. */
LOOP void compare_row(const Match *m, float *restrict likeness, const double *restrict products,
                      const double *restrict sums, const double *restrict squares, int places)
{
    double pixels = m->pixels, part_sum = (double)m->part_sum, part_spread = m->part_spread;

    for (int x = 0; x < places; x++) {
        double alike  = pixels * products[x] - sums[x] * part_sum;
        double spread = pixels * squares[x] - sums[x] * sums[x];
        double most   = sqrt((spread > 0 ? spread : 0) * part_spread);
        double size   = fabs(alike), sign = alike > 0 ? 1 : -1;
        double ratio  = alike / (most > 0 ? most : 1);
        double beyond = size < most * 1.125 ? sign : 0;

        likeness[x] = (float)(size < most ? ratio : beyond);
    }
}

FOR_EVERY_LEVEL(compare_row, (const Match *m, float *likeness, const double *products,
                              const double *sums, const double *squares, int places),
                (m, likeness, products, sums, squares, places));

static bool match_row(const Match *m, int y, const Cancel *cancel, Error *err)
{
    int places = m->picture.width - m->part.width + 1;

    if (m->part_spread > 0) {
        sum_windows(m);
        if (!multiply_row(m, y, cancel, err)) {
            return false;
        }
        compare_row_by[simd_level()](m, m->likeness, m->products, m->sums, m->squares, places);
        return true;
    }
    for (int x = 0; x < places; x++) {
        m->likeness[x] = 1;
    }
    return true;
}

/* All the rows of numbers.  Pairs are read beyond the picture, by less than a group. */
static bool open_rows(Match *m)
{
    size_t width = (size_t)m->picture.width, wide = width + PLACES;

    m->sums        = calloc(3 * width, sizeof *m->sums);
    m->likeness    = calloc(width, sizeof *m->likeness);
    m->column_sums = calloc(2 * width + 3 * wide, sizeof *m->column_sums);
    if (!m->sums || !m->likeness || !m->column_sums) {
        return false;
    }
    m->squares        = m->sums + width;
    m->products       = m->squares + width;
    m->column_squares = m->column_sums + width;
    m->recent         = m->column_squares + width;
    m->pairs          = m->recent + wide;
    m->weights        = m->pairs + wide;
    return true;
}

static void close_rows(Match *m)
{
    free(m->sums);
    free(m->likeness);
    free(m->column_sums);
    match_fourier_close(m->fourier);
}

/* Transforms, where they are less work than a pass over the template for each place. */
static bool choose_way(Match *m, Error *err)
{
    Size   picture = { m->picture.width, m->picture.height };
    Size   part    = { m->part.width, m->part.height };
    double places  = (double)(picture.width - part.width + 1) * (picture.height - part.height + 1);
    double work    = places * m->pixels;

    if (m->part_spread <= 0 || work < LEAST_WORK) {
        return true;
    }

    MatchTiles tiles = match_tiles(picture, part);

    if (tiles.work >= work) {
        return true;
    }
    m->fourier = match_fourier_open(m->picture, m->part, tiles, err);
    return m->fourier;
}

static bool match_rows(Match *m, MatchVisit visit, void *context, const Cancel *cancel,
                       Error *err)
{
    int places = m->picture.width - m->part.width + 1;

    for (int last = 0; last < m->picture.height; last++) {
        int y = last - m->part.height + 1;

        if (!cancel_check(cancel, err)) {
            return false;
        }
        sum_columns(m, last);
        if (y < 0) {
            continue;
        }
        if (!match_row(m, y, cancel, err)) {
            return false;
        }
        for (int x = 0; x < places; x++) {
            if (!visit(context, x, y, m->likeness[x])) {
                return false;
            }
        }
    }
    return true;
}

bool plane_match(Plane picture, Plane part, MatchVisit visit, void *context,
                 const Cancel *cancel, Error *err)
{
    Match m    = { .picture = picture, .part = part };
    bool  done = open_rows(&m) || fail(err, ERR_MEMORY, "no memory to look for a template");

    done = done && measure_part(&m, cancel, err) && choose_way(&m, err) &&
        match_rows(&m, visit, context, cancel, err);
    close_rows(&m);
    return done;
}
