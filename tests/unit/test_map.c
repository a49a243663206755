/*
 * test_map - text to pointer: many keys, order, no memory.
 */
#include "base/map.h"
#include "test.h"

TEST(map_finds_what_was_put)
{
    static int one, two;
    Arena arena;
    Map   map;

    arena_init(&arena, MIB(1));
    map_init(&map, &arena);
    CHECK(map_get(&map, TEXT("a")) == NULL);
    CHECK(map_put(&map, TEXT("a"), &one));
    CHECK(!map_put(&map, TEXT("a"), &two));
    CHECK(map_get(&map, TEXT("a")) == &two);
    CHECK(map_put(&map, (Text){ "a\0b", 3 }, &one));
    CHECK(map_put(&map, (Text){ "a\0c", 3 }, &two));
    CHECK(map_get(&map, (Text){ "a\0b", 3 }) == &one);
    CHECK(map_put(&map, TEXT(""), &one));
    CHECK(map_get(&map, (Text){ 0 }) == &one);
    CHECK(map.count == 4);
    arena_fini(&arena);
}

TEST(map_keeps_the_order_of_many_keys)
{
    enum { COUNT = 20000 };
    Arena arena;
    Map   map;

    arena_init(&arena, MIB(64));
    map_init(&map, &arena);
    for (int i = 0; i < COUNT; i++) {
        int *number = arena_new(&arena, int);

        *number = i;
        CHECK(map_put(&map, text_of(arena_printf(&arena, "key %d", i)), number));
    }
    CHECK(map.count == COUNT);
    for (int i = 0; i < COUNT; i++) {
        const int *found = map_get(&map, map.entries[i].key);

        CHECK(found && *found == i);
        CHECK(found == map.entries[i].value);
    }
    CHECK(map_get(&map, TEXT("key 20000")) == NULL);
    arena_fini(&arena);
}

TEST(map_without_memory_marks_its_arena)
{
    static int one;
    Arena arena;
    Map   map;
    int   count = 0;

    arena_init(&arena, KIB(8));
    map_init(&map, &arena);
    while (!arena_failed(&arena) && count < 10000)
        CHECK(map_put(&map, text_of(arena_printf(&arena, "%d", count++)), &one));
    CHECK(arena_failed(&arena));
    CHECK(map_get(&map, TEXT("0")) == &one);
    CHECK(map_put(&map, TEXT("new"), &one));
    arena_fini(&arena);
}

TEST(hash_depends_on_every_byte)
{
    CHECK(hash_text(TEXT("a")) == hash_text(TEXT("a")));
    CHECK(hash_text(TEXT("a")) != hash_text(TEXT("b")));
    CHECK(hash_text(TEXT("")) == hash_text((Text){ 0 }));
    CHECK(hash_text((Text){ "a\0", 2 }) != hash_text(TEXT("a")));
}
