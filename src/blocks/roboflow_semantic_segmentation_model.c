/*
 * roboflow_semantic_segmentation_model - which class every pixel of a picture is of.
 *
 * Each class but the background that covers any pixel is one object: its box goes from the
 * first to the last row and column, its confidence is the mean of its pixels'.  The objects
 * do not know what picture they were found in, as in the reference; a picture of nothing
 * but background gives an empty set, where the reference fails.  Version 2 chooses the
 * threshold.
 */
#include <math.h>

#include "blocks/model_block.h"
#include "model/semantic.h"

typedef struct Args {
    ModelArgs model;
} Args;

static const Field fields_v1[] = {
    MODEL_FIELDS(Args), { 0 },
};

static const Field fields_v2[] = {
    MODEL_FIELDS(Args), MODE_FIELDS(Args, model_modes, "\"best\""), { 0 },
};

enum { OUT_INFERENCE_ID, OUT_PREDICTIONS, OUT_MODEL_ID };

static const Output outputs[] = {
    [OUT_INFERENCE_ID] = { "inference_id", KIND(INFERENCE_ID), "Identifier of this inference." },
    [OUT_PREDICTIONS] = { "predictions", KIND(SEM), "One object a class, with its pixels." },
    [OUT_MODEL_ID] = { "model_id", KIND(MODEL_ID), "The model that answered." },
    { 0 },
};

enum { BACKGROUND_ID = 0, CLASSES = 256 };

/* What is known of one class. */
typedef struct Extent {
    int64_t pixels, confidence;
    int     x1, y1, x2, y2;         /* the last row and column are inside */
} Extent;

static void measure(const ClassMasks *masks, Extent extents[CLASSES])
{
    size_t stride = image_stride(masks->classes);

    memset(extents, 0, CLASSES * sizeof(*extents));
    for (int y = 0; y < image_height(masks->classes); y++) {
        const uint8_t *ids = image_pixels(masks->classes) + (size_t)y * stride;
        const uint8_t *confidences = image_pixels(masks->confidences) + (size_t)y * stride;

        for (int x = 0; x < image_width(masks->classes); x++) {
            Extent *e = &extents[ids[x]];

            if (e->pixels++ == 0) {
                *e = (Extent){ 1, 0, x, y, x, y };
            }
            e->confidence += confidences[x];
            e->x1 = MIN(e->x1, x);
            e->x2 = MAX(e->x2, x);
            e->y2 = y;
        }
    }
}

static bool cut_out(Call *call, const ClassMasks *masks, const Extent *e, int id,
                    MaskAllowance *left, Mask *out, Error *err)
{
    int      width = e->x2 - e->x1 + 1, height = e->y2 - e->y1 + 1;
    uint8_t *bits  = mask_take_bits(call->arena, width, height, left, err);

    for (int y = 0; bits && y < height; y++) {
        const uint8_t *ids = image_pixels(masks->classes) +
                             (size_t)(y + e->y1) * image_stride(masks->classes) + e->x1;

        for (int x = 0; x < width; x++) {
            bits[(size_t)y * (size_t)width + (size_t)x] = ids[x] == id;
        }
    }
    *out = (Mask){ e->x1, e->y1, width, height, bits };
    return bits != NULL;
}

static Detections *detections_of(Call *call, const Package *package, const ClassMasks *masks,
                                 Error *err)
{
    Extent        extents[CLASSES];
    int           room = MIN(CLASSES, package->class_count), count = 0;
    MaskAllowance left = MASK_ALLOWANCE;
    Detections   *set = arena_new(call->arena, Detections);
    Box          *boxes = arena_array(call->arena, Box, room);
    double       *confidences = arena_array(call->arena, double, room);
    int64_t      *ids = arena_array(call->arena, int64_t, room);
    Text         *names = arena_array(call->arena, Text, room * 2), *uuids = names + room;
    Mask         *bits = arena_array(call->arena, Mask, room);
    char          id[37];

    if (!boxes || !confidences || !ids || !names || !bits) {
        fail(err, ERR_MEMORY, "no memory for %d classes", room);
        return NULL;
    }
    measure(masks, extents);
    for (int c = 0; c < room; c++) {
        const Extent *e = &extents[c];

        if (c == BACKGROUND_ID || e->pixels == 0) {
            continue;
        }
        if (!cut_out(call, masks, e, c, &left, &bits[count], err)) {
            return NULL;
        }
        call->services->new_id(call->services->context, id);
        boxes[count]       = (Box){ e->x1, e->y1, e->x2, e->y2 };
        confidences[count] = (double)e->confidence / (double)e->pixels / 255;
        ids[count]         = c;
        names[count]       = package->classes[c];
        uuids[count++]     = arena_text(call->arena, text_of(id));
    }
    *set = (Detections){
        .count = count, .boxes = boxes, .confidences = confidences, .class_ids = ids,
        .class_names = names, .ids = uuids, .masks = bits, .masks_as_rle = true, .unrelated = true,
        .image_width = image_width(masks->classes), .image_height = image_height(masks->classes),
    };
    return set;
}

/* Thresholds may differ between neighbours, so each picture is asked about alone. */
static bool emit_one(Call *call, const ModelChunk *chunk, int k, double confidence)
{
    int         i   = chunk->first + k;
    const Args *in  = call_args(call, i);
    Error       err = { 0 };
    ClassMasks  masks;
    Detections *set = NULL;

    if (model_segment_classes(chunk->model, call->arena, &chunk->images[k], 1,
                              (PreprocessOff){ 0 }, confidence, call->cancel, &masks, &err)) {
        set = detections_of(call, chunk->package, &masks, &err);
    }
    if (!set) {
        return call_fail_error(call, i, &err);
    }
    emit_value(call, i, OUT_INFERENCE_ID, value_text(chunk->inference_id));
    emit_detections(call, i, OUT_PREDICTIONS, set);
    emit_text(call, i, OUT_MODEL_ID, in->model.model_id);
    return true;
}

/* What a request has that names no threshold. */
static bool answer_v1(Call *call, const ModelChunk *chunk)
{
    for (int k = 0; k < chunk->count; k++) {
        if (!emit_one(call, chunk, k, 0.4)) {
            return false;
        }
    }
    return true;
}

static bool answer_v2(Call *call, const ModelChunk *chunk)
{
    for (int k = 0; k < chunk->count; k++) {
        const Args *in = call_args(call, chunk->first + k);
        double      confidence = in->model.mode <= THRESHOLD_STATED ? in->model.confidence : NAN;

        if (!emit_one(call, chunk, k, confidence)) {
            return false;
        }
    }
    return true;
}

static bool run_v1(Call *call)
{
    return model_block_run(call, TASK_SEMANTIC_SEGMENTATION, answer_v1);
}

static bool run_v2(Call *call)
{
    return model_block_run(call, TASK_SEMANTIC_SEGMENTATION, answer_v2);
}

#define COMMON \
    .title = "Semantic Segmentation Model", .category = CATEGORY_MODEL, \
    .work = WORK(INFERENCE), .batches = true, \
    .summary = "Tell the class of every pixel of a picture.", \
    .args_size = sizeof(Args), .outputs = outputs

const Block block_roboflow_semantic_segmentation_model_v1 = {
    .type = "roboflow_core/roboflow_semantic_segmentation_model@v1",
    COMMON, .fields = fields_v1, .run = run_v1,
};

const Block block_roboflow_semantic_segmentation_model_v2 = {
    .type = "roboflow_core/roboflow_semantic_segmentation_model@v2",
    COMMON, .check = model_block_check, .checks_inputs = true, .fields = fields_v2, .run = run_v2,
};
