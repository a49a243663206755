/*
 * distance_measurement - how far two objects are apart.
 *
 * The gap between the first boxes of two classes along one axis, in whole pixels, and
 * in centimetres by a known scale or by an object of known size in the picture.  Boxes
 * that overlap, or lie beside each other along the axis, have no gap.
 */
#include <math.h>

#include "blocks/block.h"

enum { HORIZONTAL, VERTICAL };
enum { BY_OBJECT, BY_RATIO };

typedef struct Args {
    const Detections *predictions;
    Text              first, second, reference;
    int               axis, method;
    double            width, height, ratio;
} Args;

static const Choice axes[] = {
    { "horizontal", HORIZONTAL }, { "vertical", VERTICAL }, { 0 },
};

static const Choice methods[] = {
    { "reference object", BY_OBJECT }, { "pixel to centimeter", BY_RATIO }, { 0 },
};

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects." },

    { "object_1_class_name", STRING(Args, first), .help = "The class of the first object." },

    { "object_2_class_name", STRING(Args, second), .help = "The class of the second object." },

    { "reference_axis", CHOICE(Args, axis, axes), .help = "Along which axis to measure." },

    { "calibration_method", CHOICE(Args, method, methods),
      .help = "Where the scale comes from." },

    { "reference_object_class_name", STRING(Args, reference), .kinds = KIND(STRING),
      .preset = "\"reference-object\"", .help = "The class of the object of known size." },

    { "reference_width", NUMBER(Args, width), .kinds = KIND(FLOAT), .preset = "2.5",
      .range = ABOVE(0), .help = "Its width in centimetres." },

    { "reference_height", NUMBER(Args, height), .kinds = KIND(FLOAT), .preset = "2.5",
      .range = ABOVE(0), .help = "Its height in centimetres." },

    { "pixel_ratio", NUMBER(Args, ratio), .kinds = KIND(FLOAT), .preset = "100",
      .range = ABOVE(0), .help = "How many pixels are a centimetre." },

    { 0 },
};

enum { OUT_CENTIMETRES, OUT_PIXELS };

static const Output outputs[] = {
    [OUT_CENTIMETRES] = { "distance_cm", KIND(INTEGER), "The gap in centimetres." },
    [OUT_PIXELS] = { "distance_pixel", KIND(INTEGER), "The gap in pixels." },
    { 0 },
};

/* The first box of a class in whole pixels. */
static bool box_of(const Detections *set, Text class_name, Box *out)
{
    for (int k = 0; k < set->count; k++) {
        if (text_equal(set->class_names[k], class_name)) {
            Box box = set->boxes[k];

            *out = (Box){ nearbyint(box.x1), nearbyint(box.y1), nearbyint(box.x2),
                          nearbyint(box.y2) };
            return true;
        }
    }
    return false;
}

/* The gap between two spans; 0 where they meet. */
static double gap(double a1, double a2, double b1, double b2)
{
    return fmax(fmax(b1 - a2, a1 - b2), 0);
}

/* Whether each end of every box is a number that pixels can be counted by. */
static bool countable(Box box)
{
    double most = fmax(fmax(fabs(box.x1), fabs(box.x2)), fmax(fabs(box.y1), fabs(box.y2)));

    return most < 1e15 && !isnan(box.x1 + box.x2 + box.y1 + box.y2);
}

/* Pixels a centimetre. */
static bool scale_of(Call *call, int i, const Args *in, double *scale)
{
    Box box;

    if (in->method == BY_RATIO) {
        *scale = in->ratio;
        return true;
    }
    if (!box_of(in->predictions, in->reference, &box)) {
        return call_fail(call, i, "ValueError", "reference_object_class_name: no object of class "
                         "'%.*s' was found", SHOW(in->reference));
    }
    *scale = (box_width(box) / in->width + box_height(box) / in->height) / 2;
    return true;
}

static bool measure(Call *call, int i, const Args *in)
{
    double scale = 1, distance;
    Box    a, b;

    if (text_equal(in->first, in->second) || !box_of(in->predictions, in->first, &a) ||
        !box_of(in->predictions, in->second, &b)) {
        return call_fail(call, i, "ValueError", "there must be an object of class '%.*s' and one "
                         "of another class '%.*s'", SHOW(in->first), SHOW(in->second));
    }
    if (!countable(a) || !countable(b)) {
        return call_fail(call, i, "ValueError", "a box of '%.*s' or '%.*s' lies at no pixel",
                         SHOW(in->first), SHOW(in->second));
    }
    if (!scale_of(call, i, in, &scale)) {
        return false;
    }
    distance = in->axis == HORIZONTAL ? gap(a.x1, a.x2, b.x1, b.x2)
                                      : gap(a.y1, a.y2, b.y1, b.y2);
    emit_value(call, i, OUT_CENTIMETRES, distance > 0 ? value_double(distance / scale)
                                                      : value_int(0));
    emit_int(call, i, OUT_PIXELS, (int64_t)distance);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!measure(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_distance_measurement_v1 = {
    .type      = "roboflow_core/distance_measurement@v1",
    .title     = "Distance Measurement",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(DETECTIONS),
    .summary   = "Measure how far two objects are apart.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
