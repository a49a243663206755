/*
 * encode - pixels to files.
 */
#ifndef OCELLUS_IMAGE_ENCODE_H
#define OCELLUS_IMAGE_ENCODE_H

#include "base/buffer.h"
#include "base/pool.h"
#include "image/image.h"

typedef enum Coding {
    CODING_JPEG,        /* 4:2:0: a quarter of the colours, which photographs do not miss */
    CODING_JPEG_444,    /* all of them, for thin coloured lines and letters */
    CODING_PNG,         /* every bit; fast rather than small */
    CODING_WEBP,        /* smaller than JPEG, and takes several times as long */
} Coding;

/* How pictures are written. */
typedef struct ImageWriting {
    Coding coding;
    int    quality;     /* 1..100, of JPEG and WebP */
    Pool  *pool;        /* whose threads help; NULL: none.  The bytes do not depend on it */
} ImageWriting;

static inline ImageWriting as_png(void)
{
    return (ImageWriting){ .coding = CODING_PNG };
}

static inline ImageWriting as_jpeg(int quality, Pool *pool)
{
    return (ImageWriting){ CODING_JPEG, quality, pool };
}

/* Append the file to `out`.
 *
 * JPEG has standard tables; gray pictures stay gray.  Small pictures are what OpenCV
 * writes, to the byte; larger ones are cut into stripes that threads can share, and are
 * what OpenCV writes with a restart interval: they decode to the same pixels.  PNG holds
 * gray as gray, BGRA as RGBA; WebP holds gray as colours, and no side over 16383 pixels. */
bool image_encode(const Image *image, ImageWriting how, Buffer *out, Error *err) MUST_USE;

#endif
