/*
 * static_crop - what the static crop blocks share.
 */
#ifndef OCELLUS_BLOCKS_STATIC_CROP_H
#define OCELLUS_BLOCKS_STATIC_CROP_H

#include "blocks/block.h"

/* A box given by centre and size, corners rounded half to even: the first one,
 * then the other from the rounded first. */
typedef struct Corners {
    int64_t x1, y1, x2, y2;
} Corners;

Corners corners_of(double x_center, double y_center, double width, double height);

/* Emit the part of the picture between the corners, clipped on the right and at
 * the bottom; null when nothing is left or it begins outside.  The crop is
 * called "<prefix>.<uuid>". */
bool emit_crop(Call *call, int i, int output, const Image *image, Corners corners,
               const char *prefix);

#endif
