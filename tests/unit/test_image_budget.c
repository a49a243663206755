/*
 * test_image_budget - the ceiling holds, whoever comes.
 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "image/budget.h"
#include "image/image.h"

TEST(budget_has_a_sensible_default)
{
    size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);

    budget_set(0);
    CHECK(budget_limit() > 0);
    CHECK(budget_limit() <= memory / 4);
}

TEST(budget_takes_up_to_its_limit)
{
    Error err = { 0 };

    budget_set(1000);
    CHECK(budget_take(400, NULL, &err));
    CHECK(budget_take(600, NULL, &err));
    CHECK_INT((intmax_t)budget_used(), 1000);

    CHECK(!budget_take_within(1, 0, NULL, &err));
    CHECK_INT(err.kind, ERR_BUSY);
    CHECK(!budget_take(1001, NULL, &err));      /* could never fit: at once */
    CHECK_INT(err.kind, ERR_TOO_LARGE);

    budget_give(600);
    CHECK(budget_take_within(600, 0, NULL, &err));
    budget_give(1000);
    CHECK_INT((intmax_t)budget_used(), 0);
    budget_set(0);
}

TEST(budget_waits_no_longer_than_the_cancel_allows)
{
    Error  err = { 0 };
    Cancel cancel;

    budget_set(100);
    CHECK(budget_take(100, NULL, &err));

    cancel_init(&cancel, 0.03);
    int64_t start = clock_now();
    CHECK(!budget_take(1, &cancel, &err));
    CHECK_INT(err.kind, ERR_TIMEOUT);
    CHECK(clock_now() - start < 1000000000);

    cancel_init(&cancel, 0);
    cancel_stop(&cancel);
    CHECK(!budget_take(1, &cancel, &err));
    CHECK_INT(err.kind, ERR_CANCELLED);

    start = clock_now();
    CHECK(!budget_take_within(1, 0.02, NULL, &err));
    CHECK_INT(err.kind, ERR_BUSY);
    CHECK(clock_now() - start >= 20000000);

    budget_give(100);
    budget_set(0);
}

static void *give_later(void *bytes)
{
    usleep(20000);
    budget_give(*(size_t *)bytes);
    return NULL;
}

TEST(budget_hands_on_what_others_give_back)
{
    pthread_t thread;
    size_t    bytes = 80;

    budget_set(100);
    CHECK(budget_take(bytes, NULL, NULL));
    CHECK_INT(pthread_create(&thread, NULL, give_later, &bytes), 0);
    CHECK(budget_take(90, NULL, NULL));
    pthread_join(thread, NULL);
    CHECK_INT((intmax_t)budget_used(), 90);
    budget_give(90);
    budget_set(0);
}

TEST(budget_shrinks_below_what_is_taken)
{
    budget_set(100);
    CHECK(budget_take(100, NULL, NULL));
    budget_set(50);
    CHECK(!budget_take_within(1, 0, NULL, NULL));
    budget_give(100);
    CHECK(budget_take_within(50, 0, NULL, NULL));
    budget_give(50);
    budget_set(0);
}

enum { THREADS = 8, ROUNDS = 200 };

static void *take_and_give(void *ignored)
{
    (void)ignored;
    for (int i = 0; i < ROUNDS; i++) {
        Image *image = image_new(50, 50, 3, TEXT("image"), NULL);

        CHECK(image != NULL);
        CHECK(budget_used() <= 30000);
        image_unref(image);
    }
    return NULL;
}

/* Three pictures fit at a time, eight threads want one. */
TEST(budget_holds_against_many_threads)
{
    pthread_t threads[THREADS];

    budget_set(30000);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, take_and_give, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT((intmax_t)budget_used(), 0);
    budget_set(0);
}
