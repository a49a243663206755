/*
 * blend - mixing pictures, and colours into pictures.
 *
 * Numbers are OpenCV 4.12's: addWeighted() weighs 8-bit pixels in float32, as
 * fma(a, alpha, b * beta), rounded half to even.  Everything clips to the picture;
 * alpha (the fourth byte) stays as it was.  `out` is a picture that was just made
 * (see image_edit); `under` is of the same size and kind and may be `out` itself.
 */
#ifndef OCELLUS_IMAGE_BLEND_H
#define OCELLUS_IMAGE_BLEND_H

#include "image/image.h"

/* Where to work: a rectangle, and in it the pixels whose byte is 1 in `bits`, rows of
 * rect.width bytes of 0 or 1.  NULL: all of them. */
typedef struct Region {
    Rect           rect;
    const uint8_t *bits;
} Region;

/* A colour to mix with what lies under it; `opacity` in 0 .. 1 is how much of it is
 * seen.  `last`: the colour is the second of addWeighted()'s pictures, which shows in
 * the rounding. */
typedef struct Tint {
    uint8_t blue, green, red;
    double  opacity;
    bool    last;
} Tint;

static inline Region blend_whole(const Image *image)
{
    return (Region){ { 0, 0, image_width(image), image_height(image) }, NULL };
}

/* out = out * opacity + under * (1 - opacity), in every pixel. */
void blend_over(Image *out, const Image *under, double opacity);

/* out = tint * opacity + under * (1 - opacity) in the region; the rest of `out` is left
 * alone. */
void blend_tint(Image *out, const Image *under, Region region, Tint tint);

/* The colour alone in the region, whatever its opacity; alpha becomes 255. */
void blend_fill(Image *image, Region region, Tint tint);

/* out = patch in the region; the patch, of the same kind, lies with its corner at
 * (x, y) of `out`. */
void blend_patch(Image *out, const Image *patch, int x, int y, Region region);

/* Lay a picture with alpha (its fourth byte; gray ones are opaque) over `out`, its corner
 * at (x, y), which may lie anywhere: out = trunc(out * (1 - a) + icon * a) in float32,
 * with a = alpha / 255. */
void blend_icon(Image *out, const Image *icon, int x, int y);

/* out = out + layer * opacity, rounded and saturated, where the layer is not black. */
void blend_add(Image *out, const Image *layer, double opacity);

#endif
