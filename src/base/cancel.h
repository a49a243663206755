/*
 * cancel - a deadline and a stop flag, handed to everything that can block.
 *
 * Whoever starts the work owns the Cancel; the watchdog sets its flag when a
 * client hangs up.  Long work looks at it at least every 100 ms.
 */
#ifndef OCELLUS_BASE_CANCEL_H
#define OCELLUS_BASE_CANCEL_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/error.h"

typedef struct Cancel {
    atomic_bool stop;
    int64_t     deadline;   /* on the monotonic clock, nanoseconds; 0 = none */
} Cancel;

/* A Cancel that ends `seconds` from now (0 = never). */
void cancel_init(Cancel *cancel, double seconds);

/* Ask the work to stop; safe from any thread and from a signal handler. */
void cancel_stop(Cancel *cancel);

/* True while work may go on; else fills err with ERR_CANCELLED or
 * ERR_TIMEOUT.  A NULL cancel never ends. */
bool cancel_check(const Cancel *cancel, Error *err) MUST_USE;

/* Nanoseconds left, at least 0; INT64_MAX without a deadline. */
int64_t cancel_left(const Cancel *cancel);

#endif
