/*
 * detector_block - asking detectors, and sets of detections out of their answers.
 */
#include "blocks/detector_block.h"

#include <math.h>

#include "model/points.h"
#include "model/segment.h"

/* ---- sets ----------------------------------------------------------------------------- */

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

/* The points of every object; those without any confidence are left out. */
static const KeyPoints *points_of(Call *call, const ModelChunk *chunk, const Found *found)
{
    size_t     count = (size_t)found->count * (size_t)found->slots;
    KeyPoints *sets  = arena_array(call->arena, KeyPoints, MAX(found->count, 1));
    KeyPoint  *next  = arena_array(call->arena, KeyPoint, MAX(count, 1));

    for (int i = 0; sets && next && i < found->count; i++) {
        const FoundPoint *points = found->points + (size_t)i * (size_t)found->slots;

        sets[i].points = next;
        for (int slot = 0; slot < found->slots; slot++) {
            if (points[slot].confidence > 0) {
                *next++ = (KeyPoint){
                    (double)points[slot].x, (double)points[slot].y,
                    (double)points[slot].confidence, slot,
                    point_name(chunk->package, call->arena, found->items[i].class_id, slot),
                };
                sets[i].count++;
            }
        }
    }
    return next ? sets : NULL;
}

/* Class names belong to the model, which the run holds. */
static const Detections *detections_of(Call *call, const ModelChunk *chunk, const Image *image,
                                       const Found *found, const DetectorBlock *how)
{
    Detections *set = arena_new(call->arena, Detections);
    const KeyPoints *points;
    Columns     c;
    char        id[37];

    if (!make_columns(call->arena, found->count, &c)) {
        return NULL;
    }
    points = found->points ? points_of(call, chunk, found) : NULL;
    if (found->points && !points) {
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
        .keypoints = points, .masks = found->masks, .masks_as_rle = how->as_rle && found->masks,
        .lineage = *image_lineage(image), .has_origin = true, .image_width = image_width(image),
        .image_height = image_height(image), .prediction_type = text_of(how->type),
    };
    return set;
}

/* ---- asking --------------------------------------------------------------------------- */

/* Neighbours of one model may still differ in their options, which come from batches. */
static bool same_options(const DetectorArgs *a, const DetectorArgs *b)
{
    return a->model.confidence == b->model.confidence && a->model.mode == b->model.mode &&
           a->iou == b->iou && a->most == b->most && a->agnostic == b->agnostic &&
           a->classes.items == b->classes.items && a->classes.count == b->classes.count;
}

static bool find(Call *call, const ModelChunk *chunk, int from, int count, Found *found)
{
    const DetectorArgs *in      = call_args(call, chunk->first + from);
    Image *const       *images  = chunk->images + from;
    PreprocessOff       off     = { 0 };
    Error               err     = { 0 };
    DetectOptions       options = {
        .confidence = in->model.mode <= THRESHOLD_STATED ? in->model.confidence : NAN,
        .iou = in->iou, .most = in->most, .agnostic = in->agnostic, .only = in->classes.items,
        .only_count = in->classes.count,
    };
    bool ok = chunk->package->task == TASK_KEYPOINTS
            ? model_find_points(chunk->model, call->arena, images, count, off, &options,
                                call->cancel, found + from, &err)
            : chunk->package->task == TASK_INSTANCE_SEGMENTATION
            ? model_segment(chunk->model, call->arena, images, count, off, &options,
                            (MaskReduction){ 0 }, call->cancel, found + from, &err)
            : model_detect(chunk->model, call->arena, images, count, off, &options, call->cancel,
                           found + from, &err);

    return ok || call_fail_error(call, chunk->first + from, &err);
}

static bool emit_found(Call *call, const ModelChunk *chunk, int k, const Found *found)
{
    const DetectorBlock *how = chunk->context;
    int                  i   = chunk->first + k;
    const DetectorArgs  *in  = call_args(call, i);
    const Detections    *set = detections_of(call, chunk, in->model.image, found, how);
    Error                err = { 0 };

    if (!set) {
        fail(&err, ERR_MEMORY, "no memory for %d objects", found->count);
        return call_fail_error(call, i, &err);
    }
    emit_value(call, i, DETECTOR_INFERENCE_ID, value_text(chunk->inference_id));
    emit_detections(call, i, DETECTOR_PREDICTIONS, set);
    if (how->with_model) {
        emit_text(call, i, DETECTOR_MODEL_ID, in->model.model_id);
    }
    return true;
}

static bool answer(Call *call, const ModelChunk *chunk)
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
        if (!find(call, chunk, from, count, found)) {
            return false;
        }
        from += count;
    }
    for (int k = 0; k < chunk->count; k++) {
        if (!emit_found(call, chunk, k, &found[k])) {
            return false;
        }
    }
    return true;
}

bool detector_block_run(Call *call, const DetectorBlock *how)
{
    static const Task tasks[] = { TASK_DETECTION, TASK_INSTANCE_SEGMENTATION, TASK_KEYPOINTS,
                                   TASK_UNKNOWN };

    return model_block_run_any(call, tasks, answer, how);
}
