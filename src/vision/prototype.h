/*
 * prototype - masks out of prototypes and coefficients.
 */
#ifndef OCELLUS_VISION_PROTOTYPE_H
#define OCELLUS_VISION_PROTOTYPE_H

#include "value/mask.h"
#include "vision/stretch.h"

/* Prototypes of one picture, and what of their cells is the picture's. */
typedef struct Prototypes {
    const float *data;            /* [count, height, width] */
    int          count, width, height;
    int          left, top;       /* the picture's first cell; may be below 0 */
    const Axis  *across, *down;   /* from the picture's cells to its pixels */
} Prototypes;

/* The cells x1 .. x2 - 1, y1 .. y2 - 1 of a grid. */
typedef struct Cells {
    int x1, y1, x2, y2;
} Cells;

/* The mask of an object in the cells of its box, with `count` coefficients: pixels where
 * the sigmoid of their sum is above one half.  It lies in a picture of the axes' size,
 * moved by (dx, dy). */
bool mask_from_prototypes(Arena *arena, const Prototypes *from, const float *coefficients,
                          Cells box, int dx, int dy, MaskAllowance *left, Mask *out,
                          Error *err) MUST_USE;

#endif
