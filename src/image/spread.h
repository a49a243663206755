/*
 * spread - rectangles and bitmaps, and letting bitmaps grow.
 */
#ifndef OCELLUS_IMAGE_SPREAD_H
#define OCELLUS_IMAGE_SPREAD_H

#include "image/blend.h"

/* The part of a rectangle inside a picture of that size; width 0: none. */
Rect rect_inside(Rect rect, int width, int height);

/* The smallest rectangle around two; one of width 0 counts for nothing. */
Rect rect_union(Rect a, Rect b);

/* The smallest rectangle around the bits that are set; width 0: none. */
Rect region_bounds(Region region);

/* Whether a pixel inside the rectangle of a region with bits is set. */
static inline bool region_bit(const Region *region, int x, int y)
{
    return region->bits[(size_t)(y - region->rect.y) * (size_t)region->rect.width +
                        (size_t)(x - region->rect.x)];
}

/* Set in `out` (rows of rect.width bytes, clear at first) what lies within `radius` of a bit
 * of `region` inside of rect, as OpenCV's dilate() with an ellipse of 2 * radius + 1
 * does.  False when there is no memory for a row, or `cancel` says so. */
bool spread_disc(Region region, Rect rect, int radius, uint8_t *out, const Cancel *cancel,
                 Error *err) MUST_USE;

#endif
