/*
 * value_hash - what a value is, in 128 bits.
 *
 * The hash covers type and content, all that a block could see: 1, 1.0 and True
 * differ, so do a list and a tuple, and dicts whose keys stand in another order;
 * all NaNs are the same.  A picture counts by its lineage, its video metadata and
 * its pixels; one that is still what arrived counts by the bytes it arrived as,
 * because it leaves as those.  It is the same in every process (base/digest.h).
 */
#ifndef OCELLUS_VALUE_VALUE_HASH_H
#define OCELLUS_VALUE_VALUE_HASH_H

#include "base/digest.h"
#include "value/value.h"

/* False for a value that holds a secret: a hash of it would help guessing it.  Also
 * for a single row of detections, which never leaves a query. */
bool value_hash(Value value, Digest *out) MUST_USE;

#endif
