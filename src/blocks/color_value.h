/*
 * color_value - colours in arguments that know no names.
 *
 * "#rgb", "#rrggbb", "(r, g, b)" or a list of three whole numbers.
 */
#ifndef OCELLUS_BLOCKS_COLOR_VALUE_H
#define OCELLUS_BLOCKS_COLOR_VALUE_H

#include "blocks/block.h"
#include "draw/palette.h"

/* Red, green and blue as they were written, which may be more than 255 or less than 0. */
bool color_read_parts(Value value, double parts[3]) MUST_USE;

/* The same kept within 0 .. 255. */
bool color_read(Value value, Color *color) MUST_USE;

/* Fail a step's check: its literal for `field` is no colour.  Returns false. */
bool color_refuse(const char *field, Error *err);

#endif
