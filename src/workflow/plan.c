/*
 * plan - compiling definitions, and keeping the last ones compiled.
 */
#include "workflow/plan.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "workflow/graph.h"
#include "workflow/inner.h"
#include "workflow/inside.h"

/* `resolved`: no stored workflow is named in it any more.  With a list `all` problems
 * go there, and as much as can be is looked at. */
static bool compile(Plan *plan, const Json *resolved, Arena *scratch, Problem *problem,
                    ProblemList *all)
{
    const Json *definition;
    Definition  def;
    Graph       graph = { .plan = plan, .def = &def, .scratch = scratch, .problem = problem,
                          .all = all };

    if (!inner_expand(scratch, resolved, &definition, problem)) {
        definition = resolved;
        if (!problem_keep(scratch, all, problem)) {
            return false;
        }
    }
    if (!definition_parse(&plan->arena, definition, &def, scratch, problem, all) ||
        !graph_connect(&graph) || !graph_order(&graph) || !graph_levels(&graph)) {
        return false;
    }
    plan->costs = arena_array(&plan->arena, int64_t, MAX(plan->step_count, 1));
    return !arena_failed(&plan->arena) ||
           problem_set(scratch, problem, PROBLEM_LIMITS, CONTEXT_GRAPH,
                       "The workflow is too large.");
}

static const Plan *compile_resolved(const Json *definition, Arena *arena, Problem *problem,
                                    ProblemList *all)
{
    Plan *plan = calloc(1, sizeof(*plan));

    if (!plan) {
        problem_set(arena, problem, PROBLEM_LIMITS, CONTEXT_GRAPH, "Out of memory.");
        return NULL;
    }
    plan->refs = 1;
    arena_init(&plan->arena, LIMIT_PLAN_MEMORY);
    if (!compile(plan, definition, arena, problem, all) || (all && all->count > 0)) {
        plan_unref(plan);
        return NULL;
    }
    return plan;
}

const Plan *plan_compile(const Json *definition, const PlanSource *source, Arena *arena,
                         Problem *problem)
{
    return inner_resolve(arena, definition, source, &definition, problem)
               ? compile_resolved(definition, arena, problem, NULL) : NULL;
}

const Plan *plan_check(const Json *definition, const PlanSource *source, Arena *arena,
                       ProblemList *problems)
{
    Problem     problem  = { 0 };
    const Json *resolved = definition;
    const Plan *plan;

    if (!inner_resolve(arena, definition, source, &resolved, &problem)) {
        resolved = definition;
        problem_keep(arena, problems, &problem);
    }
    plan = compile_resolved(resolved, arena, &problem, problems);
    if (!plan && problem.class != PROBLEM_NONE) {
        problem_keep(arena, problems, &problem);
    }
    return plan;
}

const PlanStep *plan_redraws(const Plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        if (step_redraws(&plan->steps[i])) {
            return &plan->steps[i];
        }
    }
    return NULL;
}

int64_t plan_cost(const Plan *plan, int step)
{
    return __atomic_load_n(&plan->costs[step], __ATOMIC_RELAXED);
}

void plan_note_cost(const Plan *plan, int step, int64_t nanoseconds)
{
    int64_t before = plan_cost(plan, step);
    int64_t now    = before == 0 ? nanoseconds : before + (nanoseconds - before) / 4;

    __atomic_store_n(&plan->costs[step], MAX(now, 1), __ATOMIC_RELAXED);
}

const Plan *plan_ref(const Plan *plan)
{
    __atomic_add_fetch(&((Plan *)plan)->refs, 1, __ATOMIC_RELAXED);
    return plan;
}

void plan_unref(const Plan *plan)
{
    Plan *own = (Plan *)plan;

    if (own && __atomic_sub_fetch(&own->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        arena_fini(&own->arena);
        free(own);
    }
}

/* ---- the cache ----------------------------------------------------------------------- */

/* The last definitions by their text: a fixed table, round-robin by use.  The
 * texts are compared, not only their hashes, so no definition can pass for
 * another. */
typedef struct Slot {
    uint64_t    hash, used;
    const Plan *plan;
} Slot;

static struct {
    pthread_mutex_t lock;
    Slot            slots[LIMIT_PLANS];
    int             count;
    uint64_t        clock;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const Plan *cache_find(uint64_t hash, Text key)
{
    const Plan *found = NULL;

    pthread_mutex_lock(&cache.lock);
    for (int i = 0; i < cache.count && !found; i++) {
        Slot *slot = &cache.slots[i];

        if (slot->hash == hash && text_equal(slot->plan->key, key)) {
            slot->used = ++cache.clock;
            found      = plan_ref(slot->plan);
        }
    }
    pthread_mutex_unlock(&cache.lock);
    return found;
}

static void cache_add(uint64_t hash, const Plan *plan)
{
    const Plan *old  = NULL;
    Slot       *slot = &cache.slots[0];

    pthread_mutex_lock(&cache.lock);
    if (cache.count < LIMIT_PLANS) {
        slot = &cache.slots[cache.count++];
    } else {
        for (int i = 1; i < cache.count; i++) {
            slot = cache.slots[i].used < slot->used ? &cache.slots[i] : slot;
        }
        old = slot->plan;
    }
    *slot = (Slot){ hash, ++cache.clock, plan_ref(plan) };
    pthread_mutex_unlock(&cache.lock);
    plan_unref(old);
}

const Plan *plan_get(const Json *definition, const PlanSource *source, Arena *arena,
                     Problem *problem)
{
    const Plan *plan = NULL;
    Buffer      text;
    JsonWriter  w;

    if (!inner_resolve(arena, definition, source, &definition, problem)) {
        return NULL;
    }
    buffer_init(&text, LIMIT_DEFINITION);
    w = json_writer(&text);
    json_write(&w, definition);
    if (text.failed) {
        problem_set(arena, problem, PROBLEM_SYNTAX, "workflow_compilation | "
                    "workflow_definition_parsing", "The definition is over %zu bytes.",
                    (size_t)LIMIT_DEFINITION);
    } else {
        Text     key  = { text.data, text.length };
        uint64_t hash = hash_text(key);

        plan = cache_find(hash, key);
        if (!plan && (plan = compile_resolved(definition, arena, problem, NULL)) != NULL) {
            ((Plan *)plan)->key = arena_text(&((Plan *)plan)->arena, key);
            if (!arena_failed(&plan->arena)) {
                cache_add(hash, plan);
            }
        }
    }
    buffer_fini(&text);
    return plan;
}

void plan_each(void (*visit)(void *context, const Plan *plan), void *context)
{
    const Plan *plans[LIMIT_PLANS];
    int         count;

    pthread_mutex_lock(&cache.lock);
    count = cache.count;
    for (int i = 0; i < count; i++) {
        plans[i] = plan_ref(cache.slots[i].plan);
    }
    pthread_mutex_unlock(&cache.lock);
    for (int i = 0; i < count; i++) {
        visit(context, plans[i]);
        plan_unref(plans[i]);
    }
}
