/*
 * roboflow_object_detection_model - which objects a picture shows, and where.
 *
 * Version 2 also tells the model; version 3 chooses the threshold by name.
 */
#include <math.h>

#include "blocks/model_block.h"
#include "model/detect.h"

typedef struct Args {
    ModelArgs model;
    TextList  classes;
    double    iou;
    int64_t   most, candidates;
    bool      agnostic;
} Args;

#define DETECTION_FIELDS \
    { "class_filter", STRINGS(Args, classes), .kinds = KIND(LIST), .preset = "null", \
      .nullable = true, .help = "Only objects of these classes are given." }, \
    { "iou_threshold", NUMBER(Args, iou), .kinds = KIND(FLOAT01), .preset = "0.3", \
      .range = BETWEEN(0, 1), .help = "Of objects that overlap more than this one is given." }, \
    { "max_detections", INTEGER(Args, most), .kinds = KIND(INTEGER), .preset = "300", \
      .range = ABOVE(0), .help = "How many objects are given at most." }, \
    { "class_agnostic_nms", BOOLEAN(Args, agnostic), .kinds = KIND(BOOLEAN), .preset = "false", \
      .nullable = true, .help = "Whether objects of different classes suppress each other." }, \
    { "max_candidates", INTEGER(Args, candidates), .kinds = KIND(INTEGER), .preset = "3000", \
      .range = ABOVE(0), .help = "Accepted for compatibility; all candidates are looked at." }

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), CONFIDENCE_FIELD(Args), DETECTION_FIELDS, LEARNING_FIELDS(Args), { 0 },
};

static const Field fields_v3[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes, "\"best\""), DETECTION_FIELDS,
    LEARNING_FIELDS(Args), { 0 },
};

enum { OUT_INFERENCE_ID, OUT_PREDICTIONS, OUT_MODEL_ID };

static const Output outputs_v1[] = {
    [OUT_INFERENCE_ID] = { "inference_id", KIND(STRING), "Identifier of this inference." },
    [OUT_PREDICTIONS] = { "predictions", KIND(OD), "The objects found in each picture." },
    { 0 },
};

