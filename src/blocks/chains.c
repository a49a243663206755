/*
 * chains - reading and applying operations by name.
 */
#include "blocks/chains.h"

bool chain_parse(Arena *arena, const Json *json, const Operation **out, Error *err)
{
    Error problem = { 0 };

    *out = NULL;
    if (!json || json_is(json, JSON_NULL)) {
        return true;
    }
    *out = uql_compile_operations(arena, json, &problem);
    if (!*out && problem.kind != ERR_NONE) {
        *err = problem;
        return false;
    }
    return true;
}

/* The place of a name: the last of equal keys counts. */
static Chain *place(Chain *items, int *count, Text name)
{
    for (int i = 0; i < *count; i++) {
        if (text_equal(items[i].name, name)) {
            return &items[i];
        }
    }
    return &items[(*count)++];
}

bool chains_parse(Arena *arena, const Json *json, const void **out, Error *err)
{
    Chains  *chains = arena_new(arena, Chains);
    JsonWalk walk   = json_walk(json);
    Chain   *items;

    if (!json_is(json, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "expected a dictionary of lists of operations");
    }
    if (json_count(json) > LIMIT_CHAINS) {
        return fail(err, ERR_INVALID, "there are more than %d entries", LIMIT_CHAINS);
    }
    items = arena_array(arena, Chain, MAX(json_count(json), 1));
    while (items && json_next(&walk)) {
        Chain *chain = place(items, &chains->count, walk.key);

        chain->name = arena_text(arena, walk.key);
        if (!json_is(walk.value, JSON_ARRAY)) {
            return fail(err, ERR_INVALID, "'%.*s': expected a list of operations",
                        SHOW(walk.key));
        }
        if (!chain_parse(arena, walk.value, &chain->operations, err)) {
            return fail_prefix(err, "'%.*s'", (int)MIN(walk.key.length, 40), walk.key.at);
        }
    }
    chains->items = items;
    *out          = chains;
    return true;
}

static ValuePair *find_pair(ValuePair *pairs, uint32_t count, Text key)
{
    for (uint32_t i = 0; i < count; i++) {
        if (text_equal(pairs[i].key, key)) {
            return &pairs[i];
        }
    }
    return NULL;
}

bool chains_apply(Call *call, int i, const Chains *chains, Value data, const char *missing,
                  Value *out)
{
    UqlScope   scope   = { .cancel = call->cancel, .pool = call->services->pool };
    UqlError   err     = { 0 };
    ValuePair *pairs   = arena_array(call->arena, ValuePair, MAX(data.count, 1));
    Text       unknown = { NULL, 0 };

    if (!pairs) {
        return call_fail(call, i, "MemoryError", "no memory for the data");
    }
    if (data.count > 0) {
        memcpy(pairs, data.as.pairs, data.count * sizeof(*pairs));
    }
    for (int k = 0; k < chains->count; k++) {
        const Chain *chain = &chains->items[k];
        ValuePair   *pair  = find_pair(pairs, data.count, chain->name);

        if (!pair) {
            unknown = unknown.at ? unknown : chain->name;
        } else if (chain->operations && !uql_apply(call->arena, chain->operations, pair->value,
                                                   &scope, &pair->value, &err)) {
            return call_fail_query(call, i, &err);
        }
    }
    if (unknown.at) {
        return call_fail(call, i, missing, "there are operations for '%.*s', which is not among "
                                           "the data", SHOW(unknown));
    }
    *out = value_dict(pairs, data.count);
    return true;
}
