/*
 * cache - values that steps leave for one another, by video and key.
 *
 * One cache for the process: all steps of all workflows that see a video of the
 * same name share its values.  A video's part is there as long as some step
 * holds it; with the last one it is forgotten.  Everything here may be called
 * from any thread.
 */
#ifndef OCELLUS_BLOCKS_CACHE_H
#define OCELLUS_BLOCKS_CACHE_H

#include "base/error.h"
#include "blocks/block.h"

typedef struct CachePart CachePart;

/* The part of one video, held once more.  NULL when memory is out. */
CachePart *cache_open(Text video_id, Error *err) MUST_USE;
void       cache_close(CachePart *part);

/* Keep a copy of the value under the key, instead of what was there. */
bool cache_put(CachePart *part, Text key, Value value, Error *err) MUST_USE;

/* A copy of the value in `arena`; false when there is none. */
bool cache_find(CachePart *part, Text key, Arena *arena, Value *value) MUST_USE;

/* ---- for the two blocks ---- */

/* What a step remembers of a video. */
typedef struct CacheState {
    CachePart *part;
} CacheState;

/* The fini hook of that state. */
void cache_forget(void *state);

/* A key that is written down is a text. */
bool cache_check_key(Value literal, Error *err);

/* The part of a picture's video, and the key that a value is: texts, numbers and
 * booleans, numbers that are equal being the same key.  False: the call failed. */
bool cache_locate(Call *call, int i, const Image *image, Value value, CachePart **part, Text *key)
    MUST_USE;

#endif
