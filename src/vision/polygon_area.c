/*
 * polygon_area - sums of signed strips.
 *
 * A polygon is the signed sum of the strips between its edges and a line above all
 * corners.  So what two polygons share is the sum over pairs of edges of what their strips
 * share, which is the part of the plane above the lower of two lines.
 */
#include "vision/polygon_area.h"

#include <math.h>

/* Twice the area, with the sign of the direction. */
static double signed_area(const Corner *corners, int count)
{
    double sum = 0;

    for (int k = 0; k < count; k++) {
        Corner a = corners[k], b = corners[(k + 1) % count];

        sum += (a.x - corners[0].x) * (b.y - corners[0].y) -
               (b.x - corners[0].x) * (a.y - corners[0].y);
    }
    return sum;
}

double polygon_area(const Corner *corners, int count)
{
    return count < 3 ? 0 : fabs(signed_area(corners, count)) / 2;
}

/* An edge from left to right; `sign` tells whether it ran so. */
typedef struct Edge {
    double x1, y1, x2, y2, sign;
} Edge;

static Edge edge_of(const Corner *corners, int count, int k)
{
    Corner a = corners[k], b = corners[k + 1 < count ? k + 1 : 0];

    return a.x <= b.x ? (Edge){ a.x, a.y, b.x, b.y, 1 } : (Edge){ b.x, b.y, a.x, a.y, -1 };
}

static double height_at(const Edge *edge, double x)
{
    return edge->y1 + (edge->y2 - edge->y1) * ((x - edge->x1) / (edge->x2 - edge->x1));
}

/* The integral of the lesser of two lines over a width, from their heights at both ends. */
static double lesser_integral(double width, double a1, double a2, double b1, double b2)
{
    double first = a1 - b1, last = a2 - b2, crossing, height;

    if (first * last >= 0) {
        return width * (first + last <= 0 ? a1 + a2 : b1 + b2) / 2;
    }
    crossing = first / (first - last);
    height   = a1 + (a2 - a1) * crossing;
    return width * (crossing * (fmin(a1, b1) + height) +
                    (1 - crossing) * (height + fmin(a2, b2))) / 2;
}

/* What the strips between two edges and the height `base` share, signed. */
static double strips_shared(const Edge *a, const Edge *b, double base)
{
    double from = fmax(a->x1, b->x1), to = fmin(a->x2, b->x2);

    if (!(from < to)) {
        return 0;
    }
    return a->sign * b->sign *
           lesser_integral(to - from, height_at(a, from) - base, height_at(a, to) - base,
                           height_at(b, from) - base, height_at(b, to) - base);
}

double polygons_shared_area(const Corner *a, int a_count, const Corner *b, int b_count)
{
    double base = INFINITY, shared = 0;

    if (a_count < 3 || b_count < 3) {
        return 0;
    }
    for (int k = 0; k < a_count; k++) {
        base = fmin(base, a[k].y);
    }
    for (int k = 0; k < b_count; k++) {
        base = fmin(base, b[k].y);
    }
    for (int i = 0; i < a_count; i++) {
        Edge first = edge_of(a, a_count, i);

        for (int j = 0; j < b_count; j++) {
            Edge second = edge_of(b, b_count, j);

            shared += strips_shared(&first, &second, base);
        }
    }
    return fabs(shared);
}
