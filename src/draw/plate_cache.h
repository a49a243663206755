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

/* Whether there is any sense in looking for such a plate. */
bool plate_may_be_kept(const Image *image, const PlateKey *key);

/* Whether one of that size can be kept: not too large, opaque in every corner, with all ink
 * inside. */
bool plate_can_be_kept(const PlateKey *key, Size size);

/* The size of a plate that is kept; false when it is not. */
bool plate_find_size(const PlateKey *key, Size *size);

/* Copy what is inside the picture of a kept plate to `box`, which has its size; false when it
 * is not kept. */
bool plate_paint(Image *image, Rect box, const PlateKey *key);

/* Keep a plate that was drawn on a sheet of its own: both corners are of it. */
void plate_keep(const Image *sheet, const PlateKey *key);

#endif
