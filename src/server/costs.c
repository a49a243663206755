/*
 * costs - from plans into the store and back.
 */
#include "server/costs.h"

#include "base/log.h"
#include "workflow/keys.h"

/* The keys of a plan's steps; NULL: err tells why. */
static StoredCost *find_keys(const Plan *plan, const Json *definition, Arena *arena, Error *err)
{
    StoredCost *costs = arena_array(arena, StoredCost, MAX(plan->step_count, 1));
    Keys       *keys  = costs ? keys_open(plan, definition, (ModelMarks){ 0 }, err) : NULL;

    if (!keys) {
        fail(err, ERR_MEMORY, "no memory for the costs of steps");
        return NULL;
    }
    for (int i = 0; i < plan->step_count; i++) {
        char *text = arena_alloc(arena, DIGEST_TEXT);

        digest_write(text, keys_written(keys, i));
        costs[i].key = text_of(text);
    }
    keys_close(keys);
    return costs;
}

bool costs_keep(App *app, const Plan *plan, const Json *definition, Error *err)
{
    Arena       arena;
    StoredCost *costs;
    int         count = 0;
    bool        ok    = false;

    arena_init(&arena, LIMIT_PLAN_MEMORY);
    costs = find_keys(plan, definition, &arena, err);
    for (int i = 0; costs && i < plan->step_count; i++) {
        if (plan_cost(plan, i) > 0) {
            costs[count] = (StoredCost){ costs[i].key, plan_cost(plan, i) };
            count++;
        }
    }
    ok = costs && store_costs_keep(app->store, costs, count, err);
    arena_fini(&arena);
    return ok;
}

static void keep_one(void *context, const Plan *plan)
{
    Arena       arena;
    Error       err = { 0 };
    const Json *definition;

    arena_init(&arena, LIMIT_PLAN_MEMORY);
    definition = json_parse(&arena, plan->key, JSON_STRICT, &err);
    if (!definition || !costs_keep(context, plan, definition, &err)) {
        log_line(LOG_DEBUG, "costs", "not kept: %s", err.text);
    }
    arena_fini(&arena);
}

void costs_keep_all(App *app)
{
    plan_each(keep_one, app);
}

const int64_t *costs_read(App *app, const Plan *plan, const Json *definition, Arena *arena,
                          Error *err)
{
    StoredCost *costs = find_keys(plan, definition, arena, err);
    int64_t    *out   = arena_array(arena, int64_t, MAX(plan->step_count, 1));

    if (!costs || !out || !store_costs_read(app->store, costs, plan->step_count, err)) {
        return NULL;
    }
    for (int i = 0; i < plan->step_count; i++) {
        out[i] = costs[i].nanoseconds;
    }
    return out;
}
