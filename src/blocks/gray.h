/*
 * gray - what blocks that look at brightness only have in common.
 */
#ifndef OCELLUS_BLOCKS_GRAY_H
#define OCELLUS_BLOCKS_GRAY_H

#include "blocks/block.h"
#include "image/resize.h"

/* The picture with one channel; `*out` is a reference of the caller's.  A gray one is
 * handed on. */
bool gray_image(Call *call, int i, const Image *image, Image **out) MUST_USE;

/* The same, but fail for a picture that is gray already. */
bool gray_from_colour(Call *call, int i, const Image *image, Image **out) MUST_USE;

/* A gray picture with the three channels of a colour picture. */
bool colour_image(Call *call, int i, const Image *gray, Image **out) MUST_USE;

/* The pixels of a picture of one's own. */
Plane own_plane(Image *image);

#endif
