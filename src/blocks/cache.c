/*
 * cache - the process's one cache.
 *
 * Parts stand in a table of chains by the hash of their video's name.  One lock
 * guards all of it: what happens under it is a look-up and a copy.
 */
#include "blocks/cache.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/map.h"

enum { CHAINS = 256 };

/* One value with the arena that holds all of it. */
typedef struct Entry {
    bool  present;
    Arena arena;
    Value value;
} Entry;

struct CachePart {
    CachePart *next;         /* of its chain */
    char      *video_id;
    size_t     length;
    int        holders;
    Arena      arena;        /* keys */
    Map        entries;      /* key -> Entry */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CachePart      *chains[CHAINS];
static size_t          used;       /* bytes of all entries */

static CachePart **chain_of(Text video_id)
{
    return &chains[hash_text(video_id) % CHAINS];
}

static CachePart *find_part(Text video_id)
{
    CachePart *part = *chain_of(video_id);

    while (part && !text_equal(video_id, (Text){ part->video_id, part->length })) {
        part = part->next;
    }
    return part;
}

static CachePart *make_part(Text video_id)
{
    CachePart *part = calloc(1, sizeof(*part));

    if (!part) {
        return NULL;
    }
    part->length   = video_id.length;
    part->video_id = malloc(video_id.length + 1);
    if (!part->video_id) {
        free(part);
        return NULL;
    }
    if (video_id.length > 0) {
        memcpy(part->video_id, video_id.at, video_id.length);
    }
    arena_init(&part->arena, LIMIT_CACHE_MEMORY);
    map_init(&part->entries, &part->arena);
    part->next          = *chain_of(video_id);
    *chain_of(video_id) = part;
    return part;
}

CachePart *cache_open(Text video_id, Error *err)
{
    CachePart *part;

    pthread_mutex_lock(&lock);
    part = find_part(video_id);
    part = part ? part : make_part(video_id);
    if (part) {
        part->holders++;
    }
    pthread_mutex_unlock(&lock);
    if (!part) {
        fail(err, ERR_MEMORY, "no memory for the cache of another video");
    }
    return part;
}

static void forget_value(Entry *entry)
{
    used -= entry->arena.used;
    arena_fini(&entry->arena);
    entry->present = false;
}

static void free_part(CachePart *part)
{
    CachePart **at = chain_of((Text){ part->video_id, part->length });

    while (*at != part) {
        at = &(*at)->next;
    }
    *at = part->next;
    for (uint32_t i = 0; i < part->entries.count; i++) {
        forget_value(part->entries.entries[i].value);
        free(part->entries.entries[i].value);
    }
    used -= part->arena.used;
    arena_fini(&part->arena);
    free(part->video_id);
    free(part);
}

void cache_close(CachePart *part)
{
    if (!part) {
        return;
    }
    pthread_mutex_lock(&lock);
    if (--part->holders == 0) {
        free_part(part);
    }
    pthread_mutex_unlock(&lock);
}

static size_t room(void)
{
    return used < LIMIT_CACHE_MEMORY ? LIMIT_CACHE_MEMORY - used : 0;
}

static Entry *make_entry(CachePart *part, Text key)
{
    Entry *entry  = calloc(1, sizeof(*entry));
    size_t before = part->arena.used;

    part->arena.limit = before + room();
    key = arena_text(&part->arena, key);
    if (entry && !arena_failed(&part->arena)) {
        map_put(&part->entries, key, entry);
    }
    used += part->arena.used - before;
    if (!entry || arena_failed(&part->arena)) {
        free(entry);
        return NULL;
    }
    return entry;
}

static bool store(CachePart *part, Text key, Value value, Error *err)
{
    Entry *entry = map_get(&part->entries, key);
    Arena  fresh;
    Value  copy;

    if (!entry && part->entries.count >= LIMIT_CACHE_KEYS) {
        return fail(err, ERR_TOO_LARGE, "the cache holds at most %d keys of one video",
                    LIMIT_CACHE_KEYS);
    }
    entry = entry ? entry : make_entry(part, key);
    arena_init(&fresh, room());
    copy = value_copy(&fresh, value);
    if (!entry || arena_failed(&fresh)) {
        arena_fini(&fresh);
        return fail(err, ERR_TOO_LARGE, "the cache is full: it holds at most %zu bytes",
                    LIMIT_CACHE_MEMORY);
    }
    forget_value(entry);
    *entry = (Entry){ true, fresh, copy };
    used += fresh.used;
    return true;
}

bool cache_put(CachePart *part, Text key, Value value, Error *err)
{
    bool ok;

    pthread_mutex_lock(&lock);
    ok = store(part, key, value, err);
    pthread_mutex_unlock(&lock);
    return ok;
}

bool cache_find(CachePart *part, Text key, Arena *arena, Value *value)
{
    Entry *entry;
    bool   found;

    pthread_mutex_lock(&lock);
    entry = map_get(&part->entries, key);
    found = entry && entry->present;
    if (found) {
        *value = value_copy(arena, entry->value);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* ---- for the two blocks ------------------------------------------------------------------ */

/* Texts and numbers never meet: the first byte tells them apart. */
static bool key_of(Arena *arena, Value value, Text *key)
{
    double number = 0;
    char  *text;

    if (value.type == VALUE_STRING) {
        text = arena_try(arena, (size_t)value.count + 2, 1);
        if (!text) {
            return false;
        }
        text[0] = 's';
        memcpy(text + 1, value.as.text, value.count);
        *key = (Text){ text, (size_t)value.count + 1 };
    } else if (value.type == VALUE_UINT) {
        *key = text_of(arena_printf(arena, "n%llu", (unsigned long long)value.as.natural));
    } else if (value.type == VALUE_INT) {
        *key = text_of(arena_printf(arena, "n%lld", (long long)value.as.integer));
    } else if (value_to_double(value, &number)) {
        *key = text_of(arena_printf(arena, "n%.17g", number + 0.0));   /* -0.0 is 0 */
    } else {
        return false;
    }
    return true;
}

bool cache_check_key(Value literal, Error *err)
{
    if (value_is_null(literal) || literal.type == VALUE_STRING) {
        return true;
    }
    fail(err, ERR_INVALID, "expected a text, got %s", value_type_name((ValueType)literal.type));
    snprintf(err->field, sizeof(err->field), "key");
    return false;
}

void cache_forget(void *state)
{
    cache_close(((CacheState *)state)->part);
}

bool cache_locate(Call *call, int i, const Image *image, Value value, CachePart **part, Text *key)
{
    Text        video = call_video(call, image).video_id;
    CacheState *state = call_video_state(call, i, video);
    Error       err   = { 0 };

    if (!state) {
        return false;
    }
    state->part = state->part ? state->part : cache_open(video, &err);
    if (!state->part) {
        return call_fail_error(call, i, &err);
    }
    *part = state->part;
    return key_of(call->arena, value, key) ||
           call_fail(call, i, "TypeError", "key: expected a text or a number, got %s",
                     value_type_name((ValueType)value.type));
}
