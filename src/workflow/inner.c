/*
 * inner - putting the steps of inner workflows into their parent.
 *
 * Works on definitions as Values, from the innermost child outwards.  A child is
 * parsed on its own first, so that what is wrong inside it is told in its own
 * terms.  Then its texts are rewritten in one pass: "$steps.name" gets the new
 * name of that step, "$inputs.name" what the parent binds, as a text; an input
 * left to its default is replaced only where it stands alone.
 */
#include "workflow/inner.h"

#include "base/map.h"
#include "value/wire.h"
#include "workflow/definition.h"
#include "workflow/inner_rewrite.h"

#define CONTEXT_INNER    "workflow_compilation | inner_workflow"
#define CONTEXT_SHAPE    CONTEXT_INNER " | composition"
#define CONTEXT_BINDINGS CONTEXT_INNER " | parameter_bindings"
#define CONTEXT_RESOLVE  "workflow_compilation | inner_workflow_spec_resolution"

static const char inner_type[] = "roboflow_core/inner_workflow@v1";

typedef struct Expansion {
    Arena            *arena;
    Problem          *problem;
    const PlanSource *source;
    int               count;     /* children met */
    bool              stored;    /* one of them was found elsewhere */
} Expansion;

static Value member(Value dict, const char *key)
{
    const Value *found = dict.type == VALUE_DICT ? value_get(dict, text_of(key)) : NULL;

    return found ? *found : value_null();
}

static bool has_text(Value dict, const char *key)
{
    return value_as_text(member(dict, key)).length > 0;
}

/* A dict with one member replaced or added. */
static Value with_member(Arena *arena, Value dict, const char *key, Value value)
{
    DictBuilder builder = dict_builder(arena, dict.count + 1);

    for (uint32_t i = 0; i < dict.count; i++) {
        dict_set(&builder, dict.as.pairs[i].key, dict.as.pairs[i].value);
    }
    dict_set(&builder, text_of(key), value);
    return dict_done(&builder);
}

/* Remote children stay steps of their parent. */
static bool is_embedded(Value step)
{
    Value mode = member(step, "execution_mode");

    return text_is(value_as_text(member(step, "type")), inner_type) &&
           (value_is_null(mode) || text_is(value_as_text(mode), "embedded"));
}

bool inner_used(const Json *definition)
{
    JsonWalk walk = json_walk(json_get(definition, "steps"));

    while (json_is(json_get(definition, "steps"), JSON_ARRAY) && json_next(&walk)) {
        if (text_is(json_text(json_get(walk.value, "type")), inner_type)) {
            return true;
        }
    }
    return false;
}

/* The JSON of a definition that was put together from Values. */
static const Json *as_json(Arena *arena, Value value, Problem *problem)
{
    const Json *json = NULL;
    Buffer      text;
    JsonWriter  w;
    Error       err = { 0 };

    buffer_init(&text, LIMIT_DEFINITION);
    w = json_writer(&text);
    if (wire_write(&w, value, &err) && !text.failed) {
        json = json_parse(arena, (Text){ text.data, text.length }, JSON_STRICT, &err);
    }
    if (!json) {
        problem_set(arena, problem, PROBLEM_SYNTAX, CONTEXT_INNER, "With its inner workflows in "
                    "place the definition is over %zu bytes or nested more than %d deep.",
                    (size_t)LIMIT_DEFINITION, LIMIT_JSON_DEPTH);
    }
    buffer_fini(&text);
    return json;
}

/* ---- stored children ------------------------------------------------------------------ */

/* The stored workflows on the way from the root to a child. */
typedef struct Trail {
    Text                workspace, id, version;
    const struct Trail *parent;
} Trail;

static bool resolve(Expansion *e, Value definition, int depth, const Trail *trail, Value *out);

static bool on_trail(const Trail *trail, const Trail *step)
{
    for (; trail; trail = trail->parent) {
        if (text_equal(trail->workspace, step->workspace) && text_equal(trail->id, step->id) &&
            text_equal(trail->version, step->version)) {
            return true;
        }
    }
    return false;
}

