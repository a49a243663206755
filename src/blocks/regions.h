/*
 * regions - what the visualisation blocks that paint areas have in common.
 *
 * An object's area is its mask, or its box where the set has no masks.
 */
#ifndef OCELLUS_BLOCKS_REGIONS_H
#define OCELLUS_BLOCKS_REGIONS_H

#include "blocks/block.h"
#include "image/blend.h"
#include "image/resize.h"
#include "image/spread.h"

static inline Region mask_region(const Mask *mask)
{
    return (Region){ { mask->x, mask->y, mask->width, mask->height }, mask->bits };
}

/* A coordinate truncated and kept within 0 .. side. */
int pixel_within(double v, int side);

/* A box with both corners truncated, the lower right one outside of it; width 0 where
 * nothing of it is inside a picture of that size. */
Rect box_region(Box box, int width, int height);

/* The area of row `row` in a picture of that size. */
Region row_region(const Detections *set, int row, int width, int height);

/* The set, or an empty one where it has no masks: what is not painted needs no colour. */
const Detections *only_with_masks(const Detections *set);

/* The pixels of a rectangle inside a picture of one's own. */
Plane plane_part(Image *image, Rect rect);

static inline Plane editable(Image *image)
{
    return plane_part(image, (Rect){ 0, 0, image_width(image), image_height(image) });
}

/* Fail element i with the class `inner` where the masks are those of a picture of another
 * size, which the reference cannot index with. */
bool masks_fit(Call *call, int i, const Image *image, const Detections *set, const char *inner);

/* Whether the masks are those of a picture at least as large. */
bool masks_cover(const Image *image, const Detections *set);

/* Rows from the largest area to the smallest, of equal ones the later first; NULL when
 * memory is out. */
const int *rows_by_area(Arena *arena, const Detections *set, Error *err) MUST_USE;

#endif
