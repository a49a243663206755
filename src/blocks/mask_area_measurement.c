/*
 * mask_area_measurement - how much of its picture every object covers.
 *
 * The pixels of an object's mask, or the area of its box where it has none, in
 * pixels and in square units of the user's own.  A scale that is not above zero
 * counts as one pixel a unit.
 */
#include <math.h>

#include "blocks/block.h"

typedef struct Args {
    const Detections *predictions;
    double            scale;
} Args;

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(IS) | KIND(OD),
      .batched = true, .help = "The objects to measure." },

    { "pixels_per_unit", NUMBER(Args, scale), .kinds = KIND(FLOAT), .preset = "1.0",
      .help = "How many pixels one unit of length is long." },

    { 0 },
};

enum { OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_PREDICTIONS] = { "predictions", KIND(OD) | KIND(IS),
                          "The same objects with 'area_px' and 'area_converted'." },
    { 0 },
};

static double area_of(const Detections *set, int k)
{
    int64_t covered = set->masks ? mask_area(&set->masks[k]) : 0;

    return covered > 0 ? (double)covered : box_width(set->boxes[k]) * box_height(set->boxes[k]);
}

static const Detections *measured(Arena *arena, const Detections *set, double unit_area)
{
    Detections *out       = detections_derive(arena, set);
    Value      *pixels    = arena_array(arena, Value, MAX(set->count, 1));
    Value      *converted = arena_array(arena, Value, MAX(set->count, 1));

    for (int k = 0; pixels && converted && k < set->count; k++) {
        double area = area_of(set, k);

        pixels[k]    = value_double(area);
        converted[k] = value_double(area / unit_area);
    }
    detections_set_column(arena, out, TEXT("area_px"), pixels);
    detections_set_column(arena, out, TEXT("area_converted"), converted);
    return out;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        double      scale = in->scale > 0 ? in->scale : 1;

        if (isinf(scale * scale)) {
            return call_fail(call, i, "OverflowError", "pixels_per_unit: %g is too large", scale);
        }
        emit_detections(call, i, OUT_PREDICTIONS,
                        measured(call->arena, in->predictions, scale * scale));
    }
    return true;
}

const Block block_mask_area_measurement_v1 = {
    .type      = "roboflow_core/mask_area_measurement@v1",
    .title     = "Mask Area Measurement",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(DETECTIONS),
    .summary   = "Measure how much of the picture every object covers.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