static bool too_deep(Expansion *e)
{
    return problem_set(e->arena, e->problem, PROBLEM_INNER_DEPTH, CONTEXT_SHAPE,
                       "Inner workflows are nested more than %d deep.", LIMIT_INNER_DEPTH);
}

static bool load(Expansion *e, const Trail *here, Value *out)
{
    Text        text;
    const Json *json;
    Error       err = { 0 };

    if (!e->source) {
        fail(&err, ERR_UNSUPPORTED, "no stored workflows can be reached here");
    } else if (e->source->load(e->source->context, e->arena, here->workspace, here->id,
                               here->version, &text, &err)) {
        json = json_parse(e->arena, text, JSON_STRICT, &err);
        if (json) {
            *out = value_from_json(e->arena, json);
            return true;
        }
    }
    return problem_set(e->arena, e->problem, PROBLEM_DEFINITION, CONTEXT_RESOLVE,
                       "The inner workflow '%.*s/%.*s' cannot be had: %s.",
                       SHOW(here->workspace), SHOW(here->id), err.text);
}

/* A step's child, stored or not, with all that is below it resolved. */
static bool resolve_step(Expansion *e, Value step, int depth, const Trail *trail, Value *out)
{
    Value child = member(step, "workflow_definition");
    Trail here  = { value_as_text(member(step, "workflow_workspace_id")),
                    value_as_text(member(step, "workflow_id")),
                    value_as_text(member(step, "workflow_version_id")), trail };
    bool  named = here.workspace.length > 0 && here.id.length > 0;

    *out = step;
    if (named && !value_is_null(child)) {
        return problem_set(e->arena, e->problem, PROBLEM_DEFINITION, CONTEXT_RESOLVE,
                           "Step '%.*s' has both a workflow_definition and the name of a stored "
                           "workflow; give one of them.",
                           SHOW(value_as_text(member(step, "name"))));
    }
    if (named) {
        if (on_trail(trail, &here)) {
            return problem_set(e->arena, e->problem, PROBLEM_INNER_CYCLE, CONTEXT_SHAPE,
                               "The workflow '%.*s/%.*s' contains itself.", SHOW(here.workspace),
                               SHOW(here.id));
        }
        if (!load(e, &here, &child)) {
            return false;
        }
        e->stored = true;
    }
    if (child.type != VALUE_DICT) {
        return true;      /* told with the rest of the step's shape */
    }
    if (!resolve(e, child, depth + 1, named ? &here : trail, &child)) {
        return false;
    }
    *out = with_member(e->arena, step, "workflow_definition", child);
    *out = with_member(e->arena, *out, "workflow_workspace_id", value_null());
    *out = with_member(e->arena, *out, "workflow_id", value_null());
    return true;
}

static bool resolve(Expansion *e, Value definition, int depth, const Trail *trail, Value *out)
{
    Value       steps = member(definition, "steps");
    ListBuilder list;

    *out = definition;
    if (depth > LIMIT_INNER_DEPTH) {
        return too_deep(e);
    }
    if (steps.type != VALUE_LIST) {
        return true;
    }
    list = list_builder(e->arena, steps.count);
    for (uint32_t i = 0; i < steps.count; i++) {
        Value step = steps.as.items[i];

        if (is_embedded(step)) {
            if (++e->count > LIMIT_INNER_COUNT) {
                return problem_set(e->arena, e->problem, PROBLEM_INNER_COUNT, CONTEXT_SHAPE,
                                   "There are more than %d inner workflows.", LIMIT_INNER_COUNT);
            }
            if (!resolve_step(e, step, depth, trail, &step)) {
                return false;
            }
        }
        list_add(&list, step);
    }
    *out = with_member(e->arena, definition, "steps", list_done(&list));
    return true;
}

bool inner_resolve(Arena *arena, const Json *definition, const PlanSource *source,
                   const Json **out, Problem *problem)
{
    Expansion e = { .arena = arena, .problem = problem, .source = source };
    Value     resolved;

    *out = definition;
    if (!inner_used(definition)) {
        return true;
    }
    if (!resolve(&e, value_from_json(arena, definition), 0, NULL, &resolved)) {
        return false;
    }
    if (!e.stored) {
        return true;      /* all children are written out already */
    }
    *out = as_json(arena, resolved, problem);
    return *out != NULL;
}

