/*
 * roboflow_classification_model - which one of its classes a picture shows.
 *
 * Runs a single-label classification model and gives the reference's answer:
 * the classes above a threshold with their confidences, and the best of them.
 * Version 2 also tells the model; version 3 chooses the threshold by name.
 */
#include "base/clock.h"
#include "blocks/block.h"
#include "vision/classification.h"

/* Versions 1 and 2 have no mode: their zero means the threshold that is given. */
enum { MODE_CUSTOM, MODE_DEFAULT };

/* What "default" means for a classifier that recommends nothing. */
static const double default_threshold = 0.5;

typedef struct Args {
    Image *image;
    Text   model_id;
    double confidence;
    int    mode;
    bool   no_learning;
    Text   dataset;
} Args;

static const Choice modes[] = {
    { "default", MODE_DEFAULT }, { "custom", MODE_CUSTOM }, { 0 },
};

#define FIELD_IMAGES { "images", IMAGE(Args, image), .alias = "image", .batched = true, \
      .help = "The pictures to classify." }

#define FIELD_MODEL { "model_id", STRING(Args, model_id), .kinds = KIND(MODEL_ID), \
      .help = "The model, as project/version." }

#define FIELD_CONFIDENCE(name, value, optional) { (name), NUMBER(Args, confidence), \
      .kinds = KIND(FLOAT01), .preset = (value), .nullable = (optional), .range = BETWEEN(0, 1), \
      .help = "Classes with a lower confidence are left out." }

/* The cloud's active learning does not exist here; the fields are accepted, so
 * that definitions written for it load. */
#define FIELDS_LEARNING \
    { "disable_active_learning", BOOLEAN(Args, no_learning), .kinds = KIND(BOOLEAN), \
      .preset = "true", .help = "Accepted for compatibility; nothing is sent anywhere." }, \
    { "active_learning_target_dataset", STRING(Args, dataset), .kinds = KIND(PROJECT), \
      .preset = "null", .nullable = true, \
      .help = "Accepted for compatibility; nothing is sent anywhere." }

static const Field fields_v1[] = {
    FIELD_IMAGES, FIELD_MODEL, FIELD_CONFIDENCE("confidence", "0.4", false), FIELDS_LEARNING, { 0 },
};

static const Field fields_v3[] = {
    FIELD_IMAGES, FIELD_MODEL,
    { "confidence_mode", CHOICE(Args, mode, modes), .kinds = KIND(STRING), .preset = "\"default\"",
      .help = "Whether the model's own threshold counts or the custom one." },
    FIELD_CONFIDENCE("custom_confidence", "0.4", true), FIELDS_LEARNING, { 0 },
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

/* One inference: elements first .. first + count - 1, all of one model. */
typedef struct Chunk {
    int          first, count;
    const Model *model;
    const float *scores;       /* count rows */
    Text         inference_id;
    double       seconds;
} Chunk;

static void emit_answer(Call *call, const Chunk *chunk, int i, bool with_model)
{
    const Args    *in      = call_args(call, i);
    const Package *package = model_package(chunk->model);
    const Lineage *lineage = image_lineage(in->image);
    const float   *scores  = chunk->scores + (size_t)(i - chunk->first) *
                                             (size_t)package->class_count;
    ClassificationAnswer answer = {
        chunk->inference_id, chunk->seconds,
        { image_width(in->image), image_height(in->image) }, package->classes,
    };
    double      threshold = in->mode == MODE_CUSTOM ? in->confidence : default_threshold;
    DictBuilder dict      = dict_builder(call->arena, 9);

    classification_fill(&dict, &answer, classification_rank(call->arena, scores,
                                                            package->class_count, threshold));
    dict_set(&dict, TEXT("prediction_type"), value_string("classification"));
    dict_set(&dict, TEXT("parent_id"), value_text(arena_text(call->arena, lineage->parent_id)));
    dict_set(&dict, TEXT("root_parent_id"), value_text(arena_text(call->arena, lineage->root_id)));
    emit_value(call, i, OUT_PREDICTIONS, dict_done(&dict));
    emit_value(call, i, OUT_INFERENCE_ID, value_text(chunk->inference_id));
    if (with_model) {
        emit_text(call, i, OUT_MODEL_ID, in->model_id);
    }
}

/* Class names and weights belong to the model: the run holds it to its end. */
static void unref_model(void *model)
{
    model_unref(model);
}

static bool run_chunk(Call *call, Chunk *chunk, bool with_model)
{
    Image  *images[LIMIT_BATCH];
    int64_t start = clock_now();
    char    id[37];
    Error   err   = { 0 };
    Model  *model;
    const Args *in = call_args(call, chunk->first);

    if (!call->services->models) {
        fail(&err, ERR_MISSING, "there are no models here");
        return call_fail_error(call, chunk->first, &err);
    }
    model = models_get(call->services->models, in->model_id, call->cancel, &err);
    if (!model || !arena_defer(call->arena, unref_model, model)) {
        return call_fail_error(call, chunk->first, &err);
    }
    for (int k = 0; k < chunk->count; k++) {
        images[k] = ((const Args *)call_args(call, chunk->first + k))->image;
    }
    if (model_package(model)->task != TASK_CLASSIFICATION) {
        fail(&err, ERR_INVALID, "model %.*s is for %s, not for single-label classification",
             SHOW(in->model_id), task_name(model_package(model)->task));
        return call_fail_error(call, chunk->first, &err);
    }
    chunk->model  = model;
    chunk->scores = model_classify(model, call->arena, images, chunk->count, (PreprocessOff){ 0 },
                                   call->cancel, &err);
    if (!chunk->scores) {
        return call_fail_error(call, chunk->first, &err);
    }
    call->services->new_id(call->services->context, id);
    chunk->inference_id = arena_text(call->arena, text_of(id));
    chunk->seconds      = (double)(clock_now() - start) / 1e9;
    for (int k = 0; k < chunk->count; k++) {
        emit_answer(call, chunk, chunk->first + k, with_model);
    }
    return true;
}

static bool same_model(const Call *call, int a, int b)
{
    const Args *x = call_args(call, a), *y = call_args(call, b);

    return text_equal(x->model_id, y->model_id);
}

/* Neighbours that ask the same model go together. */
static bool run_all(Call *call, bool with_model)
{
    Chunk chunk = { 0 };

    while (chunk.first < call->count) {
        chunk.count = 1;
        while (chunk.first + chunk.count < call->count && chunk.count < LIMIT_BATCH &&
               same_model(call, chunk.first, chunk.first + chunk.count)) {
            chunk.count++;
        }
        if (!run_chunk(call, &chunk, with_model)) {
            return false;
        }
        chunk.first += chunk.count;
    }
    return true;
}

static bool run_v1(Call *call)
{
    return run_all(call, false);
}

static bool run_v2(Call *call)
{
    return run_all(call, true);
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
