/*
 * hull - the smallest rectangle around points, at any angle.
 */
#ifndef OCELLUS_IMAGE_HULL_H
#define OCELLUS_IMAGE_HULL_H

#include "image/contour.h"

/* A rectangle by its two sides: one lies along (cos, sin) of an edge, the other across. */
typedef struct Turned {
    double along, across;
    double x, y;              /* the direction of `along`, of length 1 */
} Turned;

/* The rectangle of least area around points within +-2^29; sides 0 where there are fewer
 * than 3 corners.  False when memory is out. */
bool hull_rectangle(Arena *arena, const ContourPoint *points, int count, Turned *out) MUST_USE;

#endif
