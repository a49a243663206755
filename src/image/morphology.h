/*
 * morphology - the least and the most of what surrounds a pixel.
 *
 * The bytes are those of OpenCV 4.12's erode() and dilate() with its default border:
 * what lies outside of the picture does not count.  The window of a kernel of k begins
 * k / 2 before its pixel, for both, so that even kernels move what they open.
 */
#ifndef OCELLUS_IMAGE_MORPHOLOGY_H
#define OCELLUS_IMAGE_MORPHOLOGY_H

#include "image/resize.h"

typedef enum Morphology {
    MORPH_ERODE, MORPH_DILATE, MORPH_OPEN, MORPH_CLOSE, MORPH_OPEN_CLOSE, MORPH_GRADIENT,
    MORPH_TOP_HAT, MORPH_BLACK_HAT,
} Morphology;

/* Erode or dilate in place with a square of `size` pixels, at least 1; the time grows with
 * the logarithm of the size.  The fourth byte of a pixel is treated like the others. */
bool plane_morph(Plane plane, int size, bool dilate, const Cancel *cancel, Error *err) MUST_USE;

/* A picture with the lineage of `image`; alpha stays as it is. */
Image *image_morph(const Image *image, Morphology how, int size, const Cancel *cancel,
                   Error *err) MUST_USE;

/* Erode or dilate with the ellipse that fills the square, as getStructuringElement()
 * gives it; `to` is as large and lies elsewhere.  Gray pictures only. */
bool plane_morph_ellipse(Plane from, Plane to, int size, bool dilate, const Cancel *cancel,
                         Error *err) MUST_USE;

#endif
