/*
 * size_measurement - how large objects are, by one of known size.
 *
 * The known one is the most confident of some reference detections, or a polygon.  An
 * object with a mask is measured along the smallest rectangle around it, at any angle,
 * others along their boxes; each direction has a scale of its own.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/block.h"
#include "vision/min_rect.h"

typedef struct Args {
    const Detections *objects;
    Value             reference;
    Value             dimensions;
} Args;

static const Field fields[] = {
    { "object_predictions", DETECTIONS(Args, objects), .kinds = KIND(IS) | KIND(OD),
      .help = "The objects to measure." },

    { "reference_predictions", VALUE(Args, reference), .kinds = KIND(IS) | KIND(OD) | KIND(LIST),
      .help = "The object of known size: predictions, or a polygon as a list of points." },

    { "reference_dimensions", VALUE(Args, dimensions), .kinds = KIND(STRING) | KIND(LIST),
      .help = "Its width and height, as a list or as 'width,height', in any unit." },

    { 0 },
};

enum { OUT_DIMENSIONS };

static const Output outputs[] = {
    [OUT_DIMENSIONS] = { "dimensions", KIND(LIST),
                         "Width, height, the longer and the shorter of them for every object; "
                         "null without a reference." },
    { 0 },
};

typedef struct Extent {
    double width, height;
} Extent;

/* ---- literals -------------------------------------------------------------------------- */

static bool refuse(Error *err, const char *field, const char *what)
{
    fail(err, ERR_INVALID, "%s is %s", field, what);
    snprintf(err->field, sizeof(err->field), "%s", field);
    return false;
}

static bool check(const StepView *step, Error *err)
{
    const Args *args = step->args;

    if (args->reference.type != VALUE_NULL && args->reference.type != VALUE_LIST) {
        return refuse(err, "reference_predictions", "a list of points");
    }
    if (args->dimensions.type == VALUE_NULL || args->dimensions.type == VALUE_STRING) {
        return true;
    }
    if (args->dimensions.type != VALUE_LIST) {
        return refuse(err, "reference_dimensions", "'width,height' or a list of two numbers");
    }
    for (uint32_t k = 0; k < args->dimensions.count; k++) {
        double number;

        if (!value_to_double(args->dimensions.as.items[k], &number) &&
            !(args->dimensions.as.items[k].type == VALUE_STRING &&
              text_to_double(value_as_text(args->dimensions.as.items[k]), &number))) {
            return refuse(err, "reference_dimensions", "a list of numbers");
        }
    }
    return true;
}

static bool number_of(Value value, double *out)
{
    return value_to_double(value, out) ||
           (value.type == VALUE_STRING && text_to_double(value_as_text(value), out));
}

/* "width,height". */
static bool extent_of_text(Text text, Extent *out)
{
    const char *comma = memchr(text.at, ',', text.length);
    Text        first, second;

    if (!comma) {
        return false;
    }
    first  = (Text){ text.at, (size_t)(comma - text.at) };
    second = (Text){ comma + 1, text.length - first.length - 1 };
    return text_to_double(first, &out->width) &&
           text_to_double(second, &out->height);
}

static bool extent_of_value(Value value, Extent *out)
{
    if (value.type == VALUE_STRING) {
        return extent_of_text(value_as_text(value), out);
    }
    return (value.type == VALUE_LIST || value.type == VALUE_TUPLE) && value.count == 2 &&
           number_of(value.as.items[0], &out->width) && number_of(value.as.items[1], &out->height);
}

/* ---- extents in pixels ------------------------------------------------------------------- */

/* Along the smallest rectangle around an outline; its side nearer to the horizontal is
 * the width.  Nothing where it encloses no area. */
static bool extent_of_outline(Arena *arena, const Contour *outline, Extent *out)
{
    TurnedRect around;

    *out = (Extent){ 0, 0 };
    if (outline->count < 3 || contour_area(outline) == 0) {
        return true;
    }
    if (!min_rect(arena, outline->points, outline->count, &around, NULL)) {
        return false;
    }
    *out = around.angle < 45 ? (Extent){ around.width, around.height }
                             : (Extent){ around.height, around.width };
    return true;
}

static bool extent_of_row(Arena *arena, const Detections *set, int row, Extent *out, Error *err)
{
    Contour outline;

    if (!set->masks) {
        *out = (Extent){ box_width(set->boxes[row]), box_height(set->boxes[row]) };
        return true;
    }
    return mask_outline(arena, &set->masks[row], &outline, err) &&
           (extent_of_outline(arena, &outline, out) ||
            fail(err, ERR_MEMORY, "no memory to measure a mask"));
}

