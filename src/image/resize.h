/*
 * resize - the 8-bit kernels that the reference's numbers depend on.
 *
 * They follow OpenCV 4.12 to the last bit (the rules are written down beside
 * each kernel); SIMD versions give the same bytes as their scalar twins.
 */
#ifndef OCELLUS_IMAGE_RESIZE_H
#define OCELLUS_IMAGE_RESIZE_H

#include "image/image.h"

typedef enum Interpolation {
    INTERPOLATE_LINEAR, INTERPOLATE_AREA, INTERPOLATE_NEAREST, INTERPOLATE_CUBIC,
} Interpolation;

/* A view of pixels: `pixel` is 1 or 4 bytes. */
typedef struct Plane {
    uint8_t *at;
    size_t   stride;
    int      width, height, pixel;
} Plane;

/* The pixels of a picture as a view; read only by convention. */
Plane image_plane(const Image *image);

/* Resize `from` into `to` (same pixel size, sizes >= 1).  Memory for tables
 * only; false and ERR_MEMORY when that fails.  Cubic takes pixels of 4 bytes
 * for three channels whose fourth byte is 255. */
bool plane_resize(Plane from, Plane to, Interpolation how, Error *err) MUST_USE;

/* Linear resizing by a factor: `to` is as large as rounding makes it, and pixels stand
 * where the factor says and not where the sizes do, as in OpenCV's resize() with fx. */
bool plane_shrink(Plane from, Plane to, double factor, Error *err) MUST_USE;

/* A resized picture with the lineage of `image`. */
Image *image_resize(const Image *image, int width, int height, Interpolation how,
                    Error *err) MUST_USE;

/* The geometry of a letterbox as the reference's engine computes it: scale =
 * min(w'/w, h'/h), sizes cut to whole pixels, padding split with the smaller
 * half on top and left. */
typedef struct Letterbox {
    int    width, height;            /* of the scaled picture */
    int    left, top;                /* its place on the canvas */
    double scale;
} Letterbox;

Letterbox letterbox_fit(Size picture, Size canvas);

/* Gray value of a colour pixel as OpenCV computes it. */
static inline uint8_t gray_of(uint8_t blue, uint8_t green, uint8_t red)
{
    return (uint8_t)((3735u * blue + 19235u * green + 9798u * red + 16384u) >> 15);
}

/* The same for a row of pixels of 4 bytes, as fast as the machine can. */
void gray_row(uint8_t *out, const uint8_t *pixels, int count);

/* The same for a row of pixels of 4 bytes, as fast as the machine can. */
void gray_row(uint8_t *out, const uint8_t *pixels, int count);

#endif
