/*
 * run - one pass of inputs through a plan.
 *
 * A Run owns the arena that everything of the pass lives in.  Inputs come as
 * JSON, outputs are written as JSON straight into a buffer.  Time of every step
 * is always taken (it is cheap); the values of every step stay in the run until
 * it ends, so that a caller can look at them (--record, the page).
 */
#ifndef OCELLUS_WORKFLOW_RUN_H
#define OCELLUS_WORKFLOW_RUN_H

#include "workflow/session.h"

typedef struct Run Run;

typedef struct RunOptions {
    const Services *services;
    const Cancel   *cancel;          /* NULL: no deadline */
} RunOptions;

/* One executed step, for profiles and recordings. */
typedef struct StepSpan {
    int     step;           /* index into the plan's steps */
    int     thread;         /* number of the thread it ran on */
    int64_t start, end;     /* monotonic nanoseconds; 0: the run ended before it */
    int     elements;       /* that it ran on; 0: skipped */
    bool    failed;
} StepSpan;

/* A pass in `session` over `inputs` (an object; NULL = {}).  Always returns a
 * Run unless memory is out; look at run_problem().  Close it. */
Run *run_open(Session *session, const Json *inputs, const RunOptions *options) MUST_USE;
void run_close(Run *run);

/* NULL when the pass went through. */
const Problem *run_problem(const Run *run);

/* Write the list of outputs: [{...}, ...].  `excluded` names outputs to leave
 * out (a JSON list of texts; NULL: none).  May fail for a value that has no
 * wire form; the buffer is then worthless. */
bool run_write_outputs(Run *run, JsonWriter *w, const Json *excluded) MUST_USE;

/* ---- looking inside --------------------------------------------------------- */

const Plan     *run_plan(const Run *run);
int             run_span_count(const Run *run);
const StepSpan *run_span(const Run *run, int i);

/* The number of elements a level got, and the value of a slot for one of them
 * (element 0 of LEVEL_SCALAR).  NULL: nothing was written. */
int          run_level_count(const Run *run, int level);
const Value *run_value(const Run *run, int slot, int element);

Arena *run_arena(Run *run);

#endif
