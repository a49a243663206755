/*
 * anomaly_heatmap_visualization - colour a picture where it is out of the ordinary.
 *
 * A map v of anomaly scores, of whatever size, is squeezed to v / (v + threshold), so
 * that the threshold comes to the middle of the colours, stretched over the picture
 * and blended with it.
 */
#include "blocks/drawing.h"
#include "draw/heat.h"

#include <math.h>

typedef struct Args {
    DrawingArgs drawing;
    Value       map;
    double      threshold;
    int         colors;
    double      opacity;
} Args;

static const Choice color_maps[] = {
    { "ROBOFLOW", HEAT_ROBOFLOW }, { "JET", HEAT_JET }, { "TURBO", HEAT_TURBO },
    { "INFERNO", HEAT_INFERNO }, { "VIRIDIS", HEAT_VIRIDIS }, { "HOT", HEAT_HOT }, { 0 },
};

static const Field fields[] = {
    DRAWING_FIELDS(Args),

    { "anomaly_map", VALUE(Args, map), .kinds = KIND(ARRAY), .selector_only = true,
      .help = "Rows of anomaly scores." },

    { "anomaly_threshold", NUMBER(Args, threshold), .kinds = KIND(FLOAT),
      .help = "The score from which on something counts as an anomaly." },

    { "color_map", CHOICE(Args, colors, color_maps), .kinds = KIND(STRING),
      .preset = "\"ROBOFLOW\"", .help = "The colours; all but ROBOFLOW are opaque." },

    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.75",
      .range = BETWEEN(0, 1), .help = "How much of the colours is seen, from 0 to 1." },

    { 0 },
};

static bool is_list(Value v)
{
    return v.type == VALUE_LIST || v.type == VALUE_TUPLE;
}

/* Where a score lies on the scale of colours; NaN counts as no anomaly. */
static float squeeze(double score, double threshold)
{
    float v = score > 0 ? (float)score : 0;

    if (threshold <= 0 || isinf(v)) {
        return v > 0;
    }
    return v / (v + (float)threshold);
}

static double array_number(const Array *array, int64_t i)
{
    switch (array->type) {
    case ARRAY_U8:  return ((const uint8_t *)array->data)[i];
    case ARRAY_I32: return ((const int32_t *)array->data)[i];
    case ARRAY_I64: return (double)((const int64_t *)array->data)[i];
    case ARRAY_F32: return (double)((const float *)array->data)[i];
    default:        return ((const double *)array->data)[i];
    }
}

/* Rows and columns; false where this is no table of numbers. */
static bool table_size(Value map, int64_t size[2])
{
    if (map.type == VALUE_ARRAY) {
        size[0] = map.as.array->shape[0];
        size[1] = map.as.array->shape[1];
        return map.as.array->rank == 2 && size[0] <= INT32_MAX && size[1] <= INT32_MAX;
    }
    if (!is_list(map) || map.count == 0 || !is_list(map.as.items[0])) {
        return false;
    }
    size[0] = map.count;
    size[1] = map.as.items[0].count;
    for (uint32_t y = 0; y < map.count; y++) {
        if (!is_list(map.as.items[y]) || map.as.items[y].count != size[1]) {
            return false;
        }
    }
    return true;
}

static bool number_at(Value map, const int64_t size[2], int64_t y, int64_t x, double *out)
{
    if (map.type == VALUE_ARRAY) {
        *out = array_number(map.as.array, y * size[1] + x);
        return true;
    }
    *out = 0;
    return value_is_null(map.as.items[y].as.items[x]) ||
           value_to_double(map.as.items[y].as.items[x], out);
}

static bool read_map(Arena *arena, Value map, double threshold, HeatField *out, Error *err)
{
    int64_t size[2];
    float  *at;

    if (!table_size(map, size)) {
        return fail(err, ERR_INVALID, "anomaly_map: expected rows of equally many numbers");
    }
    at = arena_array(arena, float, (size_t)MAX(size[0] * size[1], 1));
    if (!at) {
        return fail(err, ERR_MEMORY, "no memory for an anomaly map of %lld x %lld numbers",
                    (long long)size[1], (long long)size[0]);
    }
    for (int64_t y = 0; y < size[0]; y++) {
        for (int64_t x = 0; x < size[1]; x++) {
            double number;

            if (!number_at(map, size, y, x, &number)) {
                return fail(err, ERR_INVALID, "anomaly_map: row %lld, column %lld is not a number",
                            (long long)y, (long long)x);
            }
            at[y * size[1] + x] = squeeze(number, threshold);
        }
    }
    *out = (HeatField){ at, (int)size[1], (int)size[0] };
    return true;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;
    HeatField   field;

    if (!isfinite(in->threshold)) {
        return fail(err, ERR_INVALID, "anomaly_threshold: %g is not finite", in->threshold);
    }
    return read_map(call->arena, in->map, in->threshold, &field, err) &&
           heat_blend(out, field, (HeatMap)in->colors, in->opacity, call->cancel, err);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        int64_t     size[2];

        if (table_size(in->map, size) && size[0] * size[1] == 0) {
            return call_fail(call, i, "error", "anomaly_map: it holds no numbers");
        }
    }
    return drawing_run_in_place(call, draw);
}

const Block block_anomaly_heatmap_visualization_v1 = {
    .type      = "roboflow_core/anomaly_heatmap_visualization@v1",
    .title     = "Anomaly Heatmap Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Colour a picture where it is out of the ordinary.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
