/*
 * map - a hash map from text to pointer, in an arena.
 *
 * Open addressing over indices into the list of entries, at most half full:
 * a miss costs about one and a half looks, a walk is a walk over an array.
 * The hash is SipHash-2-4, whose purpose is that nobody without the key can
 * make keys collide.
 */
#include "base/map.h"

#include <pthread.h>
#include <sodium.h>

#include "base/text.h"

static unsigned char  hash_key[crypto_shorthash_KEYBYTES];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;

static void make_hash_key(void)
{
    random_bytes(hash_key, sizeof hash_key);
}

uint64_t hash_text(Text text)
{
    uint64_t hash;

    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "SipHash gives 64 bits");
    pthread_once(&hash_key_once, make_hash_key);
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)(text.at ? text.at : ""),
                     text.length, hash_key);
    return hash;
}

void map_init(Map *map, Arena *arena)
{
    *map = (Map){ .arena = arena };
}

/* The slot of `key`, or the free one where it belongs. */
static uint32_t *find(const Map *map, Text key)
{
    uint32_t mask = map->slot_count - 1;
    uint32_t i    = (uint32_t)hash_text(key) & mask;

    while (map->slots[i] != 0 && !text_equal(map->entries[map->slots[i] - 1].key, key))
        i = (i + 1) & mask;
    return &map->slots[i];
}

void *map_get(const Map *map, Text key)
{
    if (map->count == 0)
        return NULL;

    uint32_t slot = *find(map, key);
    return slot == 0 ? NULL : map->entries[slot - 1].value;
}

/* Room for one entry more.  The smaller tables stay in the arena: all of
 * them together are no larger than the last one. */
static bool grow(Map *map)
{
    if (map->count < map->capacity)
        return true;
    if (map->capacity > UINT32_MAX / 8) {
        map->arena->failed = true;
        return false;
    }

    uint32_t  capacity   = map->capacity ? map->capacity * 2 : 8;
    uint32_t  slot_count = capacity * 2;
    MapEntry *entries    = arena_array(map->arena, MapEntry, capacity);
    uint32_t *slots      = arena_array(map->arena, uint32_t, slot_count);

    if (!entries || !slots)
        return false;
    if (map->count > 0)
        memcpy(entries, map->entries, map->count * sizeof *entries);

    map->entries    = entries;
    map->capacity   = capacity;
    map->slots      = slots;
    map->slot_count = slot_count;
    for (uint32_t i = 0; i < map->count; i++)
        *find(map, entries[i].key) = i + 1;
    return true;
}

/* Without memory a new key is not kept; it still counts as new, because a
 * caller takes false for a duplicate, and the arena tells the rest. */
bool map_put(Map *map, Text key, void *value)
{
    assert(value);

    if (map->count > 0) {
        uint32_t slot = *find(map, key);

        if (slot != 0) {
            map->entries[slot - 1].value = value;
            return false;
        }
    }
    if (!grow(map))
        return true;

    uint32_t *slot = find(map, key);

    map->entries[map->count++] = (MapEntry){ key, value };
    *slot = map->count;
    return true;
}
