/*
 * augment - the same picture, a little different.
 *
 * Light changes that leave a picture's class what it is; which ones is decided by a seed,
 * so that the same seed gives the same pictures.
 */
#ifndef OCELLUS_TRAIN_AUGMENT_H
#define OCELLUS_TRAIN_AUGMENT_H

#include "image/image.h"

typedef struct Augmentation {
    bool flip;       /* left to right, every other time */
    bool crop;       /* 70 to 100 % of the area, anywhere */
    bool color;      /* brightness, contrast and the strength of each channel, up to 20 % */
} Augmentation;

/* Read "flip,crop,color"; ERR_INVALID names what is not known. */
bool augmentation_parse(const char *text, Augmentation *out, Error *err) MUST_USE;

/* A new picture.  The same seed changes it in the same way. */
Image *augment(const Image *image, Augmentation how, uint64_t seed, Error *err) MUST_USE;

#endif
