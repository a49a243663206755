/*
 * match - where a small picture stands in a large one.
 *
 * All sums are whole numbers; only the last division is not.  Sums over a window move
 * down and along with it; the products take one pass over the template for each place.
 */
#include <math.h>

#include "image/match.h"
#include "image/simd.h"

enum { CHUNK = 1 << 14 };     /* products that 32 bits can add up */

typedef struct Match {
    Plane    picture, part;
    double   pixels;              /* of the part */
    int64_t  part_sum;
    double   part_spread;         /* squared differences from the mean, times pixels */
    int64_t *sums, *squares;      /* of every column over the window's height */
    bool     fast;
} Match;

/* ---- inner loops ------------------------------------------------------------------------- */

TWICE uint32_t products(const uint8_t *a, const uint8_t *b, int count)
{
    uint32_t sum = 0;

    for (int i = 0; i < count; i++) {
        sum += (uint32_t)(a[i] * b[i]);
    }
    return sum;
}

static uint32_t products_any(const uint8_t *a, const uint8_t *b, int count)
{
    return products(a, b, count);
}

AVX2 static uint32_t products_avx2(const uint8_t *a, const uint8_t *b, int count)
{
    return products(a, b, count);
}

static const uint8_t *row_at(const Plane *plane, int y)
{
    return plane->at + (size_t)y * plane->stride;
}

static int64_t correlate(const Match *m, int x, int y)
{
    int64_t sum = 0;

    for (int row = 0; row < m->part.height; row++) {
        const uint8_t *a = row_at(&m->picture, y + row) + x, *b = row_at(&m->part, row);

        for (int from = 0; from < m->part.width; from += CHUNK) {
            int count = MIN(CHUNK, m->part.width - from);

            sum += (m->fast ? products_avx2 : products_any)(a + from, b + from, count);
        }
    }
    return sum;
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

    for (int x = 0; x < m->part.width; x++) {
        sum     += m->sums[x];
        squares += m->squares[x];
    }
    for (int x = 0; x + m->part.width <= m->picture.width; x++) {
        int64_t product = m->part_spread > 0 ? correlate(m, x, y) : 0;

        if (!visit(context, x, y, likeness_of(m, product, sum, squares))) {
            return false;
        }
        if (x + m->part.width < m->picture.width) {
            sum     += m->sums[x + m->part.width] - m->sums[x];
            squares += m->squares[x + m->part.width] - m->squares[x];
        }
    }
    return true;
}

bool plane_match(Plane picture, Plane part, MatchVisit visit, void *context,
                 const Cancel *cancel, Error *err)
{
    Match m    = { .picture = picture, .part = part, .fast = HAS_AVX2() };
    bool  done = true;

    m.sums = calloc(2 * (size_t)picture.width, sizeof *m.sums);
    if (!m.sums) {
        return fail(err, ERR_MEMORY, "no memory to look for a template");
    }
    m.squares = m.sums + picture.width;
    measure_part(&m);
    for (int y = 0; y < part.height; y++) {
        add_row(&m, y, 1);
    }
    for (int y = 0; done && y + part.height <= picture.height; y++) {
        done = cancel_check(cancel, err) && match_row(&m, y, visit, context);
        if (done && y + part.height < picture.height) {
            add_row(&m, y, -1);
            add_row(&m, y + part.height, 1);
        }
    }
    free(m.sums);
    return done;
}
