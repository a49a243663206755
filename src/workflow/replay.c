/*
 * replay - records in the place of steps, their values only where they are needed.
 */
#include "workflow/replay.h"

#include <pthread.h>

#include "workflow/recorded.h"

#define CONTEXT_REPLAY "workflow_execution | step_execution"

/* A record that is in place, but not unpacked.  The numbers of slots are those of what
 * comes before it in the plan: inputs, then steps. */
struct Replay {
    Arena           arena;        /* of unpacked values */
    pthread_mutex_t lock;         /* of everything below and of unpacking */
    const Plan     *plan;
    Keys           *keys;
    Records         records;
    bool            sinks;
    Reuse           reuse;
    Text           *waiting;      /* of each input, then of each step; NULL: nothing is */
    ReplayOutcome  *outcomes;
    int            *producers;    /* slot -> input, or inputs + step */
};

static bool make_tables(Replay *r)
{
    const Plan *plan = r->plan;

    r->waiting   = arena_array(&r->arena, Text, plan->input_count + plan->step_count + 1);
    r->outcomes  = arena_array(&r->arena, ReplayOutcome, MAX(plan->step_count, 1));
    r->producers = arena_array(&r->arena, int, MAX(plan->slot_count, 1));
    if (!r->waiting || !r->outcomes || !r->producers) {
        return false;
    }
    for (int i = 0; i < plan->input_count; i++) {
        r->producers[plan->inputs[i].slot] = i;
    }
    for (int i = 0; i < plan->step_count; i++) {
        for (int k = 0; k < plan->steps[i].output_count; k++) {
            r->producers[plan->steps[i].first_slot + k] = plan->input_count + i;
        }
    }
    return true;
}

/* ---- values that are needed --------------------------------------------------------- */

/* The lock is held. */
static bool load_producer(Replay *r, Run *run, int producer, Error *err)
{
    Text bytes = r->waiting[producer];
    int  step  = producer - r->plan->input_count;

    if (!bytes.at) {
        return true;
    }
    r->waiting[producer] = (Text){ NULL, 0 };
    return step < 0 ? recorded_load_input(bytes, run, producer, &r->arena, err)
                    : recorded_load_step(bytes, run, step, &r->arena, err);
}

static bool load_sources(Replay *r, Run *run, const PlanStep *step, Error *err)
{
    for (int k = 0; k < step->binding_count; k++) {
        if (!load_producer(r, run, r->producers[step->bindings[k].slot], err)) {
            return false;
        }
    }
    return true;
}

bool replay_load_output(Replay *r, Run *run, int output, Error *err)
{
    const PlanOutput *of = &r->plan->outputs[output];
    bool              ok;

    pthread_mutex_lock(&r->lock);
    ok = load_producer(r, run, of->step >= 0 ? r->plan->input_count + of->step
                                             : r->producers[of->slot], err);
    pthread_mutex_unlock(&r->lock);
    return ok;
}

/* ---- what the run asks -------------------------------------------------------------- */

static bool reuse_input(void *context, Run *run, int input)
{
    Replay *r     = context;
    Text    bytes = r->records.input(r->records.context, &r->plan->inputs[input]);
    Error   err;

    if (!bytes.at || !recorded_place_input(bytes, run, r->keys, input, &err)) {
        return false;
    }
    r->waiting[input] = bytes;
    return true;
}

static bool is_sink(const PlanStep *step)
{
    return step->block->category == CATEGORY_SINK;
}

/* The lock is held. */
static ReuseAnswer answer_step(Replay *r, StepRun *s, int *elements, Error *err)
{
    const PlanStep *step = &r->plan->steps[s->index];
    Text            bytes = { NULL, 0 };
    bool            fits  = step_can_be_reused(step, !r->sinks);
    Digest          key;

    if (fits && keys_step(r->keys, s->run, s->index, &key)) {
        bytes = r->records.step(r->records.context, key);
    }
    if (bytes.at) {
        if (!recorded_place_step(bytes, s, r->keys, elements, err)) {
            return REUSE_FAILED;
        }
        r->waiting[r->plan->input_count + s->index] = bytes;
        r->outcomes[s->index]                       = REPLAY_REUSED;
        return REUSE_DONE;
    }
    if (is_sink(step) && !r->sinks) {
        r->outcomes[s->index] = REPLAY_LEFT_OUT;
        *elements             = 0;
        return REUSE_DONE;
    }
    r->outcomes[s->index] = fits ? REPLAY_RAN : REPLAY_ALWAYS_RUNS;
    return load_sources(r, s->run, step, err) ? REUSE_NOTHING : REUSE_FAILED;
}

static ReuseAnswer reuse_step(void *context, StepRun *s, int *elements)
{
    Replay     *r   = context;
    Error       err = { 0 };
    ReuseAnswer answer;

    pthread_mutex_lock(&r->lock);
    answer = answer_step(r, s, elements, &err);
    pthread_mutex_unlock(&r->lock);
    if (answer == REUSE_FAILED) {
        fail_prefix(&err, "the record of step '%.*s'", SHOW(r->plan->steps[s->index].name));
        problem_from_error(s->arena, s->problem, &err, CONTEXT_REPLAY);
    }
    return answer;
}

/* ---- opening and closing --------------------------------------------------------------- */

Replay *replay_open(const Plan *plan, Keys *keys, Records records, bool sinks, Error *err)
{
    const PlanStep *redraws = plan_redraws(plan);
    Replay         *r;

    if (redraws) {
        fail(err, ERR_INVALID, "step '%.*s' draws into a picture that other steps have, so there "
                               "is nothing to replay; leave out its copy_image",
             SHOW(redraws->name));
        return NULL;
    }
    r = calloc(1, sizeof(*r));
    if (!r) {
        fail(err, ERR_MEMORY, "no memory for a replay");
        return NULL;
    }
    arena_init(&r->arena, LIMIT_RUN_MEMORY);
    pthread_mutex_init(&r->lock, NULL);
    r->plan    = plan_ref(plan);
    r->keys    = keys;
    r->records = records;
    r->sinks   = sinks;
    r->reuse   = (Reuse){ .context = r, .input = reuse_input, .step = reuse_step };
    if (!make_tables(r)) {
        replay_close(r);
        fail(err, ERR_MEMORY, "no memory for a replay");
        return NULL;
    }
    return r;
}

void replay_close(Replay *r)
{
    if (r) {
        pthread_mutex_destroy(&r->lock);
        arena_fini(&r->arena);
        plan_unref(r->plan);
        free(r);
    }
}

const Reuse *replay_reuse(const Replay *r)
{
    return &r->reuse;
}

ReplayOutcome replay_outcome(const Replay *r, int step)
{
    return r->outcomes[step];
}
