/*
 * replay - a run that reuses what another one gave.
 *
 * Before a step is run its key is looked for among the records of an earlier run
 * (keys.h, recorded.h).  Where there is one, the step does not run: its record takes
 * its place.  So after a change only the steps behind it run, and of those only as far
 * as something really differs.  Steps that remember or look at the world always run;
 * sinks do nothing unless they are let.
 */
#ifndef OCELLUS_WORKFLOW_REPLAY_H
#define OCELLUS_WORKFLOW_REPLAY_H

#include "workflow/keys.h"
#include "workflow/run.h"

typedef struct Replay Replay;

/* Where records come from; {NULL, 0} says that there is none.  The bytes must stay
 * until the replay is closed. */
typedef struct Records {
    void *context;
    Text (*step)(void *context, Digest key);
    Text (*input)(void *context, const PlanInput *input);
} Records;

typedef enum ReplayOutcome {
    REPLAY_RAN,              /* nothing like it was recorded */
    REPLAY_ALWAYS_RUNS,      /* it remembers or looks at the world */
    REPLAY_REUSED,
    REPLAY_LEFT_OUT,         /* a sink, and sinks may do nothing */
} ReplayOutcome;

/* For one run of `plan`.  `keys`, opened for the same plan, must outlive it. */
Replay *replay_open(const Plan *plan, Keys *keys, Records records, bool sinks, Error *err) MUST_USE;
void    replay_close(Replay *replay);                      /* after the run */

/* What goes into RunOptions; lives as long as the replay. */
const Reuse *replay_reuse(const Replay *replay);

ReplayOutcome replay_outcome(const Replay *replay, int step);

/* Unpack the values behind an output, before it is looked at. */
bool replay_load_output(Replay *replay, Run *run, int output, Error *err) MUST_USE;

#endif
