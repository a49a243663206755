/*
 * test_pool - loops on several threads: every index once, nested, at once.
 */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>

#include "test.h"

enum { COUNT = 1000 };

static void tick(void *context, int i)
{
    atomic_int *seen = context;

    atomic_fetch_add(&seen[i], 1);
}

static void check_each_once(Pool *pool, int count)
{
    static atomic_int seen[COUNT];

    for (int i = 0; i < COUNT; i++)
        atomic_store(&seen[i], 0);
    pool_each(pool, count, tick, seen);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(atomic_load(&seen[i]), i < count);
}

TEST(pool_calls_every_index_once)
{
    check_each_once(NULL, COUNT);
    for (int helpers = -1; helpers <= 4; helpers++) {
        Pool *pool = pool_open(helpers);

        if (!CHECK(pool != NULL))
            return;
        check_each_once(pool, 0);
        check_each_once(pool, -5);
        check_each_once(pool, 1);
        check_each_once(pool, 2);
        for (int round = 0; round < 50; round++)
            check_each_once(pool, COUNT);
        pool_close(pool);
    }
    pool_close(NULL);
}

/* What a loop wrote is there when it returns, without atomics. */
static void square(void *context, int i)
{
    ((int64_t *)context)[i] = (int64_t)i * i;
}

TEST(pool_results_are_visible_when_the_loop_returns)
{
    static int64_t squares[COUNT];
    Pool *pool = pool_open(3);

    for (int round = 0; round < 100; round++) {
        memset(squares, 0, sizeof squares);
        pool_each(pool, COUNT, square, squares);
        for (int i = 0; i < COUNT; i++)
            CHECK_INT(squares[i], (int64_t)i * i);
    }
    pool_close(pool);
}

typedef struct Nest {
    Pool      *pool;
    int        depth;
    atomic_int leaves;
} Nest;

static void go_deeper(void *context, int i)
{
    Nest *nest = context;

    (void)i;
    if (nest->depth == 0) {
        atomic_fetch_add(&nest->leaves, 1);
        return;
    }
    Nest inner = { .pool = nest->pool, .depth = nest->depth - 1 };

    pool_each(nest->pool, 4, go_deeper, &inner);
    atomic_fetch_add(&nest->leaves, atomic_load(&inner.leaves));
}

TEST(pool_loops_nest)
{
    Pool *pool = pool_open(3);

    for (int round = 0; round < 20; round++) {
        Nest nest = { .pool = pool, .depth = 4 };

        pool_each(pool, 4, go_deeper, &nest);
        CHECK_INT(atomic_load(&nest.leaves), 4 * 4 * 4 * 4 * 4);
    }
    pool_close(pool);
}

static void *run_loops(void *pool)
{
    for (int round = 0; round < 100; round++) {
        int64_t squares[200] = { 0 };

        pool_each(pool, 200, square, squares);
        for (int i = 0; i < 200; i++)
            CHECK_INT(squares[i], (int64_t)i * i);
    }
    return NULL;
}

TEST(pool_serves_several_callers_at_once)
{
    pthread_t threads[4];
    Pool     *pool = pool_open(2);

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run_loops, pool), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    pool_close(pool);
}

typedef struct Meeting {
    pthread_barrier_t barrier;
} Meeting;

static void meet(void *context, int i)
{
    Meeting *meeting = context;

    (void)i;
    pthread_barrier_wait(&meeting->barrier);
}

/* Three must be inside at the same time for the barrier to open. */
TEST(pool_helpers_really_help)
{
    Meeting meeting;
    Pool   *pool = pool_open(2);

    pthread_barrier_init(&meeting.barrier, NULL, 3);
    pool_each(pool, 3, meet, &meeting);
    pthread_barrier_destroy(&meeting.barrier);
    pool_close(pool);
}

TEST(pool_cores_are_at_least_one)
{
    CHECK(pool_cores() >= 1);
    CHECK(pool_cores() <= 100000);
}
