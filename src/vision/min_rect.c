/*
 * min_rect - one side of the smallest rectangle lies on an edge of the convex hull.
 *
 * So every edge is tried.  Three calipers, the farthest points along the edge, against it
 * and away from it, only move forward while the edges go round: linear in the hull.
 */
#include "vision/min_rect.h"

#include <math.h>
#include <stdlib.h>

static int by_place(const void *a, const void *b)
{
    const ContourPoint *p = a, *q = b;
    int                 x = (p->x > q->x) - (p->x < q->x);

    return x ? x : (p->y > q->y) - (p->y < q->y);
}

static double turn(ContourPoint a, ContourPoint b, ContourPoint c)
{
    return ((double)b.x - a.x) * ((double)c.y - a.y) - ((double)b.y - a.y) * ((double)c.x - a.x);
}

/* Add a point to a chain that always turns one way. */
static int add_to_chain(ContourPoint *hull, int count, int least, ContourPoint point)
{
    while (count - least >= 2 && turn(hull[count - 2], hull[count - 1], point) <= 0) {
        count--;
    }
    hull[count] = point;
    return count + 1;
}

/* The convex hull by two chains (Andrew): corners only, in the direction of positive turns. */
static int hull_of(ContourPoint *sorted, int count, ContourPoint *hull)
{
    int n = 0, lower;

    for (int k = 0; k < count; k++) {
        n = add_to_chain(hull, n, 0, sorted[k]);
    }
    lower = n - 1;
    for (int k = count - 2; k >= 0; k--) {
        n = add_to_chain(hull, n, lower, sorted[k]);
    }
    return n > 1 ? n - 1 : n;
}

static double along(ContourPoint point, double x, double y)
{
    return point.x * x + point.y * y;
}

/* Move a caliper on while the next corner is farther in direction (x, y). */
static int farthest(const ContourPoint *hull, int count, int at, double x, double y)
{
    for (int step = 0; step < count; step++) {
        int next = (at + 1) % count;

        if (along(hull[next], x, y) <= along(hull[at], x, y)) {
            break;
        }
        at = next;
    }
    return at;
}

/* The rectangle in the direction (x, y) of unit length that reaches so far. */
static TurnedRect rect_of(double x, double y, double least, double most, double near, double far)
{
    double     u = (least + most) / 2, v = (near + far) / 2;
    double     degrees = atan2(y, x) * 180 / M_PI;
    TurnedRect rect = { u * x - v * y, u * y + v * x, most - least, far - near, 0 };
    bool       swapped = false;

    while (degrees <= 1e-9) {
        degrees += 90;
        swapped  = !swapped;
    }
    while (degrees > 90 + 1e-9) {
        degrees -= 90;
        swapped  = !swapped;
    }
    rect.angle = degrees;
    if (swapped) {
        rect.width  = far - near;
        rect.height = most - least;
    }
    return rect;
}

static TurnedRect smallest(const ContourPoint *hull, int count)
{
    TurnedRect best = { 0 };
    double     least_area = INFINITY;
    int        right = 0, top = 0, left = 0;

    for (int k = 0; k < count; k++) {
        ContourPoint a = hull[k], b = hull[(k + 1) % count];
        double       length = hypot((double)b.x - a.x, (double)b.y - a.y);
        double       x = ((double)b.x - a.x) / length, y = ((double)b.y - a.y) / length;
        double       near = along(a, -y, x), width, height;

        right  = farthest(hull, count, k == 0 ? 1 % count : right, x, y);
        top    = farthest(hull, count, k == 0 ? right : top, -y, x);
        left   = farthest(hull, count, k == 0 ? top : left, -x, -y);
        width  = along(hull[right], x, y) - along(hull[left], x, y);
        height = along(hull[top], -y, x) - near;
        if (width * height < least_area) {
            least_area = width * height;
            best       = rect_of(x, y, along(hull[left], x, y), along(hull[right], x, y), near,
                                 near + height);
        }
    }
    return best;
}

bool min_rect(Arena *arena, const ContourPoint *points, int count, TurnedRect *out, Error *err)
{
    ContourPoint *sorted = arena_array(arena, ContourPoint, count);
    ContourPoint *hull   = arena_array(arena, ContourPoint, 2 * (size_t)count + 1);
    int           corners;

    if (!sorted || !hull) {
        return fail(err, ERR_MEMORY, "no memory for the outline of %d points", count);
    }
    memcpy(sorted, points, (size_t)count * sizeof(*points));
    qsort(sorted, (size_t)count, sizeof(*sorted), by_place);
    corners = hull_of(sorted, count, hull);
    *out    = (TurnedRect){ hull[0].x, hull[0].y, 0, 0, 90 };
    if (corners > 1 && (hull[0].x != hull[1].x || hull[0].y != hull[1].y)) {
        *out = smallest(hull, corners);
    }
    return true;
}

void turned_corners(const TurnedRect *rect, float corners[4][2])
{
    double angle = (double)(float)rect->angle * M_PI / 180;
    float  a = (float)sin(angle) * 0.5f, b = (float)cos(angle) * 0.5f;
    float  x = (float)rect->x, y = (float)rect->y;
    float  width = (float)rect->width, height = (float)rect->height;

    corners[0][0] = x - a * height - b * width;
    corners[0][1] = y + b * height - a * width;
    corners[1][0] = x + a * height - b * width;
    corners[1][1] = y - b * height - a * width;
    corners[2][0] = 2 * x - corners[0][0];
    corners[2][1] = 2 * y - corners[0][1];
    corners[3][0] = 2 * x - corners[1][0];
    corners[3][1] = 2 * y - corners[1][1];
}
