/*
 * encode - pixels to files.
 */
#ifndef OCELLUS_IMAGE_ENCODE_H
#define OCELLUS_IMAGE_ENCODE_H

#include "base/buffer.h"
#include "base/pool.h"
#include "image/image.h"

/* The reference's JPEG: quality 1..100 (95 is its default), 4:2:0, standard tables; gray
 * pictures stay gray.  Appended to `out`.  Small pictures are what OpenCV writes, to the
 * byte; larger ones are cut into stripes, so that the pool's threads (NULL: none) can help,
 * and are what OpenCV writes with a restart interval: they decode to the same pixels.  The
 * bytes do not depend on the pool. */
bool image_encode_jpeg(const Image *image, int quality, Pool *pool, Buffer *out,
                       Error *err) MUST_USE;

/* PNG with fast settings: colour as RGB, gray as gray, BGRA as RGBA. */
bool image_encode_png(const Image *image, Buffer *out, Error *err) MUST_USE;

#endif
