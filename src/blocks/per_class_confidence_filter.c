/*
 * per_class_confidence_filter - keep the objects that are sure enough for their class.
 *
 * Models are not equally sure of all classes.  Every class may have a threshold of its
 * own; the others share one.
 */
#include "base/text.h"
#include "blocks/sets.h"

typedef struct Args {
    const Detections *predictions;
    Value             thresholds;
    double            otherwise;
} Args;

#define KINDS_FILTERED (KIND(OD) | KIND(IS) | KIND(KP))

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KINDS_FILTERED, .batched = true,
      .help = "The objects to choose from." },

    { "class_thresholds", VALUE(Args, thresholds), .kinds = KIND(DICTIONARY),
      .help = "The least confidence of classes, by name." },

    { "default_threshold", NUMBER(Args, otherwise), .kinds = KIND(FLOAT01), .preset = "0.3",
      .help = "The least confidence of all other classes." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KINDS_FILTERED, "The objects that are sure enough." },
    { 0 },
};

static bool threshold_of(Value value, double *out)
{
    return value_to_double(value, out) ||
           (value.type == VALUE_STRING && text_to_double(value_as_text(value), out));
}

static bool check_thresholds(Value thresholds, Error *err)
{
    double ignored;

    if (thresholds.type != VALUE_DICT) {
        return fail(err, ERR_INVALID, "expected a dictionary of numbers by class, got %s",
                    value_type_name((ValueType)thresholds.type));
    }
    for (uint32_t k = 0; k < thresholds.count; k++) {
        if (!threshold_of(thresholds.as.pairs[k].value, &ignored)) {
            return fail(err, ERR_INVALID, "the threshold of '%.*s' is %s, not a number",
                        SHOW(thresholds.as.pairs[k].key),
                        value_type_name((ValueType)thresholds.as.pairs[k].value.type));
        }
    }
    return true;
}

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    if (value_is_null(in->thresholds) || check_thresholds(in->thresholds, err)) {
        return true;
    }
    snprintf(err->field, sizeof(err->field), "class_thresholds");
    return false;
}

static bool sure_enough(const Args *in, int k)
{
    const Value *own       = value_get(in->thresholds, in->predictions->class_names[k]);
    double       threshold = in->otherwise;

    return (!own || threshold_of(*own, &threshold)) &&
           in->predictions->confidences[k] >= threshold;
}

static bool filter(Call *call, int i, const Args *in)
{
    int              *rows  = arena_array(call->arena, int, MAX(in->predictions->count, 1));
    const Detections *set   = in->predictions;
    Error             err   = { 0 };
    int               count = 0;

    if (!check_thresholds(in->thresholds, &err)) {
        return call_fail(call, i, "AttributeError", "class_thresholds: %s", err.text);
    }
    for (int k = 0; rows && k < set->count; k++) {
        if (sure_enough(in, k)) {
            rows[count++] = k;
        }
    }
    emit_detections(call, i, OUT_PREDICTIONS,
                    set->count > 0 ? rows_chosen(call->arena, set, rows, count) : set);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!filter(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_per_class_confidence_filter_v1 = {
    .type      = "roboflow_core/per_class_confidence_filter@v1",
    .title     = "Per-Class Confidence Filter",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS),
    .batches   = true,
    .summary   = "Keep the detected objects that are sure enough for their class.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .run       = run,
};
