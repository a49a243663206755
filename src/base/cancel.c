/*
 * cancel - a deadline and a stop flag, handed to everything that can block.
 *
 * The flag is read without ordering: it carries no data, and a look that
 * comes a moment too early is followed by the next one.
 */
#include "base/cancel.h"

static const double LONGEST_SECONDS = 1e9;   /* 31 years; keeps the sum in range */

void cancel_init(Cancel *cancel, double seconds)
{
    atomic_init(&cancel->stop, false);
    cancel->deadline = 0;

    if (seconds != 0) {
        double span = MAX(0, MIN(seconds, LONGEST_SECONDS));

        cancel->deadline = clock_now() + (int64_t)(span * 1e9);
    }
}

void cancel_stop(Cancel *cancel)
{
    atomic_store_explicit(&cancel->stop, true, memory_order_relaxed);
}

bool cancel_check(const Cancel *cancel, Error *err)
{
    if (!cancel)
        return true;
    if (atomic_load_explicit(&cancel->stop, memory_order_relaxed))
        return fail(err, ERR_CANCELLED, "cancelled: the client has gone");
    if (cancel->deadline != 0 && clock_now() >= cancel->deadline)
        return fail(err, ERR_TIMEOUT, "the time limit has passed");
    return true;
}

int64_t cancel_left(const Cancel *cancel)
{
    if (!cancel || cancel->deadline == 0)
        return INT64_MAX;
    return MAX(0, cancel->deadline - clock_now());
}
