/*
 * metrics - what happened so far, for Prometheus.
 *
 * Counting is a few relaxed atomic additions: no locks, nothing is allocated.
 * Label values are a route's pattern, a method, a status and a block's type, so
 * the number of series has a bound whatever clients send.
 */
#ifndef OCELLUS_SERVER_METRICS_H
#define OCELLUS_SERVER_METRICS_H

#include "blocks/block.h"
#include "server/app.h"

/* Get ready to count; more calls do nothing. */
void metrics_open(void);

/* One request answered; `route` is its index, -1 for none. */
void metrics_request(int route, const char *method, int status, int64_t nanoseconds);

/* One step of a workflow executed. */
void metrics_step(const Block *block, int64_t nanoseconds);

/* All of it as text. */
void metrics_write(Buffer *out, const App *app, int in_flight);

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
