/*
 * min_rect - the smallest rectangle around points, turned as it may be.
 *
 * As OpenCV 4.12 tells it: the angle is above 0 and at most 90 degrees, clockwise as y
 * grows downwards; the width lies along it and the height a quarter turn further.
 */
#ifndef OCELLUS_VISION_MIN_RECT_H
#define OCELLUS_VISION_MIN_RECT_H

#include "base/arena.h"
#include "image/contour.h"

typedef struct TurnedRect {
    double x, y;               /* the middle */
    double width, height;
    double angle;
} TurnedRect;

/* Of at least one point; false when memory is out. */
bool min_rect(Arena *arena, const ContourPoint *points, int count, TurnedRect *out,
              Error *err) MUST_USE;

/* Its corners, from the one at the far end of the height and the near one of the width, in
 * OpenCV's order and precision. */
void turned_corners(const TurnedRect *rect, float corners[4][2]);

#endif
