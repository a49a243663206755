/*
 * hull - the smallest rectangle around points, at any angle.
 *
 * It has a side on an edge of the convex hull (Freeman and Shapira 1975).  The hull is
 * Andrew's monotone chain; while the edges are gone through, the corners farthest along,
 * back and away move in one direction only (rotating calipers), so that all takes no
 * longer than sorting the points.
 */
#include <math.h>

#include "image/hull.h"

static int compare_points(const void *a, const void *b)
{
    const ContourPoint *p = a, *q = b;

    return p->x != q->x ? (p->x > q->x) - (p->x < q->x) : (p->y > q->y) - (p->y < q->y);
}

static int64_t cross(ContourPoint o, ContourPoint a, ContourPoint b)
{
    return ((int64_t)a.x - o.x) * ((int64_t)b.y - o.y) -
           ((int64_t)a.y - o.y) * ((int64_t)b.x - o.x);
}

/* Corners in order into `hull`, which has room for count + 1; no three on a line. */
static int make_hull(const ContourPoint *sorted, int count, ContourPoint *hull)
{
    int n = 0, lower;

    for (int i = 0; i < count; i++) {
        while (n >= 2 && cross(hull[n - 2], hull[n - 1], sorted[i]) <= 0) {
            n--;
        }
        hull[n++] = sorted[i];
    }
    lower = n + 1;
    for (int i = count - 2; i >= 0; i--) {
        while (n >= lower && cross(hull[n - 2], hull[n - 1], sorted[i]) <= 0) {
            n--;
        }
        hull[n++] = sorted[i];
    }
    return n - 1;
}

static double project(ContourPoint p, double x, double y)
{
    return p.x * x + p.y * y;
}

/* Go on from corner `at` while the next one lies further in direction (x, y). */
static int farthest(const ContourPoint *hull, int count, int at, double x, double y)
{
    for (int steps = 0; steps < count; steps++) {
        int next = (at + 1) % count;

        if (project(hull[next], x, y) < project(hull[at], x, y)) {
            break;
        }
        at = next;
    }
    return at;
}

static Turned least_rectangle(const ContourPoint *hull, int count)
{
    Turned best = { 0 };
    double least = INFINITY;
    int    ahead = 1, away = 1, behind = 1;

    for (int i = 0; i < count; i++) {
        ContourPoint a = hull[i], b = hull[(i + 1) % count];
        double       dx = (double)b.x - a.x, dy = (double)b.y - a.y, length = hypot(dx, dy);
        double       x = dx / length, y = dy / length, along, across;

        ahead  = farthest(hull, count, i == 0 ? 1 : ahead, x, y);
        away   = farthest(hull, count, i == 0 ? ahead : away, -y, x);
        behind = farthest(hull, count, i == 0 ? away : behind, -x, -y);
        along  = project(hull[ahead], x, y) - project(hull[behind], x, y);
        across = project(hull[away], -y, x) - project(a, -y, x);
        if (along * across < least) {
            least = along * across;
            best  = (Turned){ along, across, x, y };
        }
    }
    return best;
}

bool hull_rectangle(Arena *arena, const ContourPoint *points, int count, Turned *out)
{
    ContourPoint *sorted = arena_array(arena, ContourPoint, (size_t)count + 1);
    ContourPoint *hull   = arena_array(arena, ContourPoint, 2 * (size_t)count + 2);
    int           corners;

    *out = (Turned){ 0 };
    if (!sorted || !hull || arena_failed(arena)) {
        return false;
    }
    if (count < 3) {
        return true;
    }
    memcpy(sorted, points, (size_t)count * sizeof *points);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_points);
    corners = make_hull(sorted, count, hull);
    if (corners >= 3) {
        *out = least_rectangle(hull, corners);
    }
    return true;
}
