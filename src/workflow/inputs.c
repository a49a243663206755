/*
 * inputs - from the request's JSON to the slots of a run.
 */
#include "value/wire.h"
#include "workflow/definition.h"
#include "workflow/field.h"
#include "workflow/inside.h"

#define CONTEXT_INPUTS "workflow_execution | runtime_input_validation"

static bool bad_input(Run *run, const PlanInput *input, const Error *err)
{
    problem_set(&run->arena, &run->problem, PROBLEM_RUNTIME_INPUT, CONTEXT_INPUTS,
                "Input '%.*s': %s", SHOW(input->name), err->text);
    if (err->kind != ERR_INVALID && err->kind != ERR_UNSUPPORTED) {
        run->problem.status = error_status(err->kind);
    }
    return false;
}

static bool bad_input_text(Run *run, const PlanInput *input, const char *text)
{
    Error err = { .kind = ERR_INVALID };

    snprintf(err.text, sizeof(err.text), "%s", text);
    return bad_input(run, input, &err);
}

/* ---- batches ------------------------------------------------------------------------- */

static const Json *input_json(const Json *inputs, const PlanInput *input)
{
    const Json *json = json_get_text(inputs, input->name);

    return json_is(json, JSON_NULL) ? NULL : json;
}

/* The batch size: that of the first batch input given as a list of more than
 * one element. */
static size_t batch_size(const Run *run, const Json *inputs)
{
    for (int i = 0; i < run->plan->input_count; i++) {
        const PlanInput *input = &run->plan->inputs[i];
        const Json      *json  = input_json(inputs, input);

        if (input->dimensionality > 0 && json_is(json, JSON_ARRAY) && json_count(json) > 1) {
            return json_count(json);
        }
    }
    return 1;
}

/* An element's failure names it: "element [1]: ...". */
static bool bad_element(Run *run, const PlanInput *input, Text id, const Error *err)
{
    Error named = { .kind = err->kind };

    if (text_equal(id, input->name)) {
        return bad_input(run, input, err);
    }
    snprintf(named.text, sizeof(named.text), "element %.*s: %.180s",
             (int)MIN(id.length - input->name.length - 1, 40), id.at + input->name.length + 1,
             err->text);
    return bad_input(run, input, &named);
}

static bool read_leaf(Run *run, const PlanInput *input, const Json *json, Text id, Value *out)
{
    Error err = { 0 };

    if (json_is(json, JSON_NULL)) {
        *out = value_null();
        return true;
    }
    if (wire_read(&run->arena, json, input->kinds, id, run->options.cancel, out, &err)) {
        return true;
    }
    return bad_element(run, input, id, &err);
}

/* One element of a nested input: `json` at `level`, which is `steps` levels above
 * the leaves; element `at` of that level. */
static bool read_nested(Run *run, const PlanInput *input, const Json *json, const int *path,
                        int depth, int parent, Text id)
{
    int      level = path[depth];
    bool     leaf  = level == input->level;
    JsonWalk walk  = json_walk(json);
    Error    err   = { 0 };
    int      first;

    if (!json_is(json, JSON_ARRAY)) {
        return bad_input_text(run, input, arena_printf(&run->arena, "%.*s is not a list, but the "
                              "input has dimensionality %d", SHOW(id), input->dimensionality));
    }
    first = level_add(run, &run->arena, level, parent,
                      (int)MIN(json_count(json), (size_t)INT32_MAX), &err);
    if (first < 0) {
        return bad_input(run, input, &err);
    }
    if (leaf) {
        Value *old  = run->slots[input->slot];
        Value *grow = arena_array(&run->arena, Value, MAX(run->levels[level].count, 1));

        if (!grow) {
            return true;     /* shows in the arena */
        }
        if (old && first > 0) {
            memcpy(grow, old, (size_t)first * sizeof(*grow));
        }
        run->slots[input->slot] = grow;
    }
    while (json_next(&walk)) {
        int  element = first + (int)walk.index;
        Text name    = text_of(arena_printf(&run->arena, "%.*s.[%zu]", SHOW(id), walk.index));

        if (leaf ? !read_leaf(run, input, walk.value, name, &run->slots[input->slot][element])
                 : !read_nested(run, input, walk.value, path, depth + 1, element, name)) {
            return false;
        }
    }
    return true;
}

