/*
 * model_block - finding models and going through elements by model.
 */
#include "blocks/model_block.h"

#include <math.h>

#include "base/clock.h"

const Choice model_modes[] = {
    { "best", THRESHOLD_BEST }, { "default", THRESHOLD_DEFAULT }, { "custom", THRESHOLD_STATED },
    { 0 },
};

const Choice model_modes_plain[] = {
    { "default", THRESHOLD_DEFAULT }, { "custom", THRESHOLD_STATED }, { 0 },
};

/* Whether the threshold that counts is there; fields of one element may come from two
 * selectors, which nothing checks together before. */
static bool has_threshold(const ModelArgs *in)
{
    return in->mode != THRESHOLD_STATED || !isnan(in->confidence);
}

bool model_block_check(const StepView *step, Error *err)
{
    return has_threshold(step->args) ||
           fail(err, ERR_INVALID, "confidence_mode is 'custom', but custom_confidence is null; "
                "give it a number from 0 to 1");
}

static bool check_thresholds(Call *call, const ModelChunk *chunk)
{
    for (int i = chunk->first; i < chunk->first + chunk->count; i++) {
        if (!has_threshold(call_args(call, i))) {
            return call_fail(call, i, "ValidationError", "confidence_mode is 'custom', but "
                             "custom_confidence is null; give it a number from 0 to 1");
        }
    }
    return true;
}

static void unref_model(void *model)
{
    model_unref(model);
}

static bool is_among(Task task, const Task tasks[])
{
    while (*tasks != TASK_UNKNOWN && *tasks != task) {
        tasks++;
    }
    return *tasks != TASK_UNKNOWN;
}

static bool open_chunk(Call *call, ModelChunk *chunk, const Task tasks[])
{
    const ModelArgs *in  = call_args(call, chunk->first);
    Error            err = { 0 };
    char             id[37];

    chunk->start = clock_now();
    if (!call->services->models) {
        fail(&err, ERR_MISSING, "there are no models here");
        return call_fail_error(call, chunk->first, &err);
    }
    chunk->model = models_get(call->services->models, in->model_id, call->cancel, &err);
    if (!chunk->model || !arena_defer(call->arena, unref_model, chunk->model)) {
        return call_fail_error(call, chunk->first, &err);
    }
    chunk->package = model_package(chunk->model);
    if (!is_among(chunk->package->task, tasks)) {
        fail(&err, ERR_INVALID, "model %.*s is for %s, not for %s", SHOW(in->model_id),
             task_name(chunk->package->task), task_name(tasks[0]));
        return call_fail_error(call, chunk->first, &err);
    }
    for (int k = 0; k < chunk->count; k++) {
        chunk->images[k] = ((const ModelArgs *)call_args(call, chunk->first + k))->image;
    }
    call->services->new_id(call->services->context, id);
    chunk->inference_id = arena_text(call->arena, text_of(id));
    return true;
}

static bool same_model(const Call *call, int a, int b)
{
    const ModelArgs *x = call_args(call, a), *y = call_args(call, b);

    return text_equal(x->model_id, y->model_id);
}

bool model_block_run_any(Call *call, const Task tasks[], ModelAnswer answer, const void *context)
{
    ModelChunk chunk = { .context = context };

    while (chunk.first < call->count) {
        chunk.count = 1;
        while (chunk.first + chunk.count < call->count && chunk.count < LIMIT_BATCH &&
               same_model(call, chunk.first, chunk.first + chunk.count)) {
            chunk.count++;
        }
        if (!check_thresholds(call, &chunk) || !open_chunk(call, &chunk, tasks) ||
            !answer(call, &chunk)) {
            return false;
        }
        chunk.first += chunk.count;
    }
    return true;
}

bool model_block_run(Call *call, Task task, ModelAnswer answer)
{
    const Task tasks[] = { task, TASK_UNKNOWN };

    return model_block_run_any(call, tasks, answer, NULL);
}

double model_chunk_seconds(const ModelChunk *chunk)
{
    return (double)(clock_now() - chunk->start) / 1e9;
}
