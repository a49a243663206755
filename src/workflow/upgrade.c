/*
 * upgrade - older names in a definition written as today's.
 */
#include "base/text.h"
#include "workflow/check.h"
#include "workflow/definition.h"

typedef struct Upgrade {
    JsonWriter w;
    bool       versions;      /* also later versions of blocks, not only names */
    int        changes;
} Upgrade;

static void write_changed(Upgrade *u, Text before, const char *now)
{
    json_write_string(&u->w, now);
    u->changes += !text_is(before, now);
}

/* ---- inputs ------------------------------------------------------------------------ */

static void write_input(Upgrade *u, const Json *json)
{
    JsonWalk walk = json_walk(json);

    if (!json_is(json, JSON_OBJECT)) {
        json_write(&u->w, json);
        return;
    }
    json_begin_object(&u->w);
    while (json_next(&walk)) {
        Text text = json_text(walk.value);

        json_key_text(&u->w, walk.key);
        if (text_is(walk.key, "type") && text_is(text, "InferenceImage")) {
            write_changed(u, text, "WorkflowImage");
        } else if (text_is(walk.key, "type") && text_is(text, "InferenceParameter")) {
            write_changed(u, text, "WorkflowParameter");
        } else {
            json_write(&u->w, walk.value);
        }
    }
    json_end_object(&u->w);
}

/* ---- steps ------------------------------------------------------------------------- */

static void write_definition(Upgrade *u, const Json *json, int depth);

/* The key that a field goes by; an alias beside the field itself stays, as the field
 * is what counts. */
static Text field_key(const Block *block, const Json *step, Text key)
{
    for (const Field *field = block->fields; field->name; field++) {
        if (field->alias && text_is(key, field->alias) && !json_get(step, field->name)) {
            return text_of(field->name);
        }
    }
    return key;
}

static const char *type_now(const Upgrade *u, const Block *block)
{
    for (const Block *next = block; u->versions && next; next = block_successor(next)) {
        block = next;
    }
    return block->type;
}

static void write_step(Upgrade *u, const Json *json, int depth)
{
    Text         type  = json_text(json_get(json, "type"));
    const Block *block = json_is(json, JSON_OBJECT) ? block_find(type) : NULL;
    JsonWalk     walk  = json_walk(json);

    if (!block) {
        json_write(&u->w, json);
        return;
    }
    json_begin_object(&u->w);
    while (json_next(&walk)) {
        Text key = field_key(block, json, walk.key);

        u->changes += !text_equal(key, walk.key);
        json_key_text(&u->w, key);
        if (text_is(key, "type")) {
            write_changed(u, type, type_now(u, block));
        } else if (text_is(key, "workflow_definition") && depth < LIMIT_INNER_DEPTH) {
            write_definition(u, walk.value, depth + 1);
        } else {
            json_write(&u->w, walk.value);
        }
    }
    json_end_object(&u->w);
}

/* ---- the whole --------------------------------------------------------------------- */

static void write_list(Upgrade *u, const Json *list, bool steps, int depth)
{
    JsonWalk walk = json_walk(list);

    json_begin_array(&u->w);
    while (json_next(&walk)) {
        if (steps) {
            write_step(u, walk.value, depth);
        } else {
            write_input(u, walk.value);
        }
    }
    json_end_array(&u->w);
}

static void write_definition(Upgrade *u, const Json *json, int depth)
{
    JsonWalk walk = json_walk(json);

    if (!json_is(json, JSON_OBJECT)) {
        json_write(&u->w, json);
        return;
    }
    json_begin_object(&u->w);
    while (json_next(&walk)) {
        bool steps = text_is(walk.key, "steps");

        json_key_text(&u->w, walk.key);
        if ((steps || text_is(walk.key, "inputs")) && json_is(walk.value, JSON_ARRAY)) {
            write_list(u, walk.value, steps, depth);
        } else {
            json_write(&u->w, walk.value);
        }
    }
    json_end_object(&u->w);
}

static const Json *rewrite(const Json *definition, bool versions, Arena *arena, int *changes)
{
    Upgrade     u = { .versions = versions };
    const Json *json;
    Buffer      text;
    Error       err;

    buffer_init(&text, LIMIT_DEFINITION);
    u.w = json_writer(&text);
    write_definition(&u, definition, 0);
    json     = text.failed ? NULL : json_parse(arena, (Text){ text.data, text.length },
                                               JSON_STRICT, &err);
    *changes = u.changes;
    buffer_fini(&text);
    return json;
}

/* Whether the answer has all outputs of some step, whatever they are: then it changes
 * with the version of a block. */
static bool takes_all_outputs(const Json *definition)
{
    JsonWalk walk = json_walk(json_get(definition, "outputs"));

    while (json_next(&walk)) {
        if (text_is(selector_parse(json_text(json_get(walk.value, "selector"))).property, "*")) {
            return true;
        }
    }
    return false;
}

static int error_count(const Json *definition, const PlanSource *source, Arena *arena)
{
    ProblemList problems = { 0 };

    plan_unref(plan_check(definition, source, arena, &problems));
    return problems.count;
}

const Json *workflow_upgrade(const Json *definition, const PlanSource *source, Arena *arena,
                             int *changes)
{
    const Json *upgraded = takes_all_outputs(definition)
                               ? NULL : rewrite(definition, true, arena, changes);

    /* A later version may give an output another kind, which some field refuses. */
    if (upgraded && error_count(upgraded, source, arena) <=
                        error_count(definition, source, arena)) {
        return upgraded;
    }
    return rewrite(definition, false, arena, changes);
}
