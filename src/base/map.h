/*
 * map - a hash map from text to pointer, in an arena.
 *
 * Keys are hashed with a per-process random key, so crafted keys cannot make
 * it slow.  Keys are not copied: they must live as long as the map.  Walking
 * gives entries in order of insertion.
 */
#ifndef OCELLUS_BASE_MAP_H
#define OCELLUS_BASE_MAP_H

#include "base/arena.h"

typedef struct MapEntry {
    Text  key;
    void *value;
} MapEntry;

typedef struct Map {
    Arena    *arena;
    MapEntry *entries;    /* in order of insertion */
    uint32_t *slots;      /* 1 + index into entries; 0 = free */
    uint32_t  count, capacity, slot_count;
} Map;

void map_init(Map *map, Arena *arena);

/* The value of `key`, or NULL. */
void *map_get(const Map *map, Text key);

/* Set it; true if the key is new.  Values are never NULL. */
bool map_put(Map *map, Text key, void *value);

/* The keyed hash itself (also for content hashes of cached plans). */
uint64_t hash_text(Text text);

#endif
