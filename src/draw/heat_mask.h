/*
 * heat_mask - how often places of a picture were visited, and the colours of that.
 */
#ifndef OCELLUS_DRAW_HEAT_MASK_H
#define OCELLUS_DRAW_HEAT_MASK_H

#include "image/contour.h"
#include "image/image.h"

/* Visits of every pixel; `at` is NULL before the first.  The memory is charged to the
 * budget of pictures. */
typedef struct HeatMask {
    float *at;
    Size   size;
    float  most;         /* visits of the pixel that has the most */
} HeatMask;

void heat_mask_fini(HeatMask *mask);

/* Visit the discs around `places` once, also where they overlap.  A mask of another size
 * begins anew. */
bool heat_mask_visit(HeatMask *mask, Size size, const ContourPoint *places, int count, int radius,
                     const Cancel *cancel, Error *err) MUST_USE;

/* The hue (of 180 around the circle) goes from `low` to `top` with the visits, and is then
 * averaged over squares of `kernel` pixels, 1 .. LIMIT_BLUR_SIZE. */
typedef struct HeatLook {
    int64_t low, top;
    int     kernel;
    double  opacity;
} HeatLook;

/* Mix the colours into `out`, which is as large as the mask, where anybody was. */
bool heat_mask_blend(const HeatMask *mask, Image *out, HeatLook look, const Cancel *cancel,
                     Error *err) MUST_USE;

#endif
