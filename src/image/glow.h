/*
 * glow - a blurred layer of colours, shining around what it was made of.
 *
 * The layer is black where nothing shines.  A pixel's weight is alpha = opacity *
 * gray / most, where gray is the layer's there and most the greatest of all; all in
 * float64 and cut to whole numbers in the end.
 */
#ifndef OCELLUS_IMAGE_GLOW_H
#define OCELLUS_IMAGE_GLOW_H

#include "image/image.h"

typedef enum GlowRule {
    GLOW_MIX,      /* out * (1 - alpha) + layer * alpha, kept within 255 */
    GLOW_ADD,      /* out * (1 - alpha) + layer * opacity, modulo 256 */
} GlowRule;

/* The greatest gray value. */
uint8_t glow_most(const Image *layer);

/* Let the layer, of 1 or 3 channels as `out` has 1 or more, shine with its corner at
 * (x, y) inside of `out`; alpha stays.  `most` is above 0. */
void glow_blend(Image *out, const Image *layer, int x, int y, GlowRule rule, double opacity,
                uint8_t most);

#endif
