/*
 * test_cancel - deadlines and stop flags.
 */
#include "base/cancel.h"

#include <math.h>

#include "test.h"

TEST(cancel_without_deadline_never_ends)
{
    Cancel cancel;
    Error  err = { 0 };

    cancel_init(&cancel, 0);
    CHECK(cancel_check(&cancel, &err));
    CHECK(cancel_left(&cancel) == INT64_MAX);
    CHECK(cancel_check(NULL, &err));
    CHECK(cancel_left(NULL) == INT64_MAX);
    CHECK_INT(err.kind, ERR_NONE);
}

TEST(cancel_stops_when_told)
{
    Cancel cancel;
    Error  err = { 0 };

    cancel_init(&cancel, 100);
    CHECK(cancel_check(&cancel, &err));
    cancel_stop(&cancel);
    CHECK(!cancel_check(&cancel, &err));
    CHECK_INT(err.kind, ERR_CANCELLED);
    CHECK(!cancel_check(&cancel, NULL));
}

TEST(cancel_ends_at_its_deadline)
{
    Cancel cancel;
    Error  err = { 0 };

    cancel_init(&cancel, 0.02);
    CHECK(cancel_check(&cancel, &err));
    CHECK(cancel_left(&cancel) > 0);
    CHECK(cancel_left(&cancel) <= 20000000);
    nanosleep(&(struct timespec){ 0, 25000000 }, NULL);
    CHECK(!cancel_check(&cancel, &err));
    CHECK_INT(err.kind, ERR_TIMEOUT);
    CHECK_INT(cancel_left(&cancel), 0);
}

TEST(cancel_takes_odd_spans)
{
    Cancel cancel;

    cancel_init(&cancel, -1);
    CHECK(!cancel_check(&cancel, NULL));
    cancel_init(&cancel, 1e300);
    CHECK(cancel_check(&cancel, NULL));
    CHECK(cancel_left(&cancel) > 0);
    cancel_init(&cancel, INFINITY);
    CHECK(cancel_check(&cancel, NULL));
    cancel_init(&cancel, NAN);
    CHECK(cancel_check(&cancel, NULL));
}
