/*
 * test_arena - memory that dies together: zeroes, limits, sticky failure.
 */
#include "base/arena.h"
#include "test.h"

static bool all_zero(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

TEST(arena_gives_zeroed_aligned_memory_of_any_size)
{
    Arena arena;

    arena_init(&arena, MIB(64));
    for (size_t size = 0; size < MIB(2); size += 1 + size / 3) {
        char *piece = arena_try(&arena, size, 1);

        if (!CHECK(piece != NULL))
            break;
        CHECK((uintptr_t)piece % 16 == 0);
        CHECK(all_zero(piece, size));
        memset(piece, 0xA5, size);
    }
    CHECK(!arena_failed(&arena));
    CHECK(arena.used <= arena.limit);
    arena_fini(&arena);
}

TEST(arena_memory_is_zeroed_again_after_a_reset)
{
    Arena arena;

    arena_init(&arena, MIB(64));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3000; i++) {
            char *piece = arena_alloc(&arena, 700);

            CHECK(all_zero(piece, 700));
            memset(piece, 0x5A, 700);
        }
        arena_reset(&arena);
        CHECK(arena.used <= MIB(1));
        CHECK(arena.blocks != NULL);
    }
    arena_fini(&arena);
    CHECK(arena.used == 0);
}

TEST(arena_survives_a_million_small_allocations)
{
    Arena arena;
    int  *last = NULL;

    arena_init(&arena, MIB(64));
    for (int i = 0; i < 1000000; i++) {
        int *number = arena_new(&arena, int);

        CHECK(number != last);
        *number = i;
        last    = number;
    }
    CHECK_INT(*last, 999999);
    CHECK(!arena_failed(&arena));
    arena_fini(&arena);
}

TEST(arena_never_takes_more_than_its_limit)
{
    for (size_t limit = 0; limit < KIB(20); limit += 37) {
        Arena arena;

        arena_init(&arena, limit);
        for (int i = 0; i < 200; i++)
            arena_alloc(&arena, 100);
        CHECK(arena_failed(&arena));
        CHECK(arena.used <= limit);
        arena_fini(&arena);
    }
}

TEST(arena_failure_is_sticky_and_its_memory_still_writable)
{
    Arena arena;

    arena_init(&arena, KIB(8));
    CHECK(arena_try(&arena, KIB(9), 1) == NULL);
    CHECK(arena_failed(&arena));
    memset(arena_alloc(&arena, ARENA_SCRATCH), 1, ARENA_SCRATCH);
    for (int i = 0; i < 10000; i++) {
        char *piece = arena_alloc(&arena, 500);

        CHECK(all_zero(piece, 500));
        memset(piece, 1, 500);
    }
    CHECK(arena_failed(&arena));
    arena_reset(&arena);
    CHECK(!arena_failed(&arena));
    arena_fini(&arena);
}

TEST(arena_try_refuses_what_overflows)
{
    Arena arena;

    arena_init(&arena, SIZE_MAX);
    CHECK(arena_try(&arena, SIZE_MAX, 2) == NULL);
    CHECK(arena_try(&arena, SIZE_MAX / 2 + 1, 2) == NULL);
    CHECK(arena_try(&arena, SIZE_MAX, 1) == NULL);
    CHECK(arena_try(&arena, SIZE_MAX - 15, 1) == NULL);
    CHECK(arena_try(&arena, SIZE_MAX / 2 + 1, 1) == NULL);
    CHECK(arena_failed(&arena));
    CHECK(arena_try(&arena, 0, 8) != NULL);
    arena_fini(&arena);
}

TEST(arena_big_pieces_leave_the_small_block_in_use)
{
    Arena arena;

    arena_init(&arena, MIB(64));
    char *a = arena_alloc(&arena, 16);
    char *big = arena_try(&arena, MIB(8), 1);
    char *b = arena_alloc(&arena, 16);

    CHECK(big != NULL);
    CHECK(b > a && b - a <= 48);
    CHECK(arena.used < MIB(8) + KIB(8));
    arena_reset(&arena);
    CHECK(arena.used == KIB(4));

    /* A big piece alone is not worth keeping. */
    arena_fini(&arena);
    CHECK(arena_try(&arena, MIB(8), 1) != NULL);
    arena_reset(&arena);
    CHECK(arena.used == 0);
    arena_fini(&arena);
}

static int  order[8];
static int  calls;

static void note(void *subject)
{
    order[calls++] = *(int *)subject;
}

TEST(arena_runs_deferred_calls_newest_first)
{
    static int one = 1, two = 2, three = 3;
    Arena arena;

    calls = 0;
    arena_init(&arena, KIB(8));
    CHECK(arena_defer(&arena, note, &one));
    CHECK(arena_defer(&arena, note, &two));
    arena_reset(&arena);
    CHECK_INT(calls, 2);
    CHECK(order[0] == 2 && order[1] == 1);

    CHECK(arena_defer(&arena, note, &three));
    arena_fini(&arena);
    CHECK_INT(calls, 3);
    CHECK_INT(order[2], 3);
    arena_fini(&arena);
    CHECK_INT(calls, 3);
}

TEST(arena_defers_at_once_when_there_is_no_memory)
{
    static int seven = 7;
    Arena arena;

    calls = 0;
    arena_init(&arena, 8);
    CHECK(!arena_defer(&arena, note, &seven));
    CHECK_INT(calls, 1);
    CHECK(arena_failed(&arena));
    arena_fini(&arena);
    CHECK_INT(calls, 1);
}

TEST(arena_copies_and_prints_text)
{
    Arena arena;
    char  longer[1000];

    arena_init(&arena, KIB(64));
    Text copy = arena_text(&arena, (Text){ "ab\0cd", 5 });
    CHECK(copy.length == 5);
    CHECK(memcmp(copy.at, "ab\0cd", 6) == 0);
    CHECK(arena_text(&arena, (Text){ 0 }).at == NULL);
    CHECK_STR(arena_text(&arena, TEXT("")).at, "");
    CHECK_STR(arena_string(&arena, "hello"), "hello");
    CHECK(arena_string(&arena, NULL) == NULL);
    CHECK_STR(arena_printf(&arena, "%d-%s", 42, "x"), "42-x");

    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    for (size_t n = 250; n < 260; n++)
        CHECK(strlen(arena_printf(&arena, "%.*s", (int)n, longer)) == n);
    CHECK_STR(arena_printf(&arena, "%s", longer), longer);
    CHECK(!arena_failed(&arena));
    arena_fini(&arena);
}

TEST(arena_text_is_empty_after_failure)
{
    Arena arena;
    char  longer[5000];

    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    arena_init(&arena, KIB(4));
    CHECK_STR(arena_printf(&arena, "%s", longer), "");
    CHECK_STR(arena_string(&arena, longer), "");
    CHECK(arena_text(&arena, text_of(longer)).length == 0);
    CHECK(arena_failed(&arena));
    arena_fini(&arena);
}
