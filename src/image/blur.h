/*
 * blur - four ways to smooth a picture.
 *
 * Average, Gaussian and median give the bytes of OpenCV 4.12's blur(),
 * GaussianBlur() with sigma 0, and medianBlur(); how is written down beside
 * each kernel.  Bilateral follows bilateralFilter() and is nearly always the same.
 *
 * Beyond the edge a picture goes on mirrored, the last row not repeated, and
 * for the median with its last row over and over.
 */
#ifndef OCELLUS_IMAGE_BLUR_H
#define OCELLUS_IMAGE_BLUR_H

#include "image/resize.h"

typedef enum BlurKind { BLUR_AVERAGE, BLUR_GAUSSIAN, BLUR_MEDIAN, BLUR_BILATERAL } BlurKind;

typedef struct Blur {
    BlurKind kind;
    int      size;       /* of the kernel: 1 .. LIMIT_BLUR_SIZE, odd for Gaussian and median;
                            bilateral: below 1 is what its sigma of space asks for */
    double   colour;     /* sigmas of the bilateral, above 0; unused by the others */
    double   space;
} Blur;

/* Blur `from` into `to`, which is as large and lies elsewhere.  `channels` are
 * those of the picture (1, 3 or 4); the fourth byte of 3 channels becomes 255,
 * alpha is blurred like a colour and kept as it is by the bilateral.  False
 * when there is no memory for rows and tables, or `cancel` says so. */
bool plane_blur(Plane from, Plane to, int channels, Blur how, const Cancel *cancel,
                Error *err) MUST_USE;

/* A blurred picture with the lineage of `image`. */
Image *image_blur(const Image *image, Blur how, const Cancel *cancel, Error *err) MUST_USE;

#endif
