/*
 * run - a pass through a plan: levels, steps in order, the clock.
 */
#include "workflow/run.h"

#include "base/clock.h"
#include "workflow/inside.h"

int level_size(const Run *run, int level)
{
    return level < 0 ? 1 : run->levels[level].count;
}

int level_ancestor(const Run *run, int of, int element, int level)
{
    if (level < 0) {
        return 0;
    }
    while (of != level) {
        element = run->levels[of].parent[element];
        of      = run->plan->levels[of].parent;
    }
    return element;
}

bool level_open(Run *run, Arena *arena, int level, int parents)
{
    LevelTable *table = &run->levels[level];

    if (table->first) {
        return true;
    }
    table->parents  = parents;
    table->first    = arena_array(arena, int, MAX(parents, 1));
    table->children = arena_array(arena, int, MAX(parents, 1));
    return table->first && table->children;
}

int level_add(Run *run, Arena *arena, int level, int parent, int count, Error *err)
{
    LevelTable *table = &run->levels[level];
    int         first = table->count;

    if (count > LIMIT_BATCH_ELEMENTS - first) {
        fail(err, ERR_TOO_LARGE, "a batch has at most %d elements", LIMIT_BATCH_ELEMENTS);
        return -1;
    }
    if (first + count > table->capacity) {
        int  capacity = MAX(first + count, table->capacity * 2);
        int *parents  = arena_array(arena, int, MAX(capacity, 1));

        if (!parents) {
            fail(err, ERR_MEMORY, "no memory for a batch of %d elements", first + count);
            return -1;
        }
        if (first > 0) {
            memcpy(parents, table->parent, (size_t)first * sizeof(*parents));
        }
        table->parent   = parents;
        table->capacity = capacity;
    }
    for (int i = 0; i < count; i++) {
        table->parent[first + i] = parent;
    }
    table->first[parent]    = first;
    table->children[parent] = count;
    table->count            = first + count;
    return first;
}

static bool run_tables(Run *run)
{
    const Plan *plan = run->plan;

    run->levels = arena_array(&run->arena, LevelTable, MAX(plan->level_count, 1));
    run->slots  = arena_array(&run->arena, Value *, MAX(plan->slot_count, 1));
    run->fresh  = arena_array(&run->arena, _Atomic uint8_t, MAX(plan->slot_count, 1));
    run->open   = arena_array(&run->arena, uint8_t *, MAX(plan->branch_count, 1));
    run->spans  = arena_array(&run->arena, StepSpan, MAX(plan->step_count, 1));
    for (int i = 0; run->spans && i < plan->step_count; i++) {
        run->spans[i].step = i;
    }
    return run->levels && run->slots && run->fresh && run->open && run->spans;
}

static bool memory_failed(const Run *run)
{
    for (const StepArena *step = run->arenas; step; step = step->next) {
        if (arena_failed(&step->arena)) {
            return true;
        }
    }
    return arena_failed(&run->arena);
}

/* Between steps: the deadline, the client, and the memory. */
static bool may_go_on(Run *run)
{
    Error err = { 0 };

    if (!cancel_check(run->options.cancel, &err)) {
        return problem_from_error(&run->arena, &run->problem, &err,
                                  "workflow_execution | step_execution");
    }
    if (memory_failed(run)) {
        fail(&err, ERR_MEMORY, "the run needs more memory than %zu MB",
             (size_t)LIMIT_RUN_MEMORY >> 20);
        return problem_from_error(&run->arena, &run->problem, &err,
                                  "workflow_execution | step_execution");
    }
    return true;
}

static void execute(Run *run, const Json *inputs)
{
    const Plan *plan  = run->plan;
    int         first = 0;

    bool        assembled;

    run->times.began     = clock_now();
    assembled            = run_assemble(run, inputs);
    run->times.assembled = clock_now();
    if (!assembled) {
        return;
    }
    while (first < plan->step_count && may_go_on(run)) {
        int end = first + 1;

        while (end < plan->step_count && plan->steps[end].group == plan->steps[first].group) {
            end++;
        }
        run_group(run, first, end);
        if (run->problem.class != PROBLEM_NONE) {
            return;
        }
        first = end;
    }
    (void)may_go_on(run);
    run->times.executed = clock_now();
}

Run *run_open(Session *session, const Json *inputs, const RunOptions *options)
{
    Run *run = calloc(1, sizeof(*run));

    if (!run) {
        return NULL;
    }
    arena_init(&run->arena, LIMIT_RUN_MEMORY);
    run->session = session;
    run->plan    = plan_ref(session_plan(session));
    run->options = *options;
    if (!run->options.services) {
        services_init(&run->own_services);
        run->options.services = &run->own_services;
    }
    if (!run_tables(run)) {
        run_close(run);
        return NULL;
    }
    execute(run, inputs);
    return run;
}

void run_close(Run *run)
{
    if (run) {
        while (run->arenas) {
            StepArena *step = run->arenas;

            run->arenas = step->next;
            arena_fini(&step->arena);
            free(step);
        }
        arena_fini(&run->arena);
        plan_unref(run->plan);
        free(run);
    }
}

const Problem *run_problem(const Run *run)
{
    return run->problem.class == PROBLEM_NONE ? NULL : &run->problem;
}

const Plan *run_plan(const Run *run)
{
    return run->plan;
}

int run_span_count(const Run *run)
{
    return run->plan->step_count;
}

const StepSpan *run_span(const Run *run, int i)
{
    return &run->spans[i];
}

int run_level_count(const Run *run, int level)
{
    return level_size(run, level);
}

const Value *run_value(const Run *run, int slot, int element)
{
    return run->slots[slot] ? &run->slots[slot][element] : NULL;
}

Arena *run_arena(Run *run)
{
    return &run->arena;
}
