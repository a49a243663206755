/*
 * field - from a Value to a member of a block's Args.
 *
 * One routine serves three moments: a literal when a definition is compiled, a
 * parameter when a run begins, and a step's result when the next step needs it.
 * It converts as the reference's parser does (numeric texts are numbers, 1 is
 * true), checks choices and ranges, and says in one sentence what is wrong.
 */
#ifndef OCELLUS_WORKFLOW_FIELD_H
#define OCELLUS_WORKFLOW_FIELD_H

#include "blocks/block.h"

/* Store `value` in the member of `args` that `field` is bound to.  `args` NULL:
 * only check. */
bool field_store(Arena *arena, const Field *field, Value value, void *args, Error *err) MUST_USE;

/* The same for what a user wrote or a parameter gives: those may be of fewer types
 * than what steps hand on. */
bool field_accept(Arena *arena, const Field *field, Value value, void *args, Error *err) MUST_USE;

/* The member's address. */
static inline void *field_member(const Field *field, void *args)
{
    return (char *)args + field->offset;
}

#endif
