/*
 * group - steps that do not depend on each other, one after the other or at once.
 *
 * Handing a step to another thread costs more than most steps do, so only those
 * run side by side that took long lately (or never ran): the plan remembers what
 * its steps cost.  The others run first, on the calling thread.
 */
#include "workflow/inside.h"

/* A step that is worth another thread, in nanoseconds: some five times what the
 * hand-over takes. */
enum { WORTH_A_THREAD = 100000 };

typedef struct Group {
    Run     *run;
    StepRun *steps;         /* those that run side by side */
    Problem *problems;
    int      count;
} Group;

static bool is_long(const Plan *plan, int step)
{
    int64_t cost = plan_cost(plan, step);

    return cost == 0 || cost >= WORTH_A_THREAD;
}

/* The steps to run side by side: none when one of the group changes what others may be
 * looking at.  Then they run in their order. */
static int count_long(const Plan *plan, int first, int end)
{
    int count = 0;

    for (int i = first; i < end; i++) {
        if (step_redraws(&plan->steps[i])) {
            return 0;
        }
        count += is_long(plan, i);
    }
    return count;
}

/* Memory for one step, given back with the run. */
static Arena *step_arena(Run *run)
{
    StepArena *step = calloc(1, sizeof(*step));

    if (!step) {
        return NULL;
    }
    arena_init(&step->arena, LIMIT_RUN_MEMORY);
    step->next  = run->arenas;
    run->arenas = step;
    return &step->arena;
}

static bool add_step(Group *g, int index)
{
    Arena *arena = step_arena(g->run);

    if (!arena) {
        return false;
    }
    g->steps[g->count] = (StepRun){ g->run, index, arena, &g->problems[g->count] };
    g->count++;
    return true;
}

static void run_plainly(Run *run, int index)
{
    Problem problem = { 0 };
    StepRun step    = { run, index, &run->arena, &problem };

    if (!run_step(&step) && run->problem.class == PROBLEM_NONE) {
        run->problem = problem;
    }
}

static void run_one(void *context, int i)
{
    Group *g = context;

    if (cancel_check(g->run->options.cancel, NULL) && !run_step(&g->steps[i])) {
        assert(g->problems[i].class != PROBLEM_NONE);
    }
}

/* The first problem in order of steps counts, whichever came first in time. */
static void run_side_by_side(Group *g)
{
    pool_each(g->run->options.services->pool, g->count, run_one, g);
    for (int i = 0; i < g->count; i++) {
        if (g->run->problem.class == PROBLEM_NONE) {
            g->run->problem = g->problems[i];
        }
    }
}

void run_group(Run *run, int first, int end)
{
    Group g = { .run = run };
    int   at_once = end - first > 1 && run->options.services->pool
                        ? count_long(run->plan, first, end) : 0;

    if (at_once > 1) {
        g.steps    = arena_array(&run->arena, StepRun, at_once);
        g.problems = arena_array(&run->arena, Problem, at_once);
    }
    for (int i = first; i < end; i++) {
        bool beside = g.steps && g.problems && g.count < at_once && is_long(run->plan, i);

        if (cancel_check(run->options.cancel, NULL) && !(beside && add_step(&g, i))) {
            run_plainly(run, i);
        }
    }
    if (g.count > 0) {
        run_side_by_side(&g);
    }
}
