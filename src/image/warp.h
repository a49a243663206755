/*
 * warp - pictures turned.
 *
 * The bytes are those of OpenCV 4.12's warpAffine() with bilinear mixing and black beyond
 * the edges, under matrices of getRotationMatrix2D().
 */
#ifndef OCELLUS_IMAGE_WARP_H
#define OCELLUS_IMAGE_WARP_H

#include "image/resize.h"

/* x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5] */
typedef struct Affine {
    double m[6];
} Affine;

/* A turn by that many degrees against the clock around (x, y). */
Affine affine_turn(double degrees, double x, double y);

/* Where the pixels of `from` go; `opaque` makes the fourth byte of colours 255. */
bool plane_warp(Plane from, Plane to, const Affine *where, bool opaque, const Cancel *cancel,
                Error *err) MUST_USE;

/* A picture turned around its middle, in a canvas that holds it whole. */
Image *image_turn(const Image *image, double degrees, const Cancel *cancel, Error *err) MUST_USE;

#endif
