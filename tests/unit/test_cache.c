/*
 * test_cache - the process's cache: sharing, forgetting, limits, threads.
 */
#include <pthread.h>

#include "base/limits.h"
#include "blocks/cache.h"
#include "test.h"

static int64_t find_int(CachePart *part, const char *key)
{
    Arena arena;
    Value value;
    bool  found;

    arena_init(&arena, KIB(64));
    found = cache_find(part, text_of(key), &arena, &value);
    arena_fini(&arena);
    return found ? value.as.integer : -1;
}

TEST(cache_parts_are_shared_and_counted)
{
    Error      err   = { 0 };
    CachePart *one   = cache_open(TEXT("unit-a"), &err);
    CachePart *two   = cache_open(TEXT("unit-a"), &err);
    CachePart *other = cache_open(TEXT("unit-b"), &err);

    CHECK(one == two && one != other);
    CHECK(cache_put(one, TEXT("k"), value_int(1), &err));
    CHECK(cache_put(one, TEXT("k"), value_int(2), &err));
    CHECK_INT(find_int(two, "k"), 2);
    CHECK_INT(find_int(other, "k"), -1);
    cache_close(one);
    CHECK_INT(find_int(two, "k"), 2);
    cache_close(two);
    one = cache_open(TEXT("unit-a"), &err);
    CHECK_INT(find_int(one, "k"), -1);
    cache_close(one);
    cache_close(other);
    cache_close(NULL);
}

TEST(cache_refuses_too_many_keys_and_keeps_the_old_ones)
{
    Error      err  = { 0 };
    CachePart *part = cache_open(TEXT("unit-keys"), &err);
    char       key[20];

    for (int i = 0; i < LIMIT_CACHE_KEYS; i++) {
        snprintf(key, sizeof(key), "%d", i);
        CHECK(cache_put(part, text_of(key), value_int(i), &err));
    }
    CHECK(!cache_put(part, TEXT("more"), value_int(1), &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    CHECK(cache_put(part, TEXT("7"), value_int(70), &err));
    CHECK_INT(find_int(part, "7"), 70);
    cache_close(part);
}

TEST(cache_refuses_more_than_its_memory)
{
    Error      err   = { 0 };
    CachePart *part  = cache_open(TEXT("unit-memory"), &err);
    size_t     size  = MIB(100);
    char      *bytes = calloc(size, 1);
    Value      large = value_text((Text){ bytes, size });

    CHECK(cache_put(part, TEXT("a"), large, &err));
    CHECK(cache_put(part, TEXT("b"), large, &err));
    CHECK(cache_put(part, TEXT("c"), value_int(3), &err));
    CHECK(!cache_put(part, TEXT("c"), large, &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    CHECK_INT(find_int(part, "c"), 3);
    CHECK(!cache_put(part, TEXT("d"), large, &err));
    CHECK_INT(find_int(part, "d"), -1);
    CHECK(cache_put(part, TEXT("a"), value_int(1), &err));
    CHECK(cache_put(part, TEXT("d"), large, &err));
    cache_close(part);
    part = cache_open(TEXT("unit-memory"), &err);
    CHECK(cache_put(part, TEXT("a"), large, &err) && cache_put(part, TEXT("b"), large, &err));
    cache_close(part);
    free(bytes);
}

static void *worker(void *context)
{
    Error err = { 0 };

    for (int i = 0; i < 500; i++) {
        CachePart *part = cache_open(i % 2 ? TEXT("unit-x") : TEXT("unit-y"), &err);

        CHECK(part && cache_put(part, TEXT("k"), value_string(context), &err));
        CHECK(find_int(part, "k") != -1);
        cache_close(part);
    }
    return NULL;
}

TEST(cache_is_safe_for_threads)
{
    static const char *const texts[] = { "one", "two", "three", "four" };
    pthread_t threads[COUNT_OF(texts)];

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CHECK_INT(pthread_create(&threads[i], NULL, worker, (void *)texts[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        pthread_join(threads[i], NULL);
    }
}