/* A point of a polygon: whole numbers only, as OpenCV's contours have. */
static bool point_of(Value value, ContourPoint *out)
{
    const Value *items = value.as.items;
    const int64_t most = 1 << 29;

    if ((value.type != VALUE_LIST && value.type != VALUE_TUPLE) || value.count != 2 ||
        items[0].type != VALUE_INT || items[1].type != VALUE_INT) {
        return false;
    }
    *out = (ContourPoint){ (int32_t)MIN(MAX(items[0].as.integer, -most), most),
                           (int32_t)MIN(MAX(items[1].as.integer, -most), most) };
    return true;
}

static bool extent_of_polygon(Call *call, int i, Value list, Extent *out)
{
    ContourPoint *points = arena_array(call->arena, ContourPoint, (size_t)list.count + 1);
    Contour       outline = { .points = points, .count = (int)list.count };

    for (uint32_t k = 0; points && k < list.count; k++) {
        if (!point_of(list.as.items[k], &points[k])) {
            return call_fail(call, i, "error", "reference_predictions: a polygon is a list of "
                             "points of two whole numbers, and its point %u is none", k);
        }
    }
    if (!points || !extent_of_outline(call->arena, &outline, out)) {
        return call_fail(call, i, "MemoryError", "no memory to measure a polygon");
    }
    return true;
}

/* The most confident row, the first of equals. */
static int best_row(const Detections *set)
{
    int best = 0;

    for (int k = 1; k < set->count; k++) {
        best = set->confidences[k] > set->confidences[best] ? k : best;
    }
    return best;
}

static bool reference_extent(Call *call, int i, Value reference, Extent *out)
{
    Error err = { 0 };

    *out = (Extent){ 0, 0 };
    if (reference.type == VALUE_LIST || reference.type == VALUE_TUPLE) {
        return reference.count == 0 || extent_of_polygon(call, i, reference, out);
    }
    if (reference.type != VALUE_DETECTIONS) {
        return call_fail(call, i, "ValueError", "reference_predictions is neither predictions nor "
                         "a polygon but a %s", value_type_name((ValueType)reference.type));
    }
    if (reference.as.detections->count > 0 &&
        !extent_of_row(call->arena, reference.as.detections, best_row(reference.as.detections), out,
                       &err)) {
        return call_fail_error(call, i, &err);
    }
    return true;
}

/* ---- sizes --------------------------------------------------------------------------------- */

static Value size_value(Arena *arena, double width, double height)
{
    DictBuilder dict = dict_builder(arena, 4);

    dict_set(&dict, TEXT("width"), value_double(width));
    dict_set(&dict, TEXT("height"), value_double(height));
    dict_set(&dict, TEXT("longer"), value_double(height > width ? height : width));
    dict_set(&dict, TEXT("shorter"), value_double(height < width ? height : width));
    return dict_done(&dict);
}

static bool measure(Call *call, int i, const Args *in, Extent known, Extent pixels)
{
    Value *sizes = arena_array(call->arena, Value, (size_t)in->objects->count + 1);

    for (int k = 0; sizes && k < in->objects->count; k++) {
        Extent extent;
        Error  err = { 0 };

        if (!cancel_check(call->cancel, &err) ||
            !extent_of_row(call->arena, in->objects, k, &extent, &err)) {
            return call_fail_error(call, i, &err);
        }
        sizes[k] = extent.width > 0 && extent.height > 0
                 ? size_value(call->arena, extent.width * (known.width / pixels.width),
                              extent.height * (known.height / pixels.height))
                 : value_null();
    }
    emit_value(call, i, OUT_DIMENSIONS, value_list(sizes, sizes ? (size_t)in->objects->count : 0));
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Extent      known, pixels;

        if (!extent_of_value(in->dimensions, &known)) {
            return call_fail(call, i, "ValueError", "reference_dimensions is neither "
                             "'width,height' nor a list of two numbers");
        }
        if (!reference_extent(call, i, in->reference, &pixels)) {
            return false;
        }
        if (pixels.width > 0 && pixels.height > 0 &&
            !measure(call, i, in, known, pixels)) {
            return false;
        }
    }
    return true;
}

const Block block_size_measurement_v1 = {
    .type      = "roboflow_core/size_measurement@v1",
    .title     = "Size Measurement",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(DETECTIONS),
    .summary   = "Measure objects by one of known size.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .run       = run,
};
