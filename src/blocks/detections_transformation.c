/*
 * detections_transformation - change or choose detected objects.
 *
 * A chain of operations of the query language that begins with the detections
 * and must end with detections.  The filter is the same block under a name that
 * says what it is mostly used for.
 */
#include "blocks/block.h"

typedef struct Args {
    const Detections *predictions;
    const Operation  *operations;
    Value             parameters;
} Args;

#define KINDS_TRANSFORMED (KIND(OD) | KIND(IS) | KIND(KP))

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KINDS_TRANSFORMED, .batched = true,
      .help = "The objects to begin with." },

    { "operations", OPERATIONS(Args, operations),
      .help = "The operations, applied one after the other." },

    { "operations_parameters", MAP(Args, parameters), .kinds = KINDS_ANY, .selector_only = true,
      .preset = "{}", .help = "Values that the operations refer to by name." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KINDS_TRANSFORMED, "What the last operation gave." },
    { 0 },
};

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        UqlScope    scope = { in->parameters.as.pairs, in->parameters.count, call->cancel,
                              call->services->pool };
        UqlError    err   = { 0 };
        Value       result;

        if (!uql_apply(call->arena, in->operations, value_detections(in->predictions), &scope,
                       &result, &err)) {
            return call_fail_query(call, i, &err);
        }
        if (result.type != VALUE_DETECTIONS) {
            return call_fail(call, i, "ValueError", "operations: they must end with detections, "
                             "not with %s", value_type_name((ValueType)result.type));
        }
        emit_detections(call, i, OUT_PREDICTIONS, result.as.detections);
    }
    return true;
}

const Block block_detections_filter_v1 = {
    .type      = "roboflow_core/detections_filter@v1",
    .aliases   = { "DetectionsFilter" },
    .title     = "Detections Filter",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS) | WORK(EXPRESSION),
    .batches   = true,
    .summary   = "Keep the detected objects that meet a condition.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};

const Block block_detections_transformation_v1 = {
    .type      = "roboflow_core/detections_transformation@v1",
    .aliases   = { "DetectionsTransformation" },
    .title     = "Detections Transformation",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS) | WORK(EXPRESSION),
    .batches   = true,
    .summary   = "Change, sort or choose detected objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