/* ---- one child ------------------------------------------------------------------------ */

static bool wrong_shape(Expansion *e, Text name, const char *what)
{
    return problem_set(e->arena, e->problem, PROBLEM_STEP_ENTRY, CONTEXT_SHAPE,
                       "The inner workflow of step '%.*s' %s.", SHOW(name), what);
}

/* The child parsed by itself: tells what is wrong inside it. */
static bool check_child(Expansion *e, Value child)
{
    const Json *json = as_json(e->arena, child, e->problem);
    Definition  ignored;
    Problem     problem = { 0 };
    Arena       scratch;
    bool        ok;

    if (!json) {
        return false;
    }
    arena_init(&scratch, LIMIT_PLAN_MEMORY);
    ok = definition_parse_child(&scratch, json, &ignored, e->arena, &problem);
    arena_fini(&scratch);
    if (!ok) {
        *e->problem = problem;
    }
    return ok;
}

static bool has_input(Value inputs, Text name)
{
    for (uint32_t i = 0; inputs.type == VALUE_LIST && i < inputs.count; i++) {
        if (text_equal(value_as_text(member(inputs.as.items[i], "name")), name)) {
            return true;
        }
    }
    return false;
}

static bool is_parameter(Value input)
{
    Text type = value_as_text(member(input, "type"));

    return text_is(type, "WorkflowParameter") || text_is(type, "InferenceParameter");
}

/* What stands for each input of the child: a binding's text or a default. */
static bool bind_inputs(Expansion *e, Value step, Value child, Rewrite *rewrite)
{
    Text  name     = value_as_text(member(step, "name"));
    Value bindings = member(step, "parameter_bindings");
    Value inputs   = member(child, "inputs");

    for (uint32_t i = 0; i < bindings.count; i++) {
        if (!has_input(inputs, bindings.as.pairs[i].key)) {
            return problem_set(e->arena, e->problem, PROBLEM_INNER_UNKNOWN, CONTEXT_BINDINGS,
                               "Step '%.*s' binds '%.*s', but its inner workflow has no such "
                               "input.", SHOW(name), SHOW(bindings.as.pairs[i].key));
        }
        rewrite_bind(rewrite, bindings.as.pairs[i].key, bindings.as.pairs[i].value);
    }
    for (uint32_t i = 0; i < inputs.count; i++) {
        Text         input = value_as_text(member(inputs.as.items[i], "name"));
        Value        preset = member(inputs.as.items[i], "default_value");
        const Value *bound = bindings.type == VALUE_DICT ? value_get(bindings, input) : NULL;

        if (bound) {
            continue;
        }
        if (!is_parameter(inputs.as.items[i]) || value_is_null(preset)) {
            return problem_set(e->arena, e->problem, PROBLEM_INNER_MISSING, CONTEXT_BINDINGS,
                               "Step '%.*s' does not bind the input '%.*s' of its inner workflow; "
                               "only a parameter with a default may be left out.", SHOW(name),
                               SHOW(input));
        }
        rewrite_default(rewrite, input, preset);
    }
    return true;
}

/* Names for the child's steps that nobody in the parent has. */
static void rename_steps(Expansion *e, Text inner, Value steps, Map *taken, Rewrite *rewrite)
{
    for (uint32_t i = 0; i < steps.count; i++) {
        Text        old  = value_as_text(member(steps.as.items[i], "name"));
        const char *name = arena_printf(e->arena, "%.*s__%.*s", SHOW(inner), SHOW(old));

        for (int n = 2; map_get(taken, text_of(name)); n++) {
            name = arena_printf(e->arena, "%.*s__%.*s__%d", SHOW(inner), SHOW(old), n);
        }
        map_put(taken, text_of(name), e);
        rewrite_step(rewrite, old, text_of(name));
    }
}

