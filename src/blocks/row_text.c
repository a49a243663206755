/*
 * row_text - what a label says about an object.
 */
#include "blocks/row_text.h"

#include <math.h>

#include "base/text.h"

enum {
    TEXT_CLASS, TEXT_CONFIDENCE, TEXT_BOTH, TEXT_INDEX, TEXT_DIMENSIONS, TEXT_AREA,
    TEXT_AREA_MASK, TEXT_AREA_CONVERTED, TEXT_TRACKER, TEXT_TIME, TEXT_COLUMN,
};

const Choice row_text_choices[] = {
    { "Class", TEXT_CLASS },           { "Confidence", TEXT_CONFIDENCE },
    { "Class and Confidence", TEXT_BOTH }, { "Index", TEXT_INDEX },
    { "Dimensions", TEXT_DIMENSIONS }, { "Area", TEXT_AREA },
    { "Area (mask)", TEXT_AREA_MASK }, { "Area (converted)", TEXT_AREA_CONVERTED },
    { "Tracker Id", TEXT_TRACKER },    { "Time In Zone", TEXT_TIME },
    { 0 },
};

static int choice_of(Text what)
{
    for (const Choice *choice = row_text_choices; choice->name; choice++) {
        if (text_is(what, choice->name)) {
            return choice->value;
        }
    }
    return TEXT_COLUMN;
}

/* The value as it stands in an array of the reference, where one broken number makes
 * all of them broken ones. */
static Value in_column(const Detections *set, const Value *column, int row)
{
    Value value = column[row];
    bool  broken = false;

    if (value.type != VALUE_INT) {
        return value;
    }
    for (int i = 0; i < set->count; i++) {
        if (column[i].type != VALUE_INT && column[i].type != VALUE_DOUBLE) {
            return value;
        }
        broken = broken || column[i].type == VALUE_DOUBLE;
    }
    return broken ? value_double((double)value.as.integer) : value;
}

static Text printed(Arena *arena, Value value)
{
    Buffer out;
    Text   text;

    buffer_init(&out, LIMIT_FORMATTED_TEXT);
    value_print(&out, value);
    text = arena_text(arena, (Text){ out.data, out.length });
    buffer_fini(&out);
    return text;
}

static Text area_text(Arena *arena, const Detections *set, int row, const char *column,
                      const char *name)
{
    const Value *values = detections_column(set, text_of(column));
    double       area;

    if (!values || !value_to_double(values[row], &area)) {
        return text_of(arena_printf(arena, "Area (%s): N/A", name));
    }
    return text_of(arena_printf(arena, "Area (%s): %.2f", name, area));
}

static bool time_text(Arena *arena, const Detections *set, int row, Text *out, Error *err)
{
    const Value *values = detections_column(set, TEXT("time_in_zone"));
    Value        value  = values ? in_column(set, values, row) : value_null();
    Text         text;
    double       seconds;

    if (!value_truth(value)) {
        *out = TEXT("In zone: N/A");
        return true;
    }
    if (!value_to_double(value, &seconds)) {
        return fail(err, ERR_INVALID, "the time in the zone is not a number");
    }
    if (value.type == VALUE_DOUBLE && fabs(seconds) < 1e300) {
        value = value_double(nearbyint(seconds * 100) / 100);
    }
    text = printed(arena, value);
    *out = text_of(arena_printf(arena, "In zone: %.*ss", SHOW(text)));
    return true;
}

static int64_t whole(double v)
{
    return isnan(v) ? 0 : (int64_t)fmax(-9e15, fmin(v, 9e15));
}

static Text dimensions_text(Arena *arena, Box box)
{
    return text_of(arena_printf(arena, "%lld, %lld %lldx%lld",
                                (long long)whole((box.x1 + box.x2) / 2),
                                (long long)whole((box.y1 + box.y2) / 2),
                                (long long)whole(box_width(box)),
                                (long long)whole(box_height(box))));
}

/* A column by name: those that every set has, then the others. */
static bool column_value(const Detections *set, int row, Text name, Value *out)
{
    const Value   *column  = detections_column(set, name);
    const Lineage *lineage = set->lineages ? &set->lineages[row] : &set->lineage;

    if (column) {
        *out = in_column(set, column, row);
    } else if (text_is(name, "class_name")) {
        *out = value_text(set->class_names[row]);
    } else if (text_is(name, "detection_id")) {
        *out = value_text(set->ids[row]);
    } else if (text_is(name, "parent_id")) {
        *out = value_text(lineage->parent_id);
    } else if (text_is(name, "root_parent_id")) {
        *out = value_text(lineage->root_id);
    } else if (text_is(name, "prediction_type") && set->prediction_type.length > 0) {
        *out = value_text(set->prediction_type);
    } else {
        return false;
    }
    return out->type != VALUE_LIST && out->type != VALUE_TUPLE;
}

static bool column_text(Arena *arena, const Detections *set, int row, Text name, Text *out,
                        Error *err)
{
    Value value;

    if (!column_value(set, row, name, &value)) {
        return fail(err, ERR_INVALID, "text: the objects have no '%.*s' that could be written",
                    (int)MIN(name.length, 100), name.at);
    }
    *out = value_truth(value) ? printed(arena, value) : TEXT("");
    return true;
}

bool row_text(Arena *arena, const Detections *set, int row, Text what, Text *out, Error *err)
{
    Text   name       = set->class_names[row];
    double confidence = set->confidences[row];
    Box    box        = set->boxes[row];

    switch (choice_of(what)) {
    case TEXT_CLASS:          *out = name; break;
    case TEXT_CONFIDENCE:     *out = text_of(arena_printf(arena, "%.2f", confidence)); break;
    case TEXT_BOTH:
        *out = text_of(arena_printf(arena, "%.*s %.2f", SHOW(name), confidence));
        break;
    case TEXT_INDEX:          *out = text_of(arena_printf(arena, "%d", row)); break;
    case TEXT_DIMENSIONS:     *out = dimensions_text(arena, box); break;
    case TEXT_AREA:
        *out = text_of(arena_printf(arena, "%lld", (long long)(set->masks
                                    ? mask_area(&set->masks[row])
                                    : whole(box_width(box) * box_height(box)))));
        break;
    case TEXT_AREA_MASK:      *out = area_text(arena, set, row, "area_px", "mask"); break;
    case TEXT_AREA_CONVERTED: *out = area_text(arena, set, row, "area_converted", "conv"); break;
    case TEXT_TRACKER:
        *out = set->tracker_ids ? text_of(arena_printf(arena, "%lld",
                                                       (long long)set->tracker_ids[row]))
                                : TEXT("No Tracker ID");
        break;
    case TEXT_TIME:           return time_text(arena, set, row, out, err);
    default:                  return column_text(arena, set, row, what, out, err);
    }
    return true;
}
