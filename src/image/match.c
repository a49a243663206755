/*
 * match - where a small picture stands in a large one.
 *
 * All sums are whole numbers; only the last division is not.  Sums over a window move
 * down and along with it; the products take one pass over the template for each place.
 * Templates go two columns at a time, which is what vectors multiply and add at once: a
 * row of the picture is made into pairs of neighbours, and a row of the template too.
 */
#include <math.h>

#include "image/match.h"
#include "image/simd.h"

enum {
    PLACES = 32,              /* that are worked on together */
    MOST   = 1 << 15,         /* pairs of products that 32 bits can add up */
};

typedef struct Match {
    Plane     picture, part;
    double    pixels;             /* of the part */
    int64_t   part_sum;
    double    part_spread;        /* squared differences from the mean, times pixels */
    int64_t  *sums, *squares;     /* of every column over the window's height */
    int64_t  *products;           /* of every place in a row */
    uint32_t *recent;             /* the same, of the last rows of the template */
    uint32_t *pairs, *weights;    /* of a row of the picture, and of one of the template */
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

static void collect(const Match *m, int places)
{
    for (int x = 0; x < places; x++) {
        m->products[x] += m->recent[x];
        m->recent[x]    = 0;
    }
}

/* The products of the template with the picture at every place of row y. */
static void correlate_row(const Match *m, int y)
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
                collect(m, places);
                added = 0;
            }
            add(m->recent, m->pairs + 2 * (ptrdiff_t)from, m->weights + from, some,
                (places + PLACES - 1) / PLACES);
            added += some;
        }
    }
    collect(m, places);
}

/* ---- sums -------------------------------------------------------------------------------- */

static void add_row(Match *m, int y, int sign)
{
    const uint8_t *row = row_at(&m->picture, y);

    for (int x = 0; x < m->picture.width; x++) {
        m->sums[x]    += sign * row[x];
        m->squares[x] += sign * row[x] * row[x];
    }
}

static void measure_part(Match *m)
{
    int64_t squares = 0;

    for (int y = 0; y < m->part.height; y++) {
        const uint8_t *row = row_at(&m->part, y);

        for (int x = 0; x < m->part.width; x++) {
            m->part_sum += row[x];
            squares     += row[x] * row[x];
        }
    }
    m->pixels      = (double)m->part.width * m->part.height;
    m->part_spread = m->pixels * (double)squares - (double)m->part_sum * (double)m->part_sum;
}

/* A hair above 1 is rounding; beyond that there is nothing to compare with. */
static float likeness_of(const Match *m, int64_t product, int64_t sum, int64_t squares)
{
    double alike  = m->pixels * (double)product - (double)sum * (double)m->part_sum;
    double spread = m->pixels * (double)squares - (double)sum * (double)sum;
    double most   = sqrt(fmax(spread, 0) * m->part_spread);

    if (m->part_spread <= 0) {
        return 1;
    }
    if (fabs(alike) < most) {
        return (float)(alike / most);
    }
    if (fabs(alike) < most * 1.125) {
        return alike > 0 ? 1 : -1;
    }
    return 0;
}

static bool match_row(const Match *m, int y, MatchVisit visit, void *context)
{
    int64_t sum = 0, squares = 0;

    if (m->part_spread > 0) {
        correlate_row(m, y);
    }
    for (int x = 0; x < m->part.width; x++) {
        sum     += m->sums[x];
        squares += m->squares[x];
    }
    for (int x = 0; x + m->part.width <= m->picture.width; x++) {
        if (!visit(context, x, y, likeness_of(m, m->products[x], sum, squares))) {
            return false;
        }
        if (x + m->part.width < m->picture.width) {
            sum     += m->sums[x + m->part.width] - m->sums[x];
            squares += m->squares[x + m->part.width] - m->squares[x];
        }
    }
    return true;
}

/* All the rows of numbers.  Pairs are read beyond the picture, by less than a group. */
static bool open_rows(Match *m)
{
    size_t width = (size_t)m->picture.width;

    m->sums   = calloc(3 * width, sizeof *m->sums);
    m->recent = calloc(3 * (width + PLACES), sizeof *m->recent);
    if (!m->sums || !m->recent) {
        return false;
    }
    m->squares  = m->sums + width;
    m->products = m->squares + width;
    m->pairs    = m->recent + width + PLACES;
    m->weights  = m->pairs + width + PLACES;
    return true;
}

static bool match_rows(Match *m, MatchVisit visit, void *context, const Cancel *cancel,
                       Error *err)
{
    int rows = m->part.height;

    measure_part(m);
    for (int y = 0; y < rows; y++) {
        add_row(m, y, 1);
    }
    for (int y = 0; y + rows <= m->picture.height; y++) {
        if (!cancel_check(cancel, err) || !match_row(m, y, visit, context)) {
            return false;
        }
        if (y + rows < m->picture.height) {
            add_row(m, y, -1);
            add_row(m, y + rows, 1);
        }
    }
    return true;
}

bool plane_match(Plane picture, Plane part, MatchVisit visit, void *context,
                 const Cancel *cancel, Error *err)
{
    Match m    = { .picture = picture, .part = part };
    bool  done = open_rows(&m) || fail(err, ERR_MEMORY, "no memory to look for a template");

    done = done && match_rows(&m, visit, context, cancel, err);
    free(m.sums);
    free(m.recent);
    return done;
}