/* Put the child's steps into `list` and what its outputs are called into `aliases`. */
static bool inline_child(Expansion *e, Value step, Map *taken, ListBuilder *list, Rewrite *aliases)
{
    Text    name  = value_as_text(member(step, "name"));
    Value   child = member(step, "workflow_definition");
    Value   steps = member(child, "steps"), outputs = member(child, "outputs");
    Value   bindings = member(step, "parameter_bindings");
    Rewrite rewrite  = rewrite_new(e->arena);

    if (name.length == 0) {
        return wrong_shape(e, name, "has a step without a name");
    }
    if (steps.type != VALUE_LIST || steps.count == 0) {
        return wrong_shape(e, name, "has no steps");
    }
    if (!value_is_null(bindings) && bindings.type != VALUE_DICT) {
        return wrong_shape(e, name, "has parameter_bindings that are no dictionary");
    }
    if (!check_child(e, child) || !bind_inputs(e, step, child, &rewrite)) {
        return false;
    }
    rename_steps(e, name, steps, taken, &rewrite);
    for (uint32_t i = 0; i < steps.count; i++) {
        Value one = rewrite_value(&rewrite, steps.as.items[i]);
        Text  new_name = rewrite_step_at(&rewrite, (int)i);

        list_add(list, with_member(e->arena, one, "name", value_text(new_name)));
    }
    rewrite_inner(aliases, name, rewrite_step_at(&rewrite, 0));
    for (uint32_t i = 0; i < outputs.count; i++) {
        rewrite_output(aliases, name, value_as_text(member(outputs.as.items[i], "name")),
                       rewrite_value(&rewrite, member(outputs.as.items[i], "selector")));
    }
    return true;
}

/* ---- a parent ------------------------------------------------------------------------- */

static bool check_entry(Expansion *e, Value step, uint32_t index)
{
    if (step.type != VALUE_DICT) {
        return problem_set(e->arena, e->problem, PROBLEM_STEP_ENTRY, CONTEXT_SHAPE,
                           "steps[%u] is not a dictionary.", index);
    }
    if (is_embedded(step) && member(step, "workflow_definition").type != VALUE_DICT) {
        bool half = has_text(step, "workflow_workspace_id") || has_text(step, "workflow_id");

        return problem_set(e->arena, e->problem, PROBLEM_STEP_ENTRY, CONTEXT_SHAPE,
                           "steps[%u]: an inner workflow needs a workflow_definition%s.", index,
                           half ? ", or both workflow_workspace_id and workflow_id"
                                : " or the name of a stored workflow");
    }
    return true;
}

static bool expand(Expansion *e, Value definition, Value *out)
{
    Value       steps   = member(definition, "steps");
    ListBuilder list    = list_builder(e->arena, steps.count);
    Rewrite     aliases = rewrite_new(e->arena);
    Map         taken;

    *out = definition;
    if (steps.type != VALUE_LIST) {
        return true;
    }
    map_init(&taken, e->arena);
    for (uint32_t i = 0; i < steps.count; i++) {
        if (!check_entry(e, steps.as.items[i], i)) {
            return false;
        }
        map_put(&taken, value_as_text(member(steps.as.items[i], "name")), e);
    }
    for (uint32_t i = 0; i < steps.count; i++) {
        Value step = steps.as.items[i], child;

        if (!is_embedded(step)) {
            list_add(&list, step);
            continue;
        }
        if (!expand(e, member(step, "workflow_definition"), &child) ||
            !inline_child(e, with_member(e->arena, step, "workflow_definition", child), &taken,
                          &list, &aliases)) {
            return false;
        }
    }
    if (list.count == steps.count && !rewrite_used(&aliases)) {
        return true;
    }
    rewrite_settle(&aliases);
    *out = with_member(e->arena, definition, "steps", rewrite_value(&aliases, list_done(&list)));
    *out = with_member(e->arena, *out, "outputs",
                       rewrite_value(&aliases, member(definition, "outputs")));
    return true;
}

bool inner_expand(Arena *arena, const Json *definition, const Json **out, Problem *problem)
{
    Expansion e = { .arena = arena, .problem = problem };
    Value     expanded;

    *out = definition;
    if (!inner_used(definition)) {
        return true;
    }
    if (!expand(&e, value_from_json(arena, definition), &expanded)) {
        return false;
    }
    if (arena_failed(arena)) {
        return problem_set(arena, problem, PROBLEM_LIMITS, CONTEXT_INNER,
                           "The inner workflows need too much memory.");
    }
    *out = as_json(arena, expanded, problem);
    return *out != NULL;
}
