/*
 * test_budget - the ceiling holds, whoever comes.
 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "base/budget.h"
#include "image/image.h"

TEST(budget_has_a_sensible_default)
{
    size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);

    budget_set(&budget_pictures, 0);
    CHECK(budget_limit(&budget_pictures) > 0);
    CHECK(budget_limit(&budget_pictures) <= memory / 4);
}

TEST(budget_takes_up_to_its_limit)
{
    Error err = { 0 };

    budget_set(&budget_pictures, 1000);
    CHECK(budget_take(&budget_pictures, 400, NULL, &err));
    CHECK(budget_take(&budget_pictures, 600, NULL, &err));
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 1000);

    CHECK(!budget_take_within(&budget_pictures, 1, 0, NULL, &err));
    CHECK_INT(err.kind, ERR_BUSY);
    CHECK(!budget_take(&budget_pictures, 1001, NULL, &err));      /* could never fit: at once */
    CHECK_INT(err.kind, ERR_TOO_LARGE);

    budget_give(&budget_pictures, 600);
    CHECK(budget_take_within(&budget_pictures, 600, 0, NULL, &err));
    budget_give(&budget_pictures, 1000);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    budget_set(&budget_pictures, 0);
}

TEST(budget_waits_no_longer_than_the_cancel_allows)
{
    Error  err = { 0 };
    Cancel cancel;

    budget_set(&budget_pictures, 100);
    CHECK(budget_take(&budget_pictures, 100, NULL, &err));

    cancel_init(&cancel, 0.03);
    int64_t start = clock_now();
    CHECK(!budget_take(&budget_pictures, 1, &cancel, &err));
    CHECK_INT(err.kind, ERR_TIMEOUT);
    CHECK(clock_now() - start < 1000000000);

    cancel_init(&cancel, 0);
    cancel_stop(&cancel);
    CHECK(!budget_take(&budget_pictures, 1, &cancel, &err));
    CHECK_INT(err.kind, ERR_CANCELLED);

    start = clock_now();
    CHECK(!budget_take_within(&budget_pictures, 1, 0.02, NULL, &err));
    CHECK_INT(err.kind, ERR_BUSY);
    CHECK(clock_now() - start >= 20000000);

    budget_give(&budget_pictures, 100);
    budget_set(&budget_pictures, 0);
}

static void *give_later(void *bytes)
{
    usleep(20000);
    budget_give(&budget_pictures, *(size_t *)bytes);
    return NULL;
}

TEST(budget_hands_on_what_others_give_back)
{
    pthread_t thread;
    size_t    bytes = 80;

    budget_set(&budget_pictures, 100);
    CHECK(budget_take(&budget_pictures, bytes, NULL, NULL));
    CHECK_INT(pthread_create(&thread, NULL, give_later, &bytes), 0);
    CHECK(budget_take(&budget_pictures, 90, NULL, NULL));
    pthread_join(thread, NULL);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 90);
    budget_give(&budget_pictures, 90);
    budget_set(&budget_pictures, 0);
}

TEST(budget_shrinks_below_what_is_taken)
{
    budget_set(&budget_pictures, 100);
    CHECK(budget_take(&budget_pictures, 100, NULL, NULL));
    budget_set(&budget_pictures, 50);
    CHECK(!budget_take_within(&budget_pictures, 1, 0, NULL, NULL));
    budget_give(&budget_pictures, 100);
    CHECK(budget_take_within(&budget_pictures, 50, 0, NULL, NULL));
    budget_give(&budget_pictures, 50);
    budget_set(&budget_pictures, 0);
}

enum { THREADS = 8, ROUNDS = 200 };

static void *take_and_give(void *ignored)
{
    (void)ignored;
    for (int i = 0; i < ROUNDS; i++) {
        Image *image = image_new(50, 50, 3, TEXT("image"), NULL);

        CHECK(image != NULL);
        CHECK(budget_used(&budget_pictures) <= 30000);
        image_unref(image);
    }
    return NULL;
}

/* Three pictures fit at a time, eight threads want one. */
TEST(budget_holds_against_many_threads)
{
    pthread_t threads[THREADS];

    budget_set(&budget_pictures, 30000);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, take_and_give, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    budget_set(&budget_pictures, 0);
}

TEST(budget_cuts_the_memory_into_shares)
{
    Budget *const all[] = { &budget_models, &budget_pictures, &budget_work, &budget_bodies };
    size_t        sum   = 0;

    budget_set_memory(MIB(256));
    for (size_t i = 0; i < COUNT_OF(all); i++)
        sum += budget_limit(all[i]);
    CHECK(sum <= MIB(160) && sum > MIB(159));    /* the rest is the program's */
    budget_set_memory(0);
}

TEST(budget_leaves_a_quarter_to_those_inside)
{
    Error  err    = { 0 };
    Cancel cancel;

    budget_set(&budget_pictures, 100);
    CHECK(budget_enter(&budget_pictures, 90, NULL, &err));    /* alone: all there is */
    budget_give(&budget_pictures, 90);

    CHECK(budget_enter(&budget_pictures, 50, NULL, &err));
    cancel_init(&cancel, 0.02);
    CHECK(!budget_enter(&budget_pictures, 40, &cancel, &err));
    CHECK(budget_take(&budget_pictures, 40, NULL, &err));
    budget_give(&budget_pictures, 90);
    budget_set(&budget_pictures, 0);
}

TEST(budget_grows_and_shrinks_from_its_free_part_on)
{
    size_t used = budget_used(&budget_work);

    CHECK(budget_grow(&budget_work, 0, BUDGET_FREE - 1));
    CHECK_INT((intmax_t)(budget_used(&budget_work) - used), 0);
    CHECK(budget_grow(&budget_work, BUDGET_FREE - 1, 2 * BUDGET_FREE));
    CHECK_INT((intmax_t)(budget_used(&budget_work) - used), 2 * BUDGET_FREE);
    budget_shrink(&budget_work, 2 * BUDGET_FREE, BUDGET_FREE);
    CHECK_INT((intmax_t)(budget_used(&budget_work) - used), BUDGET_FREE);
    budget_shrink(&budget_work, BUDGET_FREE, 0);
    CHECK_INT((intmax_t)(budget_used(&budget_work) - used), 0);
    CHECK(budget_grow(NULL, 0, SIZE_MAX));
}

TEST(an_arena_fails_when_the_work_is_used_up)
{
    Arena arena;

    budget_set(&budget_work, MIB(1));
    arena_init(&arena, MIB(64));
    CHECK(!arena_try(&arena, MIB(2), 1) && arena_failed(&arena));
    arena_fini(&arena);
    CHECK(arena_try(&arena, KIB(512), 1));
    CHECK(budget_used(&budget_work) > KIB(512));
    arena_fini(&arena);
    CHECK_INT((intmax_t)budget_used(&budget_work), 0);
    budget_set(&budget_work, 0);
}