static bool read_deep_batch(Run *run, const PlanInput *input, const Json *json, size_t size)
{
    int      path[LIMIT_DIMENSIONS + 1];
    int      depth = 0;
    JsonWalk walk  = json_walk(json);
    const Json *only = NULL;

    for (int level = input->level; level >= 0; level = run->plan->levels[level].parent) {
        path[input->dimensionality - 1 - depth++] = level;
    }
    for (int d = 1; d < input->dimensionality; d++) {
        if (!level_open(run, &run->arena, path[d], d == 1 ? (int)size : LIMIT_BATCH_ELEMENTS)) {
            return true;
        }
    }
    for (size_t i = 0; i < size; i++) {
        only = json_count(json) == 1 && i > 0 ? only : json_next(&walk) ? walk.value : NULL;
        Text name = text_of(arena_printf(&run->arena, "%.*s.[%zu]", SHOW(input->name), walk.index));

        if (!read_nested(run, input, only, path, 1, (int)i, name)) {
            return false;
        }
    }
    return true;
}

/* Decoding a batch of pictures on several threads: each fills its own place. */
typedef struct Decoding {
    Run          *run;
    const Json  **json;
    Text         *ids;
    Image       **images;
    Error        *errors;
} Decoding;

static void decode_one(void *context, int i)
{
    Decoding *d = context;

    d->images[i] = wire_decode_image(d->json[i], d->ids[i], d->run->options.cancel, &d->errors[i]);
}

static bool is_picture_batch(const PlanInput *input, const Json *json)
{
    JsonWalk walk = json_walk(json);

    if (input->kinds.count != 1 || input->kinds.refs[0].id != KIND_IMAGE ||
        !json_is(json, JSON_ARRAY) || json_count(json) < 2) {
        return false;
    }
    while (json_next(&walk)) {
        if (json_is(walk.value, JSON_NULL)) {
            return false;
        }
    }
    return true;
}

/* Put the decoded pictures into the slot; the first failure is the input's. */
static bool keep_pictures(Decoding *d, const PlanInput *input, size_t size)
{
    Value *values = arena_array(&d->run->arena, Value, size);
    size_t failed = size;

    for (size_t i = 0; i < size; i++) {
        Image *kept = d->images[i] ? image_keep(&d->run->arena, d->images[i]) : NULL;

        if (values && kept) {
            values[i] = value_image(kept);
        }
        failed = !d->images[i] && failed == size ? i : failed;
    }
    d->run->slots[input->slot] = values;
    d->run->fresh[input->slot] = SLOT_FRESH;
    return failed == size || bad_element(d->run, input, d->ids[failed], &d->errors[failed]);
}

static bool read_pictures(Run *run, const PlanInput *input, const Json *json, size_t size)
{
    JsonWalk walk = json_walk(json);
    Decoding d    = { .run = run, .json = arena_array(&run->arena, const Json *, size),
                      .ids = arena_array(&run->arena, Text, size),
                      .images = arena_array(&run->arena, Image *, size),
                      .errors = arena_array(&run->arena, Error, size) };

    if (!d.json || !d.ids || !d.images || !d.errors) {
        return true;        /* shows in the arena */
    }
    while (json_next(&walk)) {
        d.json[walk.index] = walk.value;
        d.ids[walk.index]  = text_of(arena_printf(&run->arena, "%.*s.[%zu]", SHOW(input->name),
                                                  walk.index));
    }
    pool_each(run->options.services->pool, (int)size, decode_one, &d);
    return keep_pictures(&d, input, size);
}

static bool read_flat_batch(Run *run, const PlanInput *input, const Json *json, size_t size)
{
    Value   *values = arena_array(&run->arena, Value, size);
    JsonWalk walk   = json_walk(json);
    bool     list   = json_is(json, JSON_ARRAY);

    run->slots[input->slot] = values;
    run->fresh[input->slot] = SLOT_FRESH;
    for (size_t i = 0; values && i < size; i++) {
        Text name = input->name;

        if (i > 0 && (!list || json_count(json) == 1)) {
            values[i]               = values[0];
            run->fresh[input->slot] = SLOT_MIXED;
            continue;
        }
        if (list) {
            json_next(&walk);
            name = text_of(arena_printf(&run->arena, "%.*s.[%zu]", SHOW(input->name), i));
        }
        if (!read_leaf(run, input, list ? walk.value : json, name, &values[i])) {
            return false;
        }
    }
    return true;
}

