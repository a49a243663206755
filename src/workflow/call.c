/*
 * call - what a block's run() asks and tells the engine.
 */
#include <stdarg.h>

#include "base/clock.h"
#include "value/wire_image.h"
#include "workflow/inside.h"

#define CONTEXT_STEP  "workflow_execution | step_execution"
#define CONTEXT_RESULT "workflow_execution | step_output_registration"
#define CONTEXT_QUERY "step_execution | roboflow_query_language_evaluation"

const void *call_args(const Call *call, int i)
{
    return call->inside->args + (size_t)i * call->inside->step->block->args_size;
}

/* ---- failing ----------------------------------------------------------------------------- */

static bool fail_step(Call *call, ProblemClass class, int status, const char *inner,
                      const char *text)
{
    const PlanStep *step    = call->inside->step;
    Problem        *problem = call->inside->problem;

    call->inside->failed = true;
    if (problem->class != PROBLEM_NONE) {
        return false;
    }
    problem_set(call->arena, problem, class, CONTEXT_STEP, "Step '%.*s' failed: %s",
                SHOW(step->name), text);
    problem->status        = status ? status : problem->status;
    problem->inner_type    = inner ? arena_string(call->arena, inner) : NULL;
    problem->inner_message = arena_string(call->arena, text);
    problem_add_block(call->arena, problem, (BlockProblem){
        .block_id = step->name.at, .block_type = step->block->type, .details = text });
    return false;
}

bool call_fail(Call *call, int i, const char *inner, const char *format, ...)
{
    char    text[500];
    va_list args;

    (void)i;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return fail_step(call, PROBLEM_STEP, 0, inner, text);
}

bool call_fail_error(Call *call, int i, const Error *error)
{
    (void)i;
    switch (error->kind) {
    case ERR_MEMORY:
    case ERR_TOO_LARGE:
        return fail_step(call, PROBLEM_LIMITS, 0, "MemoryError", error->text);
    case ERR_INTERNAL:
    case ERR_NONE:
        return fail_step(call, PROBLEM_STEP, 0, "RuntimeError", error->text);
    default:
        return fail_step(call, PROBLEM_CLIENT_CAUSED, error_status(error->kind), NULL,
                         error->text);
    }
}

bool call_fail_branch(Call *call, int i, const char *inner)
{
    Problem *problem = call->inside->problem;

    (void)i;
    call->inside->failed = true;
    problem_set(call->arena, problem,
                inner ? PROBLEM_BLOCK_BEHAVIOUR : PROBLEM_RUNTIME, CONTEXT_RESULT,
                "Step '%.*s' names no step to go on with; name one or leave the step out.",
                SHOW(call->inside->step->name));
    problem->inner_type = inner ? arena_string(call->arena, inner) : NULL;
    return false;
}

bool call_fail_query(Call *call, int i, const UqlError *error)
{
    static const ProblemClass classes[] = {
        [UQL_INVALID_INPUT] = PROBLEM_INVALID_INPUT_TYPE, [UQL_OPERATION] = PROBLEM_OPERATION,
        [UQL_UNDECLARED] = PROBLEM_UNDECLARED, [UQL_EVALUATION] = PROBLEM_EVALUATION,
        [UQL_STEP] = PROBLEM_STEP,
    };
    Problem *problem = call->inside->problem;
    char     context[200];

    if (error->failure == UQL_STEP) {
        return call_fail(call, i, error->inner[0] ? error->inner : "ValueError", "%s",
                         error->error.text);
    }
    if (error->error.kind == ERR_MEMORY || error->error.kind == ERR_TIMEOUT ||
        error->error.kind == ERR_CANCELLED) {
        return call_fail_error(call, i, &error->error);
    }
    call->inside->failed = true;
    snprintf(context, sizeof(context), "%s%s%s", CONTEXT_QUERY, error->path[0] ? " | " : "",
             error->path);
    problem_set(call->arena, problem, classes[error->failure], context, "Step '%.*s': %s",
                SHOW(call->inside->step->name), error->error.text);
    problem->inner_type    = error->inner[0] ? arena_string(call->arena, error->inner) : NULL;
    problem->inner_message = error->inner[0] ? arena_string(call->arena, error->error.text) : NULL;
    return false;
}

/* ---- emitting ---------------------------------------------------------------------------- */

static void put(Call *call, int element, int output, Value value)
{
    struct CallInside *in     = call->inside;
    Value             *values = in->run->slots[in->step->first_slot + output];

    assert(output >= 0 && output < in->step->output_count);
    if (values) {
        values[element] = value;
    }
}

