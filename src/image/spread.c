/*
 * spread - rectangles and bitmaps, and letting bitmaps grow.
 *
 * In OpenCV's ellipse of radius r the row at distance d reaches
 * rint(r * sqrt((r * r - d * d) * (1 / (r * r)))) pixels to either side.
 */
#include "image/spread.h"

#include <math.h>
#include <stdlib.h>

Rect rect_inside(Rect rect, int width, int height)
{
    int64_t x1 = MAX(rect.x, 0), x2 = MIN((int64_t)rect.x + rect.width, width);
    int64_t y1 = MAX(rect.y, 0), y2 = MIN((int64_t)rect.y + rect.height, height);

    if (x1 >= x2 || y1 >= y2) {
        return (Rect){ 0 };
    }
    return (Rect){ (int)x1, (int)y1, (int)(x2 - x1), (int)(y2 - y1) };
}

Rect rect_union(Rect a, Rect b)
{
    int x, y;

    if (a.width == 0 || b.width == 0) {
        return a.width == 0 ? b : a;
    }
    x = MIN(a.x, b.x);
    y = MIN(a.y, b.y);
    return (Rect){ x, y, MAX(a.x + a.width, b.x + b.width) - x,
                   MAX(a.y + a.height, b.y + b.height) - y };
}

static const uint8_t *bits_of_row(const Region *region, int row)
{
    return region->bits + (size_t)row * (size_t)region->rect.width;
}

Rect region_bounds(Region region)
{
    int width = region.rect.width, left = width, right = -1, top = -1, bottom = -1;

    if (!region.bits) {
        return region.rect;
    }
    for (int y = 0; y < region.rect.height; y++) {
        const uint8_t *row   = bits_of_row(&region, y);
        const uint8_t *first = memchr(row, 1, (size_t)width);
        const uint8_t *last  = first ? memrchr(row, 1, (size_t)width) : NULL;

        if (first && last) {
            left   = MIN(left, (int)(first - row));
            right  = MAX(right, (int)(last - row));
            top    = top < 0 ? y : top;
            bottom = y;
        }
    }
    if (right < 0) {
        return (Rect){ 0 };
    }
    return (Rect){ region.rect.x + left, region.rect.y + top, right - left + 1, bottom - top + 1 };
}

/* ---- growing ------------------------------------------------------------------------- */

/* Runs of bits that begin or end at a column count as +1 and -1 there. */
static void add_runs(int32_t *edges, const Region *region, int row, Rect rect, int reach)
{
    const uint8_t *bits = bits_of_row(region, row);
    int            from = MAX(rect.x - region->rect.x, 0);
    int            to   = MIN(rect.x + rect.width - region->rect.x, region->rect.width);
    int            move = region->rect.x - rect.x;

    for (int x = from; x < to; x++) {
        const uint8_t *first = memchr(bits + x, 1, (size_t)(to - x));
        const uint8_t *end   = first ? memchr(first, 0, (size_t)(bits + to - first)) : NULL;
        int            start;

        if (!first) {
            return;
        }
        start = (int)(first - bits);
        x     = end ? (int)(end - bits) : to;
        edges[MAX(start + move - reach, 0)]++;
        edges[MIN(x + move + reach, rect.width)]--;
    }
}

static void fill_row(uint8_t *out, const int32_t *edges, int width)
{
    int32_t depth = 0;

    for (int x = 0; x < width; x++) {
        depth += edges[x];
        out[x] = depth > 0;
    }
}

static int reach_at(int radius, int distance)
{
    double square = (double)radius * radius;

    return (int)lrint(radius * sqrt((square - (double)distance * distance) * (1 / square)));
}

bool spread_disc(Region region, Rect rect, int radius, uint8_t *out, const Cancel *cancel,
                 Error *err)
{
    int32_t *edges = malloc(((size_t)rect.width + 1) * sizeof *edges);
    bool     done  = edges || fail(err, ERR_MEMORY, "no memory to let a mask grow");

    for (int y = rect.y; done && y < rect.y + rect.height; y++) {
        int first = MAX(MAX(y - radius, rect.y), region.rect.y);
        int last  = MIN(MIN(y + radius, rect.y + rect.height - 1),
                        region.rect.y + region.rect.height - 1);

        memset(edges, 0, ((size_t)rect.width + 1) * sizeof *edges);
        for (int row = first; row <= last; row++) {
            add_runs(edges, &region, row - region.rect.y, rect, reach_at(radius, row - y));
        }
        fill_row(out + (size_t)(y - rect.y) * (size_t)rect.width, edges, rect.width);
        done = cancel_check(cancel, err);
    }
    free(edges);
    return done;
}
