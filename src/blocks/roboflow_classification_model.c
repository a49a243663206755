/*
 * roboflow_classification_model - which one of its classes a picture shows.
 *
 * Runs a single-label classification model and gives the reference's answer:
 * the classes above a threshold with their confidences, and the best of them.
 * Version 2 also tells the model; version 3 chooses the threshold by name.
 */
#include "blocks/model_block.h"
#include "vision/classification.h"

/* What "default" means for a classifier that recommends nothing. */
static const double default_threshold = 0.5;

typedef struct Args {
    ModelArgs model;
} Args;

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), CONFIDENCE_FIELD(Args), LEARNING_FIELDS(Args), { 0 },
};

static const Field fields_v3[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes_plain, "\"default\""),
    LEARNING_FIELDS(Args), { 0 },
};

enum { OUT_PREDICTIONS, OUT_INFERENCE_ID, OUT_MODEL_ID };

static const Output outputs_v1[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(CLS), "The classes found in each picture." },
    [OUT_INFERENCE_ID] = { "inference_id", KIND(STRING), "Identifier of this inference." },
    { 0 },
};

static const Output outputs_v2[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(CLS), "The classes found in each picture." },
    [OUT_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID), "Identifier of this inference." },
    [OUT_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

static Value answer_value(Call *call, const ModelChunk *chunk, const Args *in, const float *scores,
                          double seconds)
{
    const Package *package = chunk->package;
    const Lineage *lineage = image_lineage(in->model.image);
    double         threshold = in->model.mode == THRESHOLD_CUSTOM ? in->model.confidence
                                                                  : default_threshold;
    DictBuilder    dict    = dict_builder(call->arena, 9);
    ClassificationAnswer answer = {
        chunk->inference_id, seconds,
        { image_width(in->model.image), image_height(in->model.image) }, package->classes,
    };

    classification_fill(&dict, &answer, classification_rank(call->arena, scores,
                                                            package->class_count, threshold));
    dict_set(&dict, TEXT("prediction_type"), value_string("classification"));
    dict_set(&dict, TEXT("parent_id"), value_text(arena_text(call->arena, lineage->parent_id)));
    dict_set(&dict, TEXT("root_parent_id"), value_text(arena_text(call->arena, lineage->root_id)));
    return dict_done(&dict);
}

static bool answer(Call *call, const ModelChunk *chunk, bool with_model)
{
    Error        err    = { 0 };
    const float *scores = model_classify(chunk->model, call->arena, chunk->images, chunk->count,
                                         (PreprocessOff){ 0 }, call->cancel, &err);
    double       seconds = model_chunk_seconds(chunk);

    if (!scores) {
        return call_fail_error(call, chunk->first, &err);
    }
    for (int k = 0; k < chunk->count; k++) {
        int         i  = chunk->first + k;
        const Args *in = call_args(call, i);

        emit_value(call, i, OUT_PREDICTIONS,
                   answer_value(call, chunk, in, scores + (size_t)k *
                                                          (size_t)chunk->package->class_count,
                                seconds));
        emit_value(call, i, OUT_INFERENCE_ID, value_text(chunk->inference_id));
        if (with_model) {
            emit_text(call, i, OUT_MODEL_ID, in->model.model_id);
        }
    }
    return true;
}

static bool answer_v1(Call *call, const ModelChunk *chunk)
{
    return answer(call, chunk, false);
}

static bool answer_v2(Call *call, const ModelChunk *chunk)
{
    return answer(call, chunk, true);
}

static bool run_v1(Call *call)
{
    return model_block_run(call, TASK_CLASSIFICATION, answer_v1);
}

static bool run_v2(Call *call)
{
    return model_block_run(call, TASK_CLASSIFICATION, answer_v2);
}

#define COMMON \
    .title = "Single-Label Classification Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Tell which one of a model's classes a picture shows.", \
    .args_size = sizeof(Args)

const Block block_roboflow_classification_model_v1 = {
    .type    = "roboflow_core/roboflow_classification_model@v1",
    .aliases = { "RoboflowClassificationModel", "ClassificationModel" },
    COMMON, .fields = fields_v1, .outputs = outputs_v1, .run = run_v1,
};

const Block block_roboflow_classification_model_v2 = {
    .type = "roboflow_core/roboflow_classification_model@v2",
    .extends = "roboflow_core/roboflow_classification_model@v1",
    COMMON, .fields = fields_v1, .outputs = outputs_v2, .run = run_v2,
};

const Block block_roboflow_classification_model_v3 = {
    .type = "roboflow_core/roboflow_classification_model@v3",
    COMMON, .fields = fields_v3, .outputs = outputs_v2, .run = run_v2,
};
