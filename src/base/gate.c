/*
 * gate - how many may run at the same time.
 *
 * A place that is given back goes straight to the first in line, so nobody who
 * comes later can take it in between.
 */
#include "base/gate.h"

/* A Cancel cannot wake a waiter, so waiters look at it this often. */
enum { LOOK_EVERY_MS = 40 };

struct GateWaiter {
    GateWaiter    *next;
    pthread_cond_t called;
    bool           has_place;
};

void gate_init(Gate *gate, int places, int most_waiting)
{
    *gate = (Gate){ .free = places, .most = most_waiting };
    pthread_mutex_init(&gate->lock, NULL);
}

void gate_fini(Gate *gate)
{
    assert(gate->running == 0 && !gate->first);
    pthread_mutex_destroy(&gate->lock);
}

static void join_line(Gate *gate, GateWaiter *waiter)
{
    if (gate->last)
        gate->last->next = waiter;
    else
        gate->first = waiter;
    gate->last = waiter;
    gate->waiting++;
}

static void leave_line(Gate *gate, const GateWaiter *waiter)
{
    GateWaiter *before = NULL;

    for (GateWaiter *at = gate->first; at != waiter; at = at->next)
        before = at;
    *(before ? &before->next : &gate->first) = waiter->next;
    if (gate->last == waiter)
        gate->last = before;
    gate->waiting--;
}

/* Until called, or the cancel's end. */
static void wait_in_line(Gate *gate, GateWaiter *waiter, const Cancel *cancel)
{
    int64_t         wait = MIN(cancel_left(cancel), (int64_t)LOOK_EVERY_MS * 1000000);
    int64_t         when = clock_now() + wait;
    struct timespec at   = { when / 1000000000, when % 1000000000 };

    pthread_cond_clockwait(&waiter->called, &gate->lock, CLOCK_MONOTONIC, &at);
}

/* With the lock held; true when a place was got. */
static bool wait_for_place(Gate *gate, const Cancel *cancel, Error *err)
{
    GateWaiter waiter = { .called = PTHREAD_COND_INITIALIZER };
    int64_t    start  = clock_now();

    join_line(gate, &waiter);
    while (!waiter.has_place && cancel_check(cancel, err))
        wait_in_line(gate, &waiter, cancel);
    if (!waiter.has_place)
        leave_line(gate, &waiter);
    gate->waits++;
    gate->wait_time += clock_now() - start;
    pthread_cond_destroy(&waiter.called);
    return waiter.has_place;
}

bool gate_enter(Gate *gate, const Cancel *cancel, Error *err)
{
    bool entered;

    if (!cancel_check(cancel, err))
        return false;

    pthread_mutex_lock(&gate->lock);
    if (gate->free > 0) {
        gate->free--;
        gate->running++;
        entered = true;
    } else if (gate->waiting >= gate->most) {
        entered = fail(err, ERR_BUSY, "%d are waiting already; try again later",
                       gate->waiting);
    } else {
        entered = wait_for_place(gate, cancel, err);
    }
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

void gate_leave(Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    GateWaiter *waiter = gate->first;
    if (waiter) {
        leave_line(gate, waiter);
        waiter->has_place = true;
        pthread_cond_signal(&waiter->called);
    } else {
        gate->free++;
        gate->running--;
    }
    pthread_mutex_unlock(&gate->lock);
}
