/*
 * morphology_kernels - the inner loops of morphology.
 *
 * Private to image/.  Each is there once for every level of vectors.
 */
#ifndef OCELLUS_IMAGE_MORPHOLOGY_KERNELS_H
#define OCELLUS_IMAGE_MORPHOLOGY_KERNELS_H

#include "image/simd.h"

/* Every byte at `at` becomes the extreme of itself and the one at `with`. */
void morph_extend(SimdLevel level, uint8_t *at, const uint8_t *with, size_t count, bool dilate);

/* The extremes of windows of 3 or 5 items, of `size` bytes each, for `count` bytes; `line`
 * goes on as far as the last window does. */
void morph_along_small(SimdLevel level, uint8_t *out, const uint8_t *line, size_t count,
                       size_t size, int length, bool dilate);

/* Two rows of the result: the extremes of `length` rows from the first one on, and from the
 * second one on. */
void morph_down_rows(SimdLevel level, uint8_t *first, uint8_t *second, const uint8_t *const *rows,
                     size_t count, int length, bool dilate);

/* at = at - with, or the other way round; not below 0. */
void morph_lessen(SimdLevel level, uint8_t *at, const uint8_t *with, size_t count, bool other);

/* The fourth bytes of `count` pixels become those of `from`. */
void morph_keep_alpha(SimdLevel level, uint8_t *at, const uint8_t *from, size_t count);

#endif
