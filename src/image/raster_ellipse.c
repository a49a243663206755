/*
 * raster_ellipse - discs, circles and arcs of ellipses.
 *
 * OpenCV's midpoint circle is, row by row, all pixels whose centres lie not farther
 * from its centre than the radius, so it can be drawn from any row on.  Wider circles
 * and all ellipses are polygons of so many corners as their size asks for.
 */
#include <math.h>

#include "image/raster_inside.h"

/* The greatest whole number whose square is not above v. */
static int64_t whole_root(int64_t v)
{
    int64_t root = (int64_t)sqrt((double)v);

    while (root * root > v) {
        root--;
    }
    while ((root + 1) * (root + 1) <= v) {
        root++;
    }
    return root;
}

void canvas_disc(const Canvas *c, int64_t x, int64_t y, int64_t radius)
{
    int64_t last = MIN(y + radius, c->bottom);

    for (int64_t row = MAX(y - radius, 0); row <= last; row++) {
        int64_t reach = whole_root(radius * radius - (row - y) * (row - y));

        canvas_row(c, row, x - reach, x + reach);
    }
}

void raster_disc(Image *image, int x, int y, int radius, uint8_t blue, uint8_t green, uint8_t red)
{
    Canvas c = canvas_of(image, blue, green, red);

    canvas_disc(&c, x, y, radius);
}

/* One pixel wide.  Above and below the diagonal a row holds a run of pixels on both
 * sides, beside it one. */
static void thin_circle(const Canvas *c, int64_t x, int64_t y, int64_t radius)
{
    int64_t last = MIN(y + radius, c->bottom);

    for (int64_t row = MAX(y - radius, 0); row <= last; row++) {
        int64_t away  = llabs(row - y);
        int64_t outer = whole_root(radius * radius - away * away), inner = outer;

        if (away >= outer) {
            int64_t above = radius * radius - (away + 1) * (away + 1);

            inner = above < 0 ? 0 : MIN(whole_root(above) + 1, outer);
        }
        canvas_row(c, row, x - outer, x - inner);
        canvas_row(c, row, x + inner, x + outer);
    }
}

/* ---- ellipses ----------------------------------------------------------------------------- */

enum { ARC_POINTS = 364 };

/* The sine of whole degrees, to seven decimals. */
static double sine(int degrees)
{
    return (double)(float)(rint(sin(degrees * 3.14159265358979323846 / 180) * 1e7) / 1e7);
}

/* Bring an arc into 0 .. 360 degrees, from its lesser end to its greater one. */
static Arc arc_normal(Arc arc)
{
    int64_t from = MIN(arc.from, arc.to), to = MAX(arc.from, arc.to), turns;

    if (from < 0) {
        turns = (359 - from) / 360;
        from += turns * 360;
        to   += turns * 360;
    }
    if (to > 360) {
        turns = (to - 1) / 360;
        from -= turns * 360;
        to   -= turns * 360;
    }
    if (to - from > 360) {
        from = 0;
        to   = 360;
    }
    return (Arc){ arc.tilt % 360 + (arc.tilt % 360 < 0 ? 360 : 0), (int)from, (int)to };
}

/* The corners of an arc, without repetitions; their number. */
static int arc_points(FinePoint center, int64_t width, int64_t height, Arc arc,
                      FinePoint points[ARC_POINTS])
{
    int64_t size  = MAX(width, height);
    int     step  = size < 3 ? 90 : size < 10 ? 30 : size < 15 ? 18 : 5;
    double  along = sine((450 - arc.tilt) % 360), across = sine(arc.tilt);
    int     count = 0;

    for (int i = arc.from; i < arc.to + step; i += step) {
        int       angle = MIN(i, arc.to) < 0 ? MIN(i, arc.to) + 360 : MIN(i, arc.to);
        double    x     = (double)(width * FINE_ONE) * sine(450 - angle);
        double    y     = (double)(height * FINE_ONE) * sine(angle);
        FinePoint at    = { llrint((double)center.x + x * along - y * across),
                            llrint((double)center.y + x * across + y * along) };

        if (count == 0 || at.x != points[count - 1].x || at.y != points[count - 1].y) {
            points[count++] = at;
        }
    }
    if (count == 1) {
        points[0] = points[1] = center;
        count = 2;
    }
    return count;
}

static void draw_arc(const Canvas *c, const Pen *pen, FinePoint center, Size half, Arc arc)
{
    FinePoint points[ARC_POINTS];
    Pen       fine  = *pen;
    int       count = arc_points(center, half.width, half.height, arc_normal(arc), points);

    fine.fine = !pen->four_connected;
    canvas_chain(c, &fine, points, count, false);
}

void raster_circle(Image *image, const Pen *pen, int x, int y, int radius)
{
    Canvas c = canvas_of(image, pen->blue, pen->green, pen->red);

    if (pen->thickness < 0) {
        canvas_disc(&c, x, y, radius);
    } else if (pen->thickness <= 1) {
        thin_circle(&c, x, y, radius);
    } else {
        draw_arc(&c, pen, (FinePoint){ (int64_t)x * FINE_ONE, (int64_t)y * FINE_ONE },
                 (Size){ radius, radius }, (Arc){ 0, 0, 360 });
    }
}

/* What lies between an arc and the middle, corners rounded to whole pixels. */
static bool fill_sector(Image *image, const Pen *pen, FinePoint center, const FinePoint *points,
                        int count, Error *err)
{
    ContourPoint corners[ARC_POINTS + 1];
    Polygon      sector = { corners, count + 1 };

    for (int i = 0; i <= count; i++) {
        FinePoint at = i < count ? points[i] : center;

        corners[i] = (ContourPoint){ (int32_t)fine_round(at.x), (int32_t)fine_round(at.y) };
    }
    return raster_polygons(image, &sector, 1, pen->blue, pen->green, pen->red, err);
}

bool raster_ellipse(Image *image, const Pen *pen, int x, int y, Size half, Arc arc, Error *err)
{
    Canvas    c      = canvas_of(image, pen->blue, pen->green, pen->red);
    FinePoint center = { (int64_t)x * FINE_ONE, (int64_t)y * FINE_ONE };
    FinePoint points[ARC_POINTS];

    if (pen->thickness >= 0) {
        draw_arc(&c, pen, center, half, arc);
        return true;
    }
    return fill_sector(image, pen, center, points,
                       arc_points(center, half.width, half.height, arc_normal(arc), points), err);
}
