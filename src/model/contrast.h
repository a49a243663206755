/*
 * contrast - the contrast step of preprocessing.
 *
 * Stretching and equalisation give a pixel value another one whatever its place
 * and channel, so all that depends on the picture is a table of 256 bytes.
 * Adaptive equalisation depends on the place as well.
 */
#ifndef OCELLUS_MODEL_CONTRAST_H
#define OCELLUS_MODEL_CONTRAST_H

#include "image/resize.h"
#include "model/package.h"

/* How often each value stands in blue, green and red together; a gray pixel
 * counts three times, as the colour that it would be. */
void contrast_count(Plane plane, uint64_t counts[256]);

/* The table of stretching or equalisation for a picture with those counts. */
void contrast_table(Contrast contrast, const uint64_t counts[256], uint8_t table[256]);

/* Equalise a picture adaptively, in place. */
bool contrast_adapt(Plane plane, Error *err) MUST_USE;

#endif
