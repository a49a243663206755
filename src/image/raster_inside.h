/*
 * raster_inside - what the files of the rasteriser share.
 */
#ifndef OCELLUS_IMAGE_RASTER_INSIDE_H
#define OCELLUS_IMAGE_RASTER_INSIDE_H

#include "image/raster.h"

/* Where pixels are painted: a picture whose last pixel is (right, bottom), of which
 * the rows at `at` hold the part from (x, y) on.  Whoever has less than the picture
 * paints only inside that part. */
typedef struct Canvas {
    uint8_t *at;
    size_t   stride;
    int      pixel;              /* bytes of one */
    int64_t  x, y, right, bottom;
    uint8_t  ink[3];
    bool     opaque;             /* pixels are `four` times the ink, with 255 */
    uint8_t  four[16];
} Canvas;

/* A point with 16 binary places. */
typedef struct FinePoint {
    int64_t x, y;
} FinePoint;

enum { FINE_SHIFT = 16, FINE_ONE = 1 << FINE_SHIFT, FINE_HALF = FINE_ONE / 2 };

static inline int64_t fine_round(int64_t v)
{
    return (v + FINE_HALF) >> FINE_SHIFT;
}

Canvas canvas_of(Image *image, uint8_t blue, uint8_t green, uint8_t red);

static inline void canvas_put(const Canvas *c, int64_t x, int64_t y)
{
    uint8_t *pixel = c->at + (size_t)(y - c->y) * c->stride + (size_t)(x - c->x) * (size_t)c->pixel;

    memcpy(pixel, c->ink, c->pixel == 1 ? 1 : 3);
}

/* One row between two columns, inclusive; clipped to the picture. */
void canvas_row(const Canvas *c, int64_t y, int64_t x1, int64_t x2);

/* Cut a line {x1, y1, x2, y2} to the pixels (0, 0) .. (right, bottom), as OpenCV
 * does; false when nothing is left. */
bool line_cut(int64_t p[4], int64_t right, int64_t bottom);

/* One pixel wide, in whole pixels. */
void canvas_line(const Canvas *c, const int64_t ends[4], bool four_connected);

/* A filled circle. */
void canvas_disc(const Canvas *c, int64_t x, int64_t y, int64_t radius);

/* A line of the pen's width; its start and its end get a disc where `caps` has bit 1
 * and 2. */
void canvas_stroke(const Canvas *c, const Pen *pen, FinePoint from, FinePoint to, int caps);

/* A chain of such lines; every corner gets one disc. */
void canvas_chain(const Canvas *c, const Pen *pen, const FinePoint *points, int count, bool closed);

#endif
