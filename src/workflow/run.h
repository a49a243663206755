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

/* One step of a run while it is executed; see inside.h. */
typedef struct StepRun StepRun;

typedef enum ReuseAnswer { REUSE_NOTHING, REUSE_DONE, REUSE_FAILED } ReuseAnswer;

/* Who knows already what inputs and steps give (see replay.h).  `input` is asked for
 * every batch input of one dimension: true when its values are there or need not be.
 * `step` is asked before a step is executed, perhaps on several threads at once:
 * REUSE_DONE when its children and masks are in place, its values too or not needed,
 * and `*elements` says how many it had run on; REUSE_FAILED fills the step's problem. */
typedef struct Reuse {
    void        *context;
    bool       (*input)(void *context, Run *run, int input);
    ReuseAnswer (*step)(void *context, StepRun *step, int *elements);
} Reuse;

typedef struct RunOptions {
    const Services *services;
    const Cancel   *cancel;          /* NULL: no deadline */
    const Reuse    *reuse;           /* NULL: everything is read and run */
    bool            keep;            /* every step's values are looked at when it has run: no
                                      * step draws into the picture of another */
} RunOptions;

/* One executed step, for profiles and recordings. */
typedef struct StepSpan {
    int     step;           /* index into the plan's steps */
    int     thread;         /* number of the thread it ran on */
    int64_t start, end;     /* monotonic nanoseconds; 0: the run ended before it */
    int     elements;       /* that it ran on; 0: skipped */
    bool    failed;
    bool    reused;         /* it did not run: see Reuse */
} StepSpan;

/* A pass in `session` over `inputs` (an object; NULL = {}).  Always returns a
 * Run unless memory is out; look at run_problem().  Close it. */
Run *run_open(Session *session, const Json *inputs, const RunOptions *options) MUST_USE;
void run_close(Run *run);

/* NULL when the pass went through. */
const Problem *run_problem(const Run *run);

/* Write the list of outputs: [{...}, ...], pictures as the writer says, or else as JPEG with
 * the help of the services' pool.  `excluded` names outputs to leave out (a JSON list of
 * texts; NULL: none).  May fail for a value that has no wire form; the buffer is then
 * worthless. */
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
