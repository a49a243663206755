/*
 * uql_property - what a detection, or each of a set, is like.
 *
 * A list of all differs from one alone as the reference has it: points are rounded
 * whole numbers in lists there and exact tuples here, and what is not known is an
 * error there and null here.
 */
#include <math.h>

#include "value/detections.h"
#include "value/uql_inside.h"
#include "value/wire.h"

typedef enum Property {
    CONFIDENCE, CLASS_NAME, X_MIN, X_MAX, Y_MIN, Y_MAX, SIZE, CLASS_ID, CENTER, TOP_LEFT,
    TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT, IN_OUT, PATH_DEVIATION, POLYGON, TIME_IN_ZONE,
    TRACKER_ID, VELOCITY, SPEED, SMOOTHED_VELOCITY, SMOOTHED_SPEED, IMAGE_DIMENSIONS,
    PREDICTION_TYPE, KEYPOINTS_XY, RECT, WIDTH, HEIGHT, ANGLE, AREA_PX, AREA_CONVERTED,
    PROPERTY_COUNT,
} Property;

const char *const uql_property_names[PROPERTY_COUNT + 1] = {
    "confidence", "class_name", "x_min", "x_max", "y_min", "y_max", "size", "class_id", "center",
    "top_left", "top_right", "bottom_left", "bottom_right", "in_out", "path_deviation", "polygon",
    "time_in_zone", "tracker_id", "velocity", "speed", "smoothed_velocity", "smoothed_speed",
    "image_dimensions", "prediction_type", "keypoints_xy", "rect", "width", "height", "angle",
    "area_px", "area_converted",
};

UQL_COMPILE(uql_compile_property)
{
    (void)arena;
    args->mode = uql_compile_choice(json, "property_name", uql_property_names, err);
    return args->mode >= 0;
}

static Value pair(Evaluation *e, Value a, Value b, ValueType type)
{
    Value *items = arena_array(e->arena, Value, 2);
    Value  both  = value_list(items, items ? 2 : 0);

    if (items) {
        items[0] = a;
        items[1] = b;
    }
    both.type = (uint8_t)type;
    return both;
}

static Value point(Evaluation *e, double x, double y, bool rounded)
{
    if (!rounded) {
        return pair(e, value_double(x), value_double(y), VALUE_TUPLE);
    }
    x = isfinite(x) && fabs(x) < 9e18 ? nearbyint(x) : 0;
    y = isfinite(y) && fabs(y) < 9e18 ? nearbyint(y) : 0;
    return pair(e, value_int((int64_t)x), value_int((int64_t)y), VALUE_LIST);
}

static Value anchor(Evaluation *e, Box b, Property property, bool rounded)
{
    switch (property) {
    case CENTER:      return point(e, (b.x1 + b.x2) / 2, (b.y1 + b.y2) / 2, rounded);
    case TOP_LEFT:    return point(e, b.x1, b.y1, rounded);
    case TOP_RIGHT:   return point(e, b.x2, b.y1, rounded);
    case BOTTOM_LEFT: return point(e, b.x1, b.y2, rounded);
    default:          return point(e, b.x2, b.y2, rounded);
    }
}

static Value keypoints_of(Evaluation *e, const KeyPoints *of)
{
    ListBuilder list = list_builder(e->arena, (size_t)of->count);

    for (int i = 0; i < of->count; i++) {
        list_add(&list, pair(e, value_double(of->points[i].x), value_double(of->points[i].y),
                             VALUE_LIST));
    }
    return list_done(&list);
}

static Value size_or_null(int64_t size)
{
    return size < 0 ? value_null() : value_int(size);
}

/* What may not be known: false when it is not. */
static bool optional(Evaluation *e, const Detections *set, int row, Property property, bool one,
                     Value *out)
{
    const Value *column = detections_column(set, text_of(uql_property_names[property]));

    if (column) {
        *out = column[row];
        return true;
    }
    switch (property) {
    case TRACKER_ID:
        *out = set->tracker_ids ? value_int(set->tracker_ids[row]) : value_null();
        return set->tracker_ids && !one;
    case PREDICTION_TYPE:
        *out = value_text(set->prediction_type);
        return set->prediction_type.length > 0;
    case KEYPOINTS_XY:
        *out = set->keypoints ? keypoints_of(e, &set->keypoints[row]) : value_null();
        return set->keypoints != NULL;
    case WIDTH:
        *out = value_double(box_width(set->boxes[row]));
        return true;
    case HEIGHT:
        *out = value_double(box_height(set->boxes[row]));
        return true;
    default:
        *out = value_null();
        return false;
    }
}

static bool property_of(Evaluation *e, const Detections *set, int row, Property property, bool one,
                        Value *out)
{
    Box b = set->boxes[row];

    switch (property) {
    case CONFIDENCE: *out = value_double(set->confidences[row]); return true;
    case CLASS_NAME: *out = value_text(set->class_names[row]); return true;
    case CLASS_ID:   *out = value_int(set->class_ids[row]); return true;
    case X_MIN:      *out = value_double(b.x1); return true;
    case X_MAX:      *out = value_double(b.x2); return true;
    case Y_MIN:      *out = value_double(b.y1); return true;
    case Y_MAX:      *out = value_double(b.y2); return true;
    case SIZE:       *out = value_double(box_width(b) * box_height(b)); return true;
    case CENTER:
    case TOP_LEFT:
    case TOP_RIGHT:
    case BOTTOM_LEFT:
    case BOTTOM_RIGHT:
        *out = anchor(e, b, property, !one);
        return true;
    case IMAGE_DIMENSIONS:
        *out = pair(e, size_or_null(set->image_height), size_or_null(set->image_width),
                    VALUE_LIST);
        return true;
    default:
        return optional(e, set, row, property, one, out);
    }
}

UQL_APPLY(uql_properties)
{
    const Detections *set = in.type == VALUE_DETECTIONS ? in.as.detections : NULL;
    Value            *values;

    if (!set) {
        return uql_wrong_type(e, NULL, "detections", in);
    }
    values = arena_array(e->arena, Value, MAX(set->count, 1));
    for (int i = 0; values && i < set->count; i++) {
        if (!property_of(e, set, i, (Property)args->mode, false, &values[i])) {
            return uql_fail(e, UQL_OPERATION, NULL, "the detections have no %s",
                            uql_property_names[args->mode]);
        }
    }
    *out = value_list(values, (size_t)set->count);
    return values || uql_out_of_memory(e);
}

UQL_APPLY(uql_property)
{
    if (in.type != VALUE_DETECTION) {
        return uql_wrong_type(e, NULL, "one detection, as a filter has it in '_'", in);
    }
    if (!property_of(e, in.as.detections, (int)in.count, (Property)args->mode, true, out)) {
        *out = value_null();
    }
    return true;
}

/* The set as it would leave in an answer. */
UQL_APPLY(uql_to_dictionary)
{
    const Json *json = NULL;
    Error       err  = { 0 };
    Buffer      text;
    JsonWriter  w;

    (void)args;
    if (in.type != VALUE_DETECTIONS) {
        return uql_wrong_type(e, NULL, "detections", in);
    }
    buffer_init(&text, LIMIT_RESPONSE_BODY);
    w = json_writer(&text);
    if (detections_write(&w, in.as.detections, &err)) {
        json = json_parse(e->arena, (Text){ text.data, text.length }, JSON_STRICT, &err);
    }
    buffer_fini(&text);
    if (!json) {
        return uql_fail(e, UQL_OPERATION, "ValueError", "the detections have no dictionary: %s",
                        err.text);
    }
    *out = value_from_json(e->arena, json);
    return true;
}
