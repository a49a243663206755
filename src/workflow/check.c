/*
 * check - the problems of the compiler as findings, and what JSON alone tells.
 */
#include "workflow/check.h"

#include "base/text.h"

/* ---- findings ---------------------------------------------------------------------- */

void check_add(Check *check, Finding finding)
{
    if (check->count == LIMIT_FINDINGS) {
        check->cut = true;
        return;
    }
    if (check->count == check->capacity) {
        int      more  = check->capacity ? check->capacity * 2 : 16;
        Finding *grown = arena_array(check->arena, Finding, more);

        if (!grown) {
            check->cut = true;
            return;
        }
        if (check->count > 0) {
            memcpy(grown, check->findings, (size_t)check->count * sizeof(*grown));
        }
        check->findings = grown;
        check->capacity = more;
    }
    check->findings[check->count++] = finding;
    check->error_count += finding.error;
}

/* One finding for each step that a problem names. */
static void add_problem(Check *check, const Problem *problem)
{
    const char *class = problem_class_name(problem->class);

    for (int i = 0; i < problem->block_count; i++) {
        const BlockProblem *block = &problem->blocks[i];

        check_add(check, (Finding){
            .error = true, .code = class, .step = block->block_id,
            .field = block->property ? block->property : problem->field,
            .text = block->details ? block->details : problem->message });
    }
    if (problem->block_count == 0) {
        check_add(check, (Finding){ .error = true, .code = class, .step = problem->step,
                                    .field = problem->field,
                                    .text = problem->inner_message ? problem->inner_message
                                                                   : problem->message });
    }
    check->cut = check->cut || problem->block_count == LIMIT_PROBLEMS;
}

/* ---- what JSON tells ------------------------------------------------------------------ */

/* "@" and what follows, or the end. */
static Text family_of(const char *type)
{
    const char *at = strchr(type, '@');

    return (Text){ type, at ? (size_t)(at - type) : strlen(type) };
}

/* 3 of "family@v3". */
static long version_of(const char *type)
{
    const char *at = strchr(type, '@');

    return at && at[1] == 'v' ? strtol(at + 2, NULL, 10) : 0;
}

static const Block *latest(const Block *block)
{
    const Block *best = block;

    for (const Block *const *other = block_table; *other; other++) {
        if (text_equal(family_of((*other)->type), family_of(block->type)) &&
            version_of((*other)->type) > version_of(best->type)) {
            best = *other;
        }
    }
    return best;
}

static void check_type(Check *check, const char *step, Text type, const Block *block)
{
    const Block *newest = latest(block);
    const Block *same   = block_successor(block);

    if (!text_is(type, block->type)) {
        check_add(check, (Finding){
            .code = FINDING_OLD_NAME, .step = step, .field = "type", .upgradable = true,
            .text = arena_printf(check->arena, "'%.*s' is an older name of %s", SHOW(type),
                                 block->type) });
    }
    if (newest != block) {
        check_add(check, (Finding){
            .code = FINDING_OLD_VERSION, .step = step, .field = "type", .upgradable = same,
            .text = arena_printf(check->arena, "there is a later version, %s%s%s%s", newest->type,
                                 newest == same ? "" : ", whose results may differ",
                                 same && newest != same ? "; the same results gives " : "",
                                 same && newest != same ? same->type : "") });
    }
}

static const Field *field_of(const Block *block, Text key, bool *alias)
{
    *alias = false;
    for (const Field *field = block->fields; field->name; field++) {
        if (text_is(key, field->name)) {
            return field;
        }
        if (field->alias && text_is(key, field->alias)) {
            *alias = true;
            return field;
        }
    }
    return NULL;
}

static const char *nearest_field(const Block *block, Text key)
{
    const char *names[64];
    size_t      count = 0;

    for (const Field *field = block->fields; field->name && count < COUNT_OF(names); field++) {
        names[count++] = field->name;
    }
    return text_nearest(key, names, count);
}

static void check_keys(Check *check, const char *step, const Json *json, const Block *block)
{
    JsonWalk walk = json_walk(json);

    while (json_next(&walk)) {
        bool         alias;
        const Field *field = field_of(block, walk.key, &alias);
        const char  *key   = arena_text(check->arena, walk.key).at;
        const char  *near;

        if (alias) {
            check_add(check, (Finding){
                .code = FINDING_OLD_NAME, .step = step, .field = key, .upgradable = true,
                .text = arena_printf(check->arena, "'%s' is another name of '%s'", key,
                                     field->name) });
        } else if (!field && strcmp(key, "name") != 0 && strcmp(key, "type") != 0) {
            near = nearest_field(block, walk.key);
            check_add(check, (Finding){
                .code = FINDING_UNKNOWN_KEY, .step = step, .field = key,
                .text = arena_printf(check->arena, "%s has no field '%s', so it is ignored%s%s%s",
                                     block->type, key, near ? "; did you mean '" : "",
                                     near ? near : "", near ? "'?" : "") });
        }
    }
}

static void check_input(Check *check, const Json *json)
{
    Text type = json_text(json_get(json, "type"));
    Text name = json_text(json_get(json, "name"));

    if (text_is(type, "InferenceImage") || text_is(type, "InferenceParameter")) {
        check_add(check, (Finding){
            .code = FINDING_OLD_NAME, .step = name.at ? arena_text(check->arena, name).at : NULL,
            .field = "type", .upgradable = true,
            .text = arena_printf(check->arena, "'%.*s' is an older name of Workflow%s", SHOW(type),
                                 type.at + strlen("Inference")) });
    }
}

/* `prefix` is what steps of an inner workflow are called by in a plan: "outer__". */
static void check_json(Check *check, const Json *definition, const char *prefix, int depth)
{
    JsonWalk inputs = json_walk(json_get(definition, "inputs"));
    JsonWalk steps  = json_walk(json_get(definition, "steps"));

    while (json_next(&inputs)) {
        check_input(check, inputs.value);
    }
    while (json_next(&steps)) {
        Text         type  = json_text(json_get(steps.value, "type"));
        Text         name  = json_text(json_get(steps.value, "name"));
        const Json  *inner = json_get(steps.value, "workflow_definition");
        const Block *block = block_find(type);
        const char  *step  = arena_printf(check->arena, "%s%.*s", prefix, SHOW(name));

        if (!block || !json_is(steps.value, JSON_OBJECT)) {
            continue;
        }
        check_type(check, step, type, block);
        check_keys(check, step, steps.value, block);
        if (json_is(inner, JSON_OBJECT) && depth < LIMIT_INNER_DEPTH) {
            check_json(check, inner, arena_printf(check->arena, "%s__", step), depth + 1);
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------ */

void workflow_check(const Json *definition, const PlanSource *source, Arena *arena, Check *out)
{
    ProblemList problems = { 0 };

    *out = (Check){ .arena = arena };
    out->plan = plan_check(definition, source, arena, &problems);
    for (int i = 0; i < problems.count; i++) {
        add_problem(out, &problems.items[i]);
    }
    check_json(out, definition, "", 0);
    if (out->plan) {
        check_flow(out, out->plan);
    }
}
