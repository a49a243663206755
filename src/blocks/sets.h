/*
 * sets - what blocks that make new sets of detections have in common.
 */
#ifndef OCELLUS_BLOCKS_SETS_H
#define OCELLUS_BLOCKS_SETS_H

#include "blocks/block.h"

/* A new identifier, and `count` of them; NULL when memory is out. */
Text        new_id(Call *call);
const Text *new_ids(Call *call, int count) MUST_USE;

static inline Lineage row_lineage(const Detections *set, int row)
{
    return set->lineages ? set->lineages[row] : set->lineage;
}

/* Some rows of a set; without any left its picture's size is not known, as in the reference's
 * new sets. */
const Detections *rows_chosen(Arena *arena, const Detections *set, const int *rows, int count);

/* Whether two sets that have rows are of one make, so that they can be one; `some_masks`:
 * masks may be missing in one.  The error tells why not. */
bool sets_alike(const Detections *a, const Detections *b, bool some_masks, Error *err) MUST_USE;

/* Several sets one after the other, empty ones left out: NULL and an error where some have
 * a column that others lack, or where rows of one do not have one shape.  The picture is
 * that of the last set that has rows. */
const Detections *sets_joined(Arena *arena, const Detections *const *sets, int count,
                              Error *err) MUST_USE;

#endif