/* A picture that a step hands on may be one that it was given. */
static void note_handed_on(struct CallInside *in, int output)
{
    in->run->fresh[in->step->first_slot + output] = SLOT_MIXED;
    for (int k = 0; k < in->step->binding_count; k++) {
        in->run->fresh[in->step->bindings[k].slot] = SLOT_MIXED;
    }
}

void emit_value(Call *call, int i, int output, Value value)
{
    struct CallInside *in = call->inside;

    if (value.type == VALUE_IMAGE) {
        note_handed_on(in, output);
    }
    put(call, in->elements[i], output, value);
}

static Value keep_image(Call *call, Image *image)
{
    Image *kept = image ? image_keep(call->arena, image) : NULL;

    return kept ? value_image(kept) : value_null();
}

void emit_image(Call *call, int i, int output, Image *image)
{
    struct CallInside *in    = call->inside;
    _Atomic uint8_t   *fresh = &in->run->fresh[in->step->first_slot + output];

    put(call, in->elements[i], output, keep_image(call, image));
    *fresh = *fresh == SLOT_MIXED ? SLOT_MIXED : SLOT_FRESH;
}

Image *call_take_image(Call *call, int i, Image *image, Error *err)
{
    const struct CallInside *in  = call->inside;
    const Run               *run = in->run;

    for (int k = 0; k < in->step->binding_count && !run->options.keep; k++) {
        const Binding *binding = &in->step->bindings[k];

        if (binding->last && binding->level == in->step->exec_level &&
            run->fresh[binding->slot] == SLOT_FRESH &&
            run_value(run, binding->slot, in->elements[i])->as.image == image) {
            return image_take(image, err);
        }
    }
    return image_copy(image, err);
}

void emit_detections(Call *call, int i, int output, const Detections *detections)
{
    emit_value(call, i, output, value_detections(detections));
}

void emit_text(Call *call, int i, int output, Text text)
{
    emit_value(call, i, output, value_text(arena_text(call->arena, text)));
}

void emit_bool(Call *call, int i, int output, bool value)
{
    emit_value(call, i, output, value_bool(value));
}

void emit_int(Call *call, int i, int output, int64_t value)
{
    emit_value(call, i, output, value_int(value));
}

/* Room for the children's outputs, doubled as they come. */
static bool grow_outputs(Call *call, int before)
{
    struct CallInside *in       = call->inside;
    int                capacity = in->run->levels[in->step->data_level].capacity;

    for (int k = 0; k < in->step->output_count; k++) {
        Value **slot = &in->run->slots[in->step->first_slot + k];
        Value  *grow = arena_array(call->arena, Value, MAX(capacity, 1));

        if (!grow) {
            return false;
        }
        if (before > 0) {
            memcpy(grow, *slot, (size_t)before * sizeof(*grow));
        }
        *slot = grow;
    }
    return true;
}

bool emit_children(Call *call, int i, int count)
{
    struct CallInside *in    = call->inside;
    LevelTable        *table = &in->run->levels[in->step->data_level];
    int                had   = table->capacity;
    int                before = table->count;
    Error              err   = { 0 };

    if (level_add(in->run, call->arena, in->step->data_level, in->elements[i], count, &err) < 0) {
        return call_fail_error(call, i, &err);
    }
    if (table->capacity > had && !grow_outputs(call, before)) {
        fail(&err, ERR_MEMORY, "no memory for %d elements", count);
        return call_fail_error(call, i, &err);
    }
    return true;
}

void emit_child_value(Call *call, int i, int k, int output, Value value)
{
    const LevelTable *table = &call->inside->run->levels[call->inside->step->data_level];
    int               element = call->inside->elements[i];

    assert(k >= 0 && k < table->children[element]);
    put(call, table->first[element] + k, output, value);
}

void emit_child_image(Call *call, int i, int k, int output, Image *image)
{
    emit_child_value(call, i, k, output, keep_image(call, image));
}

/* ---- flow, state, video -------------------------------------------------------------------- */

void call_open_branch(Call *call, int i, BranchRef branch)
{
    uint8_t *open = branch.index < 0 ? NULL : call->inside->run->open[branch.index];

    if (open) {
        open[call->inside->elements[i]] = 1;
    }
}

void *call_video_state(Call *call, int i, Text video_id)
{
    Error err   = { 0 };
    void *state = session_video_state(call->inside->run->session, call->inside->index, video_id,
                                      &err);
    if (!state) {
        call_fail_error(call, i, &err);
    }
    return state;
}

VideoMeta call_video(Call *call, const Image *image)
{
    const VideoMeta *given = image_video(image);

    return given ? *given : video_made_up(image, call->services->now(call->services->context));
}
