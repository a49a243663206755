/*
 * detections_merge - one box around all objects.
 *
 * For handing a whole group on as one thing.  It is as sure as the least sure of its
 * members, and belongs to no picture in particular, as in the reference.
 */
#include <math.h>

#include "blocks/sets.h"
#include "vision/overlap.h"

typedef struct Args {
    const Detections *predictions;
    Text              class_name;
} Args;

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD) | KIND(IS) | KIND(KP),
      .help = "The objects to merge." },

    { "class_name", STRING(Args, class_name), .preset = "\"merged_detection\"",
      .help = "The class of the merged object." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(OD), "One object around all, or none." },
    { 0 },
};

/* The row that is least sure; one whose confidence is unknown is. */
static int least_sure(const Detections *set)
{
    int least = 0;

    for (int k = 0; k < set->count; k++) {
        if (isnan(set->confidences[k])) {
            return k;
        }
        least = set->confidences[k] < set->confidences[least] ? k : least;
    }
    return least;
}

/* Confidences of new sets are 32-bit floats in the reference. */
static void fill(Call *call, Detections *out, const Detections *set, Text class_name)
{
    Box     *box        = arena_new(call->arena, Box);
    double  *confidence = arena_new(call->arena, double);
    Text    *name       = arena_new(call->arena, Text);

    *box = set->boxes[0];
    for (int k = 1; k < set->count; k++) {
        *box = box_around(*box, set->boxes[k]);
    }
    *confidence      = (float)set->confidences[least_sure(set)];
    *name            = class_name;
    out->boxes       = box;
    out->confidences = confidence;
    out->class_ids   = arena_new(call->arena, int64_t);
    out->class_names = name;
    out->ids         = new_ids(call, 1);
    out->count       = out->ids ? 1 : 0;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        Detections *out = arena_new(call->arena, Detections);

        *out = (Detections){ .image_width = -1, .image_height = -1, .unrelated = true };
        if (in->predictions->count > 0) {
            fill(call, out, in->predictions, in->class_name);
        }
        emit_detections(call, i, OUT_PREDICTIONS, out);
    }
    return true;
}

const Block block_detections_merge_v1 = {
    .type      = "roboflow_core/detections_merge@v1",
    .title     = "Detections Merge",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS),
    .summary   = "Make one object of all detected ones.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
