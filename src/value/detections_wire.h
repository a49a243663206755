/*
 * detections_wire - what reading and writing detections share.
 */
#ifndef OCELLUS_VALUE_DETECTIONS_WIRE_H
#define OCELLUS_VALUE_DETECTIONS_WIRE_H

#include "value/value.h"

/* The columns beyond the fixed ones that come in and leave, NULL at the end. */
extern const char *const detection_extras[];

/* Give the values of a column one type and shape, as an array of the reference has:
 * texts win over numbers, floats over integers, integers over booleans; a column
 * that holds dictionaries or nulls stays as it is.  Lists must have one shape. */
bool column_unify(Arena *arena, Value *values, int count, const char *name, Error *err) MUST_USE;

#endif
