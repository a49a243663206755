/*
 * blend - mixing two pictures of one size.
 */
#ifndef OCELLUS_IMAGE_BLEND_H
#define OCELLUS_IMAGE_BLEND_H

#include "image/image.h"

/* out = out * opacity + under * (1 - opacity), rounded half to even and saturated, as
 * OpenCV's addWeighted() does; the pictures are of one size and kind.  `opacity` lies in
 * 0 .. 1. */
void blend_over(Image *out, const Image *under, double opacity);

/* out = out + layer * opacity, likewise; the fourth byte of a pixel stays. */
void blend_add(Image *out, const Image *layer, double opacity);

#endif