static bool read_batch(Run *run, const PlanInput *input, const Json *inputs, size_t size)
{
    const Json *json = input_json(inputs, input);

    if (!json) {
        return bad_input_text(run, input, "it is required, but missing or null");
    }
    if (json_is(json, JSON_ARRAY) && json_count(json) != 1 && json_count(json) != size) {
        return bad_input_text(run, input, arena_printf(&run->arena, "it has %zu elements, but "
                              "the batch has %zu", json_count(json), size));
    }
    if (input->dimensionality == 1 && json_count(json) == size && is_picture_batch(input, json)) {
        return read_pictures(run, input, json, size);
    }
    if (input->dimensionality == 1) {
        return read_flat_batch(run, input, json, size);
    }
    if (!json_is(json, JSON_ARRAY)) {
        return bad_input_text(run, input, arena_printf(&run->arena, "it has dimensionality %d and "
                              "must be a list of lists", input->dimensionality));
    }
    return read_deep_batch(run, input, json, size);
}

/* ---- parameters ----------------------------------------------------------------------- */

/* Whether the step would be right with this parameter as a literal, the others unknown:
 * `value` fits the field already. */
static bool check_step(Run *run, const PlanStep *step, const Field *field, Value value, Error *err)
{
    StepView view = { .arena = &run->arena, .block = step->block };
    void    *args;

    if (!step->block->checks_inputs) {
        return true;
    }
    args = arena_alloc(&run->arena, MAX(step->block->args_size, 1));
    memcpy(args, step->args, step->block->args_size);
    view.args = args;
    return field_store(&run->arena, field, value, args, err) && step->block->check(&view, err);
}

/* A parameter is checked against every field that it feeds directly. */
static bool check_parameter(Run *run, const PlanStep *step, const Binding *binding)
{
    const PlanInput *input = &run->plan->inputs[binding->input];
    const Field     *field = binding->field;
    Value            value = run->slots[input->slot][0];
    Error            err   = { 0 };
    bool             ok    = true;

    if (selector_parse(value_as_text(value)).type != SELECTOR_NONE) {
        return true;      /* the reference takes a text in selector form */
    }
    if (field->selector_only) {
        ok = fail(&err, ERR_INVALID, "it takes the output of a step or a batch input, not a "
                                     "parameter");
    } else if (value_is_null(value) && !field->nullable) {
        ok = fail(&err, ERR_INVALID, "it may not be null");
    } else {
        ok = field_accept(&run->arena, field, value, NULL, &err) &&
             check_step(run, step, field, value, &err);
    }
    if (!ok) {
        problem_set(&run->arena, &run->problem, PROBLEM_RUNTIME_INPUT, CONTEXT_INPUTS,
                    "Input '%.*s' does not fit step '%.*s', field '%s': %s", SHOW(input->name),
                    SHOW(step->name), field->name, err.text);
        run->problem.inner_type    = "ValidationError";
        run->problem.inner_message = arena_string(&run->arena, err.text);
    }
    return ok;
}

static bool check_parameters(Run *run)
{
    for (int i = 0; i < run->plan->step_count; i++) {
        const PlanStep *step = &run->plan->steps[i];

        for (int k = 0; k < step->binding_count; k++) {
            const Binding *binding = &step->bindings[k];

            if (binding->item < 0 && binding->input >= 0 &&
                run->plan->inputs[binding->input].type == INPUT_PARAMETER &&
                !check_parameter(run, step, binding)) {
                return false;
            }
        }
    }
    return true;
}

static void read_parameter(Run *run, const PlanInput *input, const Json *inputs)
{
    const Json *json  = json_get_text(inputs, input->name);
    Value      *value = arena_new(&run->arena, Value);

    *value = json ? value_from_json(&run->arena, json) : input->preset;
    run->slots[input->slot] = value;
}

static bool is_known(Run *run, int input)
{
    const Reuse *reuse = run->options.reuse;

    return reuse && run->plan->inputs[input].dimensionality == 1 &&
           reuse->input(reuse->context, run, input);
}

bool run_assemble(Run *run, const Json *inputs)
{
    size_t size = batch_size(run, inputs);
    Error  err  = { 0 };

    if (run->plan->level_count > 0 && run->plan->levels[0].step < 0) {
        if (!level_open(run, &run->arena, 0, 1) ||
            level_add(run, &run->arena, 0, 0, (int)MIN(size, (size_t)INT32_MAX), &err) < 0) {
            return bad_input(run, &run->plan->inputs[0], &err);
        }
    }
    for (int i = 0; i < run->plan->input_count; i++) {
        const PlanInput *input = &run->plan->inputs[i];

        if (input->type == INPUT_PARAMETER) {
            read_parameter(run, input, inputs);
        } else if (is_known(run, i)) {
            continue;
        } else if (!read_batch(run, input, inputs, size)) {
            return false;
        }
    }
    return check_parameters(run);
}
