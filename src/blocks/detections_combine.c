/*
 * detections_combine - the objects of two predictions as one.
 *
 * Nothing is compared or left out: those of the second follow those of the first.  Both
 * must be of one make, with masks, tracker ids and other columns in both or in neither.
 */
#include "blocks/sets.h"

typedef struct Args {
    const Detections *one, *two;
} Args;

static const Field fields[] = {
    { "prediction_one", DETECTIONS(Args, one), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects that come first." },

    { "prediction_two", DETECTIONS(Args, two), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects that follow." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(OD) | KIND(IS), "The objects of both." },
    { 0 },
};

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args       *in     = call_args(call, i);
        const Detections *both[] = { in->one, in->two };
        Error             err    = { 0 };
        const Detections *joined = sets_joined(call->arena, both, 2, &err);

        if (!joined) {
            return err.kind == ERR_INVALID
                       ? call_fail(call, i, "ValueError", "prediction_one and prediction_two: %s",
                                   err.text)
                       : call_fail_error(call, i, &err);
        }
        emit_detections(call, i, OUT_PREDICTIONS, joined);
    }
    return true;
}

const Block block_detections_combine_v1 = {
    .type      = "roboflow_core/detections_combine@v1",
    .title     = "Detections Combine",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS),
    .summary   = "Put the objects of two predictions together.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
