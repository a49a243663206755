/*
 * classifier_block - asking classifiers, and the reference's dictionaries of their answers.
 */
#include "blocks/classifier_block.h"

#include "vision/classification.h"

/* What "default" means for a classifier that recommends nothing. */
static const double default_threshold = 0.5;

enum { OUT_PREDICTIONS, OUT_INFERENCE_ID, OUT_MODEL_ID };

const Output classifier_outputs_v1[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(CLS), "The classes found in each picture." },
    [OUT_INFERENCE_ID] = { "inference_id", KIND(STRING), "Identifier of this inference." },
    { 0 },
};

const Output classifier_outputs_v2[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(CLS), "The classes found in each picture." },
    [OUT_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID), "Identifier of this inference." },
    [OUT_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

static Value answer_value(Call *call, const ModelChunk *chunk, const ModelArgs *in,
                          const float *scores, double seconds)
{
    const Package *package   = chunk->package;
    const Lineage *lineage   = image_lineage(in->image);
    double         threshold = in->mode <= THRESHOLD_STATED ? in->confidence : default_threshold;
    DictBuilder    dict      = dict_builder(call->arena, 9);
    ClassificationAnswer answer = {
        chunk->inference_id, seconds, { image_width(in->image), image_height(in->image) },
        package->classes,
    };

    if (package->task == TASK_MULTI_LABEL) {
        classification_fill_multi(&dict, &answer, scores, package->class_count, threshold);
    } else {
        classification_fill(&dict, &answer, classification_rank(call->arena, scores,
                                                                package->class_count, threshold));
    }
    dict_set(&dict, TEXT("prediction_type"), value_string("classification"));
    dict_set(&dict, TEXT("parent_id"), value_text(arena_text(call->arena, lineage->parent_id)));
    dict_set(&dict, TEXT("root_parent_id"), value_text(arena_text(call->arena, lineage->root_id)));
    return dict_done(&dict);
}

static bool answer(Call *call, const ModelChunk *chunk)
{
    const bool  *with_model = chunk->context;
    Error        err    = { 0 };
    const float *scores = model_classify(chunk->model, call->arena, chunk->images, chunk->count,
                                         (PreprocessOff){ 0 }, call->cancel, &err);
    double       seconds = model_chunk_seconds(chunk);

    if (!scores) {
        return call_fail_error(call, chunk->first, &err);
    }
    for (int k = 0; k < chunk->count; k++) {
        int              i  = chunk->first + k;
        const ModelArgs *in = call_args(call, i);

        emit_value(call, i, OUT_PREDICTIONS, answer_value(call, chunk, in, scores, seconds));
        emit_value(call, i, OUT_INFERENCE_ID, value_text(chunk->inference_id));
        if (*with_model) {
            emit_text(call, i, OUT_MODEL_ID, in->model_id);
        }
        scores += chunk->package->class_count;
    }
    return true;
}

bool classifier_block_run(Call *call, Task task, bool with_model)
{
    return model_block_run_any(call, (const Task[]){ task, TASK_UNKNOWN }, answer, &with_model);
}
