/*
 * plate_cache - labels that were drawn before.
 *
 * Most labels of a video are drawn again and again: few classes, two digits of
 * confidence, the same colours.  A plate hides what is below it, so its pixels can be
 * copied.  Safe to use from several threads.
 */
#ifndef OCELLUS_DRAW_PLATE_CACHE_H
#define OCELLUS_DRAW_PLATE_CACHE_H

#include "draw/label.h"

typedef struct PlateKey {
    Text              text;
    Color             plate;
    const LabelStyle *style;
} PlateKey;

/* Whether the plates of such labels can be kept: opaque in every corner, with all ink
 * inside. */
bool plate_can_be_kept(const Image *image, const PlateKey *key);

/* The size of a plate that is kept; false when it is not. */
bool plate_find_size(const PlateKey *key, Size *size);

/* Copy a kept plate to `box`, which has its size; false when it is not kept or not all
 * of it is inside the picture. */
bool plate_paint(Image *image, Rect box, const PlateKey *key);

/* Keep the plate that was just drawn at `box`, if all of it is inside the picture. */
void plate_keep(const Image *image, Rect box, const PlateKey *key);

#endif
