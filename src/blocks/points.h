/*
 * points - lists of corners in arguments.
 */
#ifndef OCELLUS_BLOCKS_POINTS_H
#define OCELLUS_BLOCKS_POINTS_H

#include "blocks/block.h"
#include "image/raster.h"

/* Read [[x, y], ...], coordinates truncated and kept within +-2^29.  ERR_INVALID for
 * points of unequal length, ERR_NOT_FOUND for an empty list and for one of no lists, and
 * ERR_UNSUPPORTED for points that have not just two numbers: as ValueError, IndexError
 * and OpenCV's error stand in the reference. */
bool points_read(Arena *arena, Value list, Polygon *out, Error *err) MUST_USE;

/* A check for a literal of a field that takes lists only. */
bool points_check_list(Value value, const char *field, Error *err) MUST_USE;

#endif
