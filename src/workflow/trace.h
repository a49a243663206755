/*
 * trace - where the time of a run went, in Chrome's trace format.
 *
 * A list of complete events ("ph": "X") with microseconds of the monotonic clock,
 * under the reference's names of phases; chrome://tracing and Perfetto read it.
 * Spans are always taken, so a trace costs nothing until it is written.
 */
#ifndef OCELLUS_WORKFLOW_TRACE_H
#define OCELLUS_WORKFLOW_TRACE_H

#include "workflow/run.h"

/* When compiling began and ended (clock_now()); equal when the plan was at hand. */
typedef struct TraceCompile {
    int64_t start, end;
} TraceCompile;

/* Write the list.  To be called after the outputs, whose time it tells too. */
void run_write_trace(const Run *run, const TraceCompile *compile, JsonWriter *w);

#endif
