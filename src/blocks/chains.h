/*
 * chains - operations by the name of the value they change.
 *
 * The field that templates, expressions and CSV have beside their data:
 * {"name": [operation, ...]}.  Every chain is applied to the value of its name
 * before the block looks at it.
 */
#ifndef OCELLUS_BLOCKS_CHAINS_H
#define OCELLUS_BLOCKS_CHAINS_H

#include "blocks/block.h"

typedef struct Chain {
    Text             name;
    const Operation *operations;       /* NULL: none, the value stays */
} Chain;

typedef struct Chains {
    const Chain *items;
    int          count;
} Chains;

/* The parser of such a field, and its literals' schema. */
bool chains_parse(Arena *arena, const Json *json, const void **out, Error *err);

#define CHAINS_SCHEMA "{\"additionalProperties\": {\"items\": {\"type\": \"object\"}, " \
                      "\"type\": \"array\"}, \"type\": \"object\"}"

/* A list of operations that may be null or empty: *out is then NULL. */
bool chain_parse(Arena *arena, const Json *json, const Operation **out, Error *err);

/* Apply every chain to the entry of `data` (a dict) that it names; *out is a new
 * dict in the run's arena.  A chain without an entry fails the call with the
 * reference's class `missing`. */
bool chains_apply(Call *call, int i, const Chains *chains, Value data, const char *missing,
                  Value *out);

#endif
