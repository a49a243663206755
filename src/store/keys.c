/*
 * keys - keys of the API.
 *
 * A key is 32 random bytes as text.  Only its SHA-256 is kept: with that much
 * randomness nothing slower is needed, and finding a hash by an index tells a
 * listener nothing about the keys.
 */
#include "base/clock.h"
#include "store/inside.h"

enum { KEY_BYTES = 32, HASH_SIZE = 2 * SHA256_SIZE + 1 };

static const char prefix[] = "oc_";

static void hash_key(char out[HASH_SIZE], Text key)
{
    uint8_t hash[SHA256_SIZE];

    sha256(hash, key.at, key.length);
    hex_encode(out, hash, sizeof(hash));
}

static bool name_is_free(Link *link, Text name, Error *err)
{
    bool  taken;
    Query query;

    query_open(&query, link, "SELECT 1 FROM api_key WHERE name = ?", err);
    query_text(&query, name);
    taken = query_row(&query);
    return query_close(&query) &&
           (!taken || fail(err, ERR_CONFLICT, "there is a key named '%.*s' already",
                           (int)MIN(name.length, 60), name.at));
}

static bool insert(Link *link, Text name, const char *hash, Error *err)
{
    int64_t now = clock_wall();
    char    uuid[UUID_SIZE];
    Query   query;

    uuid7(uuid);
    query_open(&query, link, "INSERT INTO api_key (key, name, hash, revision, created, updated)"
                             " VALUES (?, ?, ?, 1, ?, ?)", err);
    query_text(&query, text_of(uuid));
    query_text(&query, name);
    query_text(&query, text_of(hash));
    query_int(&query, now);
    query_int(&query, now);
    return query_run(&query);
}

bool store_key_create(Store *store, Arena *arena, Text name, Text *key, Error *err)
{
    uint8_t random[KEY_BYTES];
    char    text[sizeof(prefix) + 2 * KEY_BYTES], hash[HASH_SIZE];
    Link   *link;

    if (name.length == 0 || name.length > LIMIT_NAME) {
        return fail(err, ERR_INVALID, "a key's name has from 1 to %d bytes", LIMIT_NAME);
    }
    random_bytes(random, sizeof(random));
    memcpy(text, prefix, sizeof(prefix));
    hex_encode(text + strlen(prefix), random, sizeof(random));
    hash_key(hash, text_of(text));
    *key = arena_text(arena, text_of(text));
    if (!rows_copied(arena, err)) {
        return false;
    }
    link = store_begin(store, err);
    return link && store_end(store, name_is_free(link, name, err) &&
                                    insert(link, name, hash, err), err);
}

bool store_key_check(Store *store, Text key, bool *valid, Error *err)
{
    Link *link = store_reader(store, err);
    char  hash[HASH_SIZE];
    Query query;
    bool  ok;

    if (!link) {
        return false;
    }
    hash_key(hash, key);
    query_open(&query, link, "SELECT 1 FROM api_key WHERE hash = ?", err);
    query_text(&query, text_of(hash));
    *valid = query_row(&query);
    ok     = query_close(&query);
    store_return(store, link);
    return ok;
}

static bool remove_key(Link *link, Text name, Error *err)
{
    Query query;

    query_open(&query, link, "DELETE FROM api_key WHERE name = ?", err);
    query_text(&query, name);
    if (!query_run(&query)) {
        return false;
    }
    return sqlite3_changes(link->db) > 0 ||
           fail(err, ERR_NOT_FOUND, "there is no key named '%.*s'", (int)MIN(name.length, 60),
                name.at ? name.at : "");
}

bool store_key_remove(Store *store, Text name, Error *err)
{
    Link *link = store_begin(store, err);

    return link && store_end(store, remove_key(link, name, err), err);
}
