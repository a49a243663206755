/*
 * color - colour spaces, in the forms that 8 bits have in OpenCV.
 *
 * HSV: hue in 0 .. 179 (two degrees each), saturation and value in 0 .. 255.
 * LAB: L* scaled to 0 .. 255, a* and b* shifted by 128; sRGB under D65.
 * Equal to cv2.cvtColor() of OpenCV 4.12 to the last bit.
 */
#ifndef OCELLUS_IMAGE_COLOR_H
#define OCELLUS_IMAGE_COLOR_H

#include "image/resize.h"

typedef enum ColorChange {
    COLOR_BGR_TO_HSV, COLOR_HSV_TO_BGR, COLOR_BGR_TO_LAB, COLOR_LAB_TO_BGR,
} ColorChange;

/* One row of pixels of 4 bytes, of which the fourth becomes 255; `out` may be
 * `in`.  Rows are rows of a picture: where one ends matters to OpenCV. */
void color_row(uint8_t *out, const uint8_t *in, int count, ColorChange how);

/* A picture of three channels in another space, with the lineage of `image`, whose
 * pixels must be colour; its fourth channel is dropped. */
Image *image_recolor(const Image *image, ColorChange how, Error *err) MUST_USE;

#endif