static const Output outputs_v2[] = {
    [OUT_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID), "Identifier of this inference." },
    [OUT_PREDICTIONS] = { "predictions", KIND(OD), "The objects found in each picture." },
    [OUT_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

/* ---- detections --------------------------------------------------------------------- */

/* The columns of a set; NULL when memory is out. */
typedef struct Columns {
    Box     *boxes;
    double  *confidences;
    int64_t *class_ids;
    Text    *class_names, *ids;
} Columns;

static bool make_columns(Arena *arena, int count, Columns *c)
{
    *c = (Columns){ arena_array(arena, Box, MAX(count, 1)),
                    arena_array(arena, double, MAX(count, 1)),
                    arena_array(arena, int64_t, MAX(count, 1)),
                    arena_array(arena, Text, MAX(count, 1)),
                    arena_array(arena, Text, MAX(count, 1)) };
    return c->boxes && c->confidences && c->class_ids && c->class_names && c->ids;
}

/* Class names belong to the model, which the run holds. */
static const Detections *detections_of(Call *call, const ModelChunk *chunk, const Image *image,
                                       const Found *found)
{
    Detections *set = arena_new(call->arena, Detections);
    Columns     c;
    char        id[37];

    if (!make_columns(call->arena, found->count, &c)) {
        return NULL;
    }
    for (int i = 0; i < found->count; i++) {
        const Proposal *box = &found->items[i];

        call->services->new_id(call->services->context, id);
        c.boxes[i]       = (Box){ (double)box->x1, (double)box->y1, (double)box->x2,
                                  (double)box->y2 };
        c.confidences[i] = (double)box->score;
        c.class_ids[i]   = box->class_id;
        c.class_names[i] = chunk->package->classes[box->class_id];
        c.ids[i]         = arena_text(call->arena, text_of(id));
    }
    *set = (Detections){
        .count = found->count, .boxes = c.boxes, .confidences = c.confidences,
        .class_ids = c.class_ids, .class_names = c.class_names, .ids = c.ids,
        .lineage = *image_lineage(image), .has_origin = true, .image_width = image_width(image),
        .image_height = image_height(image), .prediction_type = TEXT("object-detection"),
    };
    return set;
}

/* ---- the block ----------------------------------------------------------------------- */

/* Neighbours of one model may still differ in their options, which come from batches. */
static bool same_options(const Args *a, const Args *b)
{
    return a->model.confidence == b->model.confidence && a->model.mode == b->model.mode &&
           a->iou == b->iou && a->most == b->most && a->agnostic == b->agnostic &&
           a->classes.items == b->classes.items && a->classes.count == b->classes.count;
}

static bool detect(Call *call, const ModelChunk *chunk, int from, int count, Found *found)
{
    const Args   *in      = call_args(call, chunk->first + from);
    Error         err     = { 0 };
    DetectOptions options = {
        .confidence = in->model.mode == THRESHOLD_CUSTOM ? in->model.confidence : NAN,
        .iou = in->iou, .most = in->most, .agnostic = in->agnostic, .only = in->classes.items,
        .only_count = in->classes.count,
    };

    return model_detect(chunk->model, call->arena, chunk->images + from, count,
                        (PreprocessOff){ 0 }, &options, call->cancel, found + from, &err) ||
           call_fail_error(call, chunk->first + from, &err);
}

static bool emit_found(Call *call, const ModelChunk *chunk, int k, const Found *found,
                       bool with_model)
{
    int               i   = chunk->first + k;
    const Args       *in  = call_args(call, i);
    const Detections *set = detections_of(call, chunk, in->model.image, found);
    Error             err = { 0 };

    if (!set) {
        fail(&err, ERR_MEMORY, "no memory for %d objects", found->count);
        return call_fail_error(call, i, &err);
    }
    emit_value(call, i, OUT_INFERENCE_ID, value_text(chunk->inference_id));
    emit_detections(call, i, OUT_PREDICTIONS, set);
    if (with_model) {
        emit_text(call, i, OUT_MODEL_ID, in->model.model_id);
    }
    return true;
}

static bool answer(Call *call, const ModelChunk *chunk, bool with_model)
{
    Found found[LIMIT_BATCH];
    int   from = 0;

    while (from < chunk->count) {
        int count = 1;

        while (from + count < chunk->count &&
               same_options(call_args(call, chunk->first + from),
                            call_args(call, chunk->first + from + count))) {
            count++;
        }
        if (!detect(call, chunk, from, count, found)) {
            return false;
        }
        from += count;
    }
    for (int k = 0; k < chunk->count; k++) {
        if (!emit_found(call, chunk, k, &found[k], with_model)) {
            return false;
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
    return model_block_run(call, TASK_DETECTION, answer_v1);
}

static bool run_v2(Call *call)
{
    return model_block_run(call, TASK_DETECTION, answer_v2);
}

#define COMMON \
    .title = "Object Detection Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Find the objects of a model's classes in a picture.", \
    .args_size = sizeof(Args)

const Block block_roboflow_object_detection_model_v1 = {
    .type    = "roboflow_core/roboflow_object_detection_model@v1",
    .aliases = { "RoboflowObjectDetectionModel", "ObjectDetectionModel" },
    COMMON, .fields = fields_v1, .outputs = outputs_v1, .run = run_v1,
};

const Block block_roboflow_object_detection_model_v2 = {
    .type    = "roboflow_core/roboflow_object_detection_model@v2",
    .extends = "roboflow_core/roboflow_object_detection_model@v1",
    COMMON, .fields = fields_v1, .outputs = outputs_v2, .run = run_v2,
};

const Block block_roboflow_object_detection_model_v3 = {
    .type = "roboflow_core/roboflow_object_detection_model@v3",
    COMMON, .fields = fields_v3, .outputs = outputs_v2, .run = run_v2,
};
