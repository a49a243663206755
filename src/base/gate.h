/*
 * gate - how many may run at the same time.
 *
 * A gate has a number of places.  Who finds none waits in line, first come,
 * first served; when the line is full, the answer is "busy" at once.
 */
#ifndef OCELLUS_BASE_GATE_H
#define OCELLUS_BASE_GATE_H

#include <pthread.h>

#include "base/cancel.h"

typedef struct GateWaiter GateWaiter;

typedef struct Gate {
    pthread_mutex_t lock;
    int             free;             /* places */
    int             running;
    int             waiting, most;    /* in line, and how many may be */
    GateWaiter     *first, *last;
    uint64_t        waits;            /* how often somebody had to */
    int64_t         wait_time;        /* nanoseconds, of all of them */
} Gate;

void gate_init(Gate *gate, int places, int most_waiting);
void gate_fini(Gate *gate);

/* Take a place, waiting as long as `cancel` allows.  ERR_BUSY when the line is
 * full. */
bool gate_enter(Gate *gate, const Cancel *cancel, Error *err) MUST_USE;

/* Give it back. */
void gate_leave(Gate *gate);

#endif
