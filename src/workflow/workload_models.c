/*
 * workload_models - the models that steps need, and the summary of them.
 */
#include "base/text.h"
#include "workflow/workload_inside.h"

#define RESOURCE "roboflow_platform_model"

void workload_member(JsonWriter *w, const char *key, const char *value)
{
    json_key(w, key);
    json_write_string(w, value);
}

/* ---- discoveries ---------------------------------------------------------------------- */

void workload_begin_items(JsonWriter *w)
{
    json_begin_object(w);
    workload_member(w, "type", "discovery_v1");
    json_key(w, "items");
    json_begin_array(w);
}

void workload_begin_reasons(JsonWriter *w, bool complete)
{
    json_key(w, "complete");
    json_write_bool(w, complete);
    json_key(w, "unknown_reasons");
    json_begin_array(w);
}

void workload_end_reasons(JsonWriter *w)
{
    json_end_array(w);
    json_end_object(w);
}

static void begin_reason(JsonWriter *w, const PlanStep *step, const char *code, const char *what,
                         const char *description)
{
    json_begin_object(w);
    workload_member(w, "type", "discovery_problem_v1");
    workload_member(w, "code", code);
    workload_member(w, "description", description);
    json_key(w, "details");
    json_begin_object(w);
    json_key(w, "node_id");
    json_write_text(w, step->selector);
    workload_member(w, "declaration", what);
}

static void end_reason(JsonWriter *w)
{
    json_end_object(w);
    json_end_object(w);
}

void workload_write_unknown(JsonWriter *w, const PlanStep *step, const char *code,
                            const char *what)
{
    bool remote = strcmp(code, "opaque_remote_workflow") == 0;

    begin_reason(w, step, code, what,
                 remote ? "The workflow runs on another server, which alone knows."
                        : "The block does not say; that does not mean that there are none.");
    if (!remote) {
        workload_member(w, "block_type", step->block->type);
    }
    end_reason(w);
}

bool workload_is_remote(const PlanStep *step)
{
    return step->block == block_find(TEXT("roboflow_core/inner_workflow@v1"));
}

/* ---- models ------------------------------------------------------------------------------ */

/* The field of a block that names a model, or NULL. */
static const Field *model_field(const Block *block)
{
    for (const Field *field = block->fields; field && field->name; field++) {
        if (field->type == FIELD_TEXT && field->kinds == KIND(MODEL_ID)) {
            return field;
        }
    }
    return NULL;
}

static const Binding *binding_of(const PlanStep *step, const Field *field)
{
    for (int i = 0; i < step->binding_count; i++) {
        if (step->bindings[i].field == field) {
            return &step->bindings[i];
        }
    }
    return NULL;
}

static bool is_blank(Text text)
{
    const char *at = text.at, *end = text.at + text.length;

    while (at < end) {
        if (!utf8_is_space(utf8_next(&at, end))) {
            return false;
        }
    }
    return true;
}

/* What stands in the field: the model's id, or a selector. */
static Text model_text(const PlanStep *step, const Field *field)
{
    const Binding *binding = binding_of(step, field);

    return binding ? binding->selector : *(const Text *)((const char *)step->args + field->offset);
}

/* The id of a step's model; {NULL, 0}: none, or nobody knows. */
static Text known_model(const PlanStep *step)
{
    const Field *field = model_field(step->block);

    return !field || binding_of(step, field) || is_blank(model_text(step, field))
               ? (Text){ NULL, 0 } : model_text(step, field);
}

static bool is_complete(const PlanStep *step)
{
    return !workload_is_remote(step) && (!model_field(step->block) || known_model(step).at);
}

static void write_reasons(JsonWriter *w, const PlanStep *step)
{
    const Field *field = model_field(step->block);

    if (workload_is_remote(step)) {
        workload_write_unknown(w, step, "declaration_unavailable", "resources");
        workload_write_unknown(w, step, "opaque_remote_workflow", "resources");
        return;
    }
    if (is_complete(step)) {
        return;
    }
    begin_reason(w, step,
                 binding_of(step, field) ? "unresolved_selector" : "invalid_resource_identifier",
                 "resources",
                 binding_of(step, field) ? "The model is told by a selector when the workflow runs."
                                         : "The name of the model is blank.");
    workload_member(w, "field", field->name);
    if (binding_of(step, field)) {
        json_key(w, "selector");
        json_write_text(w, model_text(step, field));
    }
    workload_member(w, "resource_type", RESOURCE);
    end_reason(w);
}

static void write_model(JsonWriter *w, const PlanStep *step, const Field *field)
{
    json_begin_object(w);
    workload_member(w, "type", "dependent_resource_v1");
    workload_member(w, "resource_type", RESOURCE);
    json_key(w, "metadata");
    json_begin_object(w);
    workload_member(w, "type", RESOURCE "_v1");
    json_key(w, "model_id");
    json_write_text(w, model_text(step, field));
    workload_member(w, "required_action", "execution");
    workload_member(w, "execution_location", "environment_defined");
    json_end_object(w);
    json_end_object(w);
}

