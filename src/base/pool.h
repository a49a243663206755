/*
 * pool - a few threads that help with loops.
 *
 * One pool serves the whole process.  The calling thread always takes part,
 * so a loop makes progress however busy the helpers are, and loops may nest.
 */
#ifndef OCELLUS_BASE_POOL_H
#define OCELLUS_BASE_POOL_H

#include "base/base.h"

typedef struct Pool Pool;

/* A pool with `helpers` extra threads (0 is fine: loops then run plainly).
 * Never NULL except when memory is out. */
Pool *pool_open(int helpers);
void  pool_close(Pool *pool);

/* Call `work(context, i)` for i in 0 .. count - 1, in any order, on several
 * threads; returns when all have returned.  NULL pool = plain loop. */
void pool_each(Pool *pool, int count, void (*work)(void *context, int i), void *context);

/* A small number for the calling thread, the same as long as it lives; from 1. */
int pool_thread(void);

/* Cores this process may use (affinity and cgroup quota considered), >= 1. */
int pool_cores(void);

#endif
