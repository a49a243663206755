/*
 * raster - filling pixels, by integer rules and by coverage.
 *
 * Everything clips to the picture; coordinates may be anything an int holds.
 * Works on BGRX pixels in place (see image_edit) and on gray ones.
 */
#ifndef OCELLUS_IMAGE_RASTER_H
#define OCELLUS_IMAGE_RASTER_H

#include "image/contour.h"
#include "image/image.h"

/* Fill from (x, y) to (x + width, y + height), both corners inclusive, as
 * OpenCV's rectangle() does. */
void raster_fill(Image *image, Rect rect, uint8_t blue, uint8_t green, uint8_t red);

/* The same with corners rounded by `radius` (limited to half the shorter side;
 * <= 0: plain): two rectangles and four discs, as the reference draws it. */
void raster_fill_rounded(Image *image, Rect rect, int radius, uint8_t blue, uint8_t green,
                         uint8_t red);

/* A filled circle of OpenCV's midpoint rule, 2 * radius + 1 wide. */
void raster_disc(Image *image, int x, int y, int radius, uint8_t blue, uint8_t green, uint8_t red);

/* ---- outlines, pixel by pixel those of OpenCV -------------------------------------------- */

/* What lines are drawn with.  Thickness 0 counts as 1; a line of t > 1 reaches
 * (t + 1) / 2 pixels to either side.  Four-connected lines have no diagonal steps. */
typedef struct Pen {
    int     thickness;
    uint8_t blue, green, red;
    bool    four_connected;
    bool    fine;            /* of raster_ellipse's own: points between pixels count */
} Pen;

void raster_line(Image *image, const Pen *pen, int x1, int y1, int x2, int y2);
void raster_polyline(Image *image, const Pen *pen, const ContourPoint *points, int count,
                     bool closed);

/* The corners may stand in any order; filled with a negative thickness. */
void raster_rectangle(Image *image, const Pen *pen, int x1, int y1, int x2, int y2);

/* A circle with a radius of at least 0; filled with a negative thickness. */
void raster_circle(Image *image, const Pen *pen, int x, int y, int radius);

/* The part of an ellipse between two angles, in degrees clockwise from the right; the
 * ellipse itself is turned by `tilt`.  `half` its half axes, at least 0.  With a
 * negative thickness what lies between the arc and the middle is filled. */
typedef struct Arc {
    int tilt, from, to;
} Arc;

bool raster_ellipse(Image *image, const Pen *pen, int x, int y, Size half, Arc arc,
                    Error *err) MUST_USE;

/* ---- filled polygons ----------------------------------------------------------------------- */

typedef struct Polygon {
    const ContourPoint *corners;
    int                 count;
} Polygon;

/* Fill them together, an overlap of two being a hole, as OpenCV's fillPoly() does. */
bool raster_polygons(Image *image, const Polygon *polygons, int count, uint8_t blue,
                     uint8_t green, uint8_t red, Error *err) MUST_USE;

/* For masks: the polygons' rectangle, cut to the picture (false: nothing is left), and
 * what they cover of it as bytes 0 and 1 in `bits`, which are clear before.  `*edges`
 * is what is left of the pixels that edges may pass; false when that was not enough. */
bool polygons_box(const Polygon *polygons, int count, Size picture, Rect *box);
bool polygons_fill(uint8_t *bits, Rect box, Size picture, const Polygon *polygons, int count,
                   int64_t *edges) MUST_USE;

/* ---- strokes by coverage ------------------------------------------------------------------- */

/* Anti-aliased strokes: lines are gathered in a mask of coverage, where crossing
 * strokes do not add up, and painted at once. */
typedef struct Coverage {
    uint8_t *at;             /* NULL: nothing of it is inside the picture */
    Rect     box;            /* in picture coordinates, clipped */
} Coverage;

bool coverage_open(Coverage *mask, const Image *image, Rect box, Error *err) MUST_USE;
void coverage_close(Coverage *mask);

/* A line with round ends; `width` in pixels. */
void coverage_line(Coverage *mask, double x1, double y1, double x2, double y2, double width);

void coverage_paint(const Coverage *mask, Image *image, uint8_t blue, uint8_t green, uint8_t red);

#endif
