/*
 * mask - which pixels of its picture an object covers.
 *
 * A Mask holds only the part of the picture that matters: `height` rows of
 * `width` bytes, 0 or 1, whose first is the pixel (x, y); everything outside is
 * clear.  The rectangle lies inside the picture and is as small as its maker could
 * tell; an object that covers nothing has width 0.
 *
 * Masks of a set are made against one allowance, so that no request can ask for
 * more memory or work than limits.h grants to a set.
 */
#ifndef OCELLUS_VALUE_MASK_H
#define OCELLUS_VALUE_MASK_H

#include "base/arena.h"
#include "base/json.h"
#include "image/contour.h"

typedef struct Mask {
    int32_t        x, y, width, height;
    const uint8_t *bits;
} Mask;

/* What is left for the masks of one set: bytes, and pixels along edges. */
typedef struct MaskAllowance {
    int64_t bytes, edges;
} MaskAllowance;

#define MASK_ALLOWANCE ((MaskAllowance){ LIMIT_MASK_BYTES, LIMIT_MASK_EDGES })

/* Clear bits for width x height pixels, charged to the allowance; or NULL. */
uint8_t *mask_take_bits(Arena *arena, int64_t width, int64_t height, MaskAllowance *left,
                        Error *err) MUST_USE;

/* A filled polygon with its outline, as OpenCV's fillPoly() draws it into a picture
 * of `width` x `height`; corners may lie anywhere. */
bool mask_from_polygon(Arena *arena, const ContourPoint *corners, int count, int32_t width,
                       int32_t height, MaskAllowance *left, Mask *out, Error *err) MUST_USE;

/* COCO's run lengths: {"size": [height, width], "counts": text or list}.  A mask
 * of another size than the picture's is scaled to it, nearest pixel.  `*valid` is
 * false (and nothing fails) where this is no such mask. */
bool mask_from_rle(Arena *arena, const Json *rle, int32_t width, int32_t height,
                   MaskAllowance *left, bool *valid, Mask *out, Error *err) MUST_USE;

/* Whether it is one at all, or fails for having a size of no pixels. */
bool mask_rle_valid(const Json *rle);

/* The same, with compressed counts; of a picture of that size. */
void mask_write_rle(JsonWriter *w, const Mask *mask, int64_t width, int64_t height);

/* The number of pixels covered. */
int64_t mask_area(const Mask *mask);

static inline bool mask_at(const Mask *mask, int64_t x, int64_t y)
{
    return x >= mask->x && y >= mask->y && x < (int64_t)mask->x + mask->width &&
           y < (int64_t)mask->y + mask->height &&
           mask->bits[(size_t)(y - mask->y) * (size_t)mask->width + (size_t)(x - mask->x)];
}

/* The part of a mask that lies in a picture of `width` x `height` after moving the
 * mask by (dx, dy).  Shares the bits where nothing is cut off. */
Mask mask_moved(Arena *arena, const Mask *mask, int64_t dx, int64_t dy, int64_t width,
                int64_t height);

/* The largest border in the mask, in coordinates of the picture; no points where
 * nothing is covered. */
bool mask_outline(Arena *arena, const Mask *mask, Contour *out, Error *err) MUST_USE;

#endif