void workload_write_resources(const Workload *load, const PlanStep *step)
{
    const Field *field = model_field(step->block);

    workload_begin_items(load->w);
    if (field) {
        write_model(load->w, step, field);
    }
    json_end_array(load->w);
    workload_begin_reasons(load->w, is_complete(step));
    write_reasons(load->w, step);
    workload_end_reasons(load->w);
}

/* ---- depths ------------------------------------------------------------------------------- */

static int depth_of(const Workload *load, int level)
{
    return level == LEVEL_SCALAR ? 0 : load->plan->levels[level].depth;
}

int workload_output_depth(const Workload *load, const PlanStep *step)
{
    return depth_of(load, step->data_level);
}

/* A step that folds takes what it is given, which may be no batch at all. */
int workload_input_depth(const Workload *load, const PlanStep *step)
{
    int depth = 0;

    if (step->block->depth >= 0) {
        return MAX(workload_output_depth(load, step) - step->block->depth, 0);
    }
    for (int i = 0; i < step->binding_count; i++) {
        depth = MAX(depth, depth_of(load, step->bindings[i].level));
    }
    return depth;
}

#define DEPTHS (LIMIT_DIMENSIONS + 2)

/* {"1": 4}: how many of the steps of a model (empty: of all) take batches that deep. */
static void write_depths(const Workload *load, Text model)
{
    int *counts = arena_array(load->arena, int, DEPTHS);

    for (int i = 0; counts && i < load->step_count; i++) {
        Text id = known_model(load->steps[i]);

        if (!model.at || (id.at && text_equal(id, model))) {
            counts[MIN(workload_input_depth(load, load->steps[i]), DEPTHS - 1)]++;
        }
    }
    json_key(load->w, "steps_by_dimensionality");
    json_begin_object(load->w);
    for (int i = 0; counts && i < DEPTHS; i++) {
        if (counts[i] > 0) {
            json_key(load->w, arena_printf(load->arena, "%d", i));
            json_write_int(load->w, counts[i]);
        }
    }
    json_end_object(load->w);
}

static int max_depth(const Workload *load)
{
    int most = 0;

    for (int i = 0; i < load->plan->input_count; i++) {
        most = MAX(most, load->plan->inputs[i].dimensionality);
    }
    for (int i = 0; i < load->step_count; i++) {
        most = MAX(most, workload_input_depth(load, load->steps[i]));
        most = MAX(most, workload_output_depth(load, load->steps[i]));
    }
    return most;
}

/* ---- the summary --------------------------------------------------------------------------- */

static int text_order(const void *a, const void *b)
{
    const Text *one = a, *other = b;
    int order = memcmp(one->at, other->at, MIN(one->length, other->length));

    return order ? order : (one->length > other->length) - (one->length < other->length);
}

static void write_users(const Workload *load, Text model)
{
    json_key(load->w, "used_by_steps");
    json_begin_array(load->w);
    for (int i = 0; i < load->step_count; i++) {
        Text id = known_model(load->steps[i]);

        if (id.at && text_equal(id, model)) {
            json_write_text(load->w, load->steps[i]->selector);
        }
    }
    json_end_array(load->w);
}

static void write_model_summary(const Workload *load, Text model)
{
    JsonWriter *w = load->w;

    json_begin_object(w);
    workload_member(w, "type", "model_summary_v1");
    workload_member(w, "provider", "roboflow");
    json_key(w, "model_id");
    json_write_text(w, model);
    write_users(load, model);
    write_depths(load, model);
    json_key(w, "metadata");
    json_write_null(w);
    workload_member(w, "metadata_status", "unavailable");
    json_end_object(w);
}

static void write_models(const Workload *load)
{
    Text *models   = arena_array(load->arena, Text, MAX(load->step_count, 1));
    int   count    = 0;
    bool  complete = true;

    for (int i = 0; models && i < load->step_count; i++) {
        complete = complete && is_complete(load->steps[i]);
        if (known_model(load->steps[i]).at) {
            models[count++] = known_model(load->steps[i]);
        }
    }
    if (count > 0) {
        qsort(models, (size_t)count, sizeof(Text), text_order);
    }
    workload_begin_items(load->w);
    for (int i = 0; i < count; i++) {
        if (i == 0 || !text_equal(models[i - 1], models[i])) {
            write_model_summary(load, models[i]);
        }
    }
    json_end_array(load->w);
    workload_begin_reasons(load->w, complete);
    for (int i = 0; i < load->step_count; i++) {
        write_reasons(load->w, load->steps[i]);
    }
    workload_end_reasons(load->w);
}

void workload_write_summary(const Workload *load)
{
    json_begin_object(load->w);
    workload_member(load->w, "type", "workflow_summary_v1");
    json_key(load->w, "models");
    write_models(load);
    json_key(load->w, "max_dimensionality");
    json_write_int(load->w, max_depth(load));
    write_depths(load, (Text){ NULL, 0 });
    json_end_object(load->w);
}
