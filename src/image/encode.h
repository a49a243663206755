/*
 * encode - pixels to files.
 */
#ifndef OCELLUS_IMAGE_ENCODE_H
#define OCELLUS_IMAGE_ENCODE_H

#include "base/buffer.h"
#include "image/image.h"

/* The reference's JPEG: quality 1..100 (95 is its default), 4:2:0, standard
 * tables; gray pictures stay gray.  Appended to `out`. */
bool image_encode_jpeg(const Image *image, int quality, Buffer *out, Error *err) MUST_USE;

/* PNG with fast settings: colour as RGB, gray as gray, BGRA as RGBA. */
bool image_encode_png(const Image *image, Buffer *out, Error *err) MUST_USE;

#endif
