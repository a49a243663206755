/*
 * detections_write - sets of found objects in their wire form.
 *
 * The order of the keys is the reference's.  Columns leave through the conversions
 * that the reference applies to each; a value that one does not take is an error.
 */
#include <math.h>

#include "base/text.h"
#include "value/detections.h"
#include "value/detections_wire.h"
#include "value/wire.h"
#include "value/wire_image.h"

/* Writing one set; `arena` lives for one row. */
typedef struct Writing {
    JsonWriter       *w;
    const Detections *set;
    Arena             arena;
    bool              as_rle;
} Writing;

static const Value *cell(const Writing *out, const char *name, int i)
{
    const Value *values = detections_column(out->set, text_of(name));

    return values ? &values[i] : NULL;
}

/* ---- columns --------------------------------------------------------------------------- */

typedef bool (*CellWriter)(JsonWriter *w, Value value, Error *err);

static bool cell_number(Value value, double *out)
{
    return value_to_double(value, out) ||
           (value.type == VALUE_STRING && text_to_double(value_as_text(value), out));
}

static bool write_list(JsonWriter *w, Value list, CellWriter each, Error *err)
{
    json_begin_array(w);
    for (uint32_t i = 0; i < list.count; i++) {
        if (!each(w, list.as.items[i], err)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static bool is_sequence(Value v)
{
    return v.type == VALUE_LIST || v.type == VALUE_TUPLE;
}

/* Whole numbers, half to even, at any depth of lists; what is not a number becomes
 * the smallest one, as the reference's cast makes it. */
static bool write_whole(JsonWriter *w, Value value, Error *err)
{
    double number = NAN;

    if (is_sequence(value)) {
        return write_list(w, value, write_whole, err);
    }
    if (!value_is_null(value) && !cell_number(value, &number)) {
        return fail(err, ERR_INVALID, "a coordinate is %s, not a number",
                    value_type_name(value.type));
    }
    number = nearbyint(number);
    json_write_int(w, fabs(number) < 0x1p63 ? (int64_t)number : INT64_MIN);
    return true;
}

static bool write_polygon(JsonWriter *w, Value value, Error *err)
{
    return value_is_null(value) ? fail(err, ERR_INVALID, "it is null") : write_whole(w, value, err);
}

static bool write_float(JsonWriter *w, Value value, Error *err)
{
    double number;

    if (!cell_number(value, &number)) {
        return fail(err, ERR_INVALID, "it is %s, not a number", value_type_name(value.type));
    }
    json_write_double(w, number);
    return true;
}

static bool write_floats(JsonWriter *w, Value value, Error *err)
{
    return is_sequence(value) ? write_list(w, value, write_floats, err)
                              : write_float(w, value, err);
}

static bool write_float_or_null(JsonWriter *w, Value value, Error *err)
{
    if (value_is_null(value)) {
        json_write_null(w);
        return true;
    }
    return write_float(w, value, err);
}

static bool write_vector(JsonWriter *w, Value value, Error *err)
{
    if (value_is_null(value) || value.type == VALUE_DICT) {
        return fail(err, ERR_INVALID, "it is %s", value_type_name(value.type));
    }
    return wire_write(w, value, err);
}

static bool write_cell(const Writing *out, const char *name, int i, CellWriter how, Error *err)
{
    const Value *value = cell(out, name, i);

    if (!value) {
        return true;
    }
    json_key(out->w, name);
    return how(out->w, *value, err) || fail_prefix(err, "detection %d, %s", i, name);
}

/* ---- parts of a row ---------------------------------------------------------------------- */

/* A box's own sides, or those of the rotated rectangle where there is one. */
static bool write_sides(const Writing *out, int i, Error *err)
{
    Box          box    = out->set->boxes[i];
    bool         turned = cell(out, "angle", i) && cell(out, "rect", i);
    const Value *width  = turned ? cell(out, "width", i) : NULL;
    const Value *height = turned ? cell(out, "height", i) : NULL;

    json_key(out->w, "width");
    if (!wire_write(out->w, width ? *width : value_double(fabs(box_width(box))), err)) {
        return false;
    }
    json_key(out->w, "height");
    return wire_write(out->w, height ? *height : value_double(fabs(box_height(box))), err);
}

static void write_point(JsonWriter *w, double x, double y)
{
    json_begin_object(w);
    json_key(w, "x");
    json_write_double(w, x);
    json_key(w, "y");
    json_write_double(w, y);
    json_end_object(w);
}

/* Points of a mask, the last one repeated until there are three. */
static void write_outline(JsonWriter *w, const Contour *outline)
{
    json_begin_array(w);
    for (int k = 0; k < MAX(outline->count, 3); k++) {
        ContourPoint at = outline->points[MIN(k, outline->count - 1)];

        write_point(w, at.x, at.y);
    }
    json_end_array(w);
}

static bool write_given_points(JsonWriter *w, Value polygon, Error *err)
{
    json_begin_array(w);
    for (uint32_t k = 0; k < polygon.count; k++) {
        Value  point = polygon.as.items[k];
        double x, y;

        if (!is_sequence(point) || point.count < 2 || !cell_number(point.as.items[0], &x) ||
            !cell_number(point.as.items[1], &y)) {
            return fail(err, ERR_INVALID, "polygon: point %u is not a list of two numbers", k);
        }
        write_point(w, x, y);
    }
    json_end_array(w);
    return true;
}

/* The outline of a row with a mask; `*covers` is false where there is none. */
static bool find_outline(Writing *out, int i, Contour *outline, bool *covers, Error *err)
{
    const Value *polygon = cell(out, "polygon", i);

    *outline = (Contour){ 0 };
    *covers  = true;
    if (!out->set->masks || out->as_rle ||
        (polygon && is_sequence(*polygon) && polygon->count > 2)) {
        return true;
    }
    if (!mask_outline(&out->arena, &out->set->masks[i], outline, err)) {
        return false;
    }
    *covers = outline->count > 0;
    return true;
}

static bool write_points(Writing *out, int i, const Contour *outline, Error *err)
{
    if (!out->set->masks || out->as_rle) {
        return true;
    }
    json_key(out->w, "points");
    if (outline->count > 0) {
        write_outline(out->w, outline);
        return true;
    }
    return write_given_points(out->w, *cell(out, "polygon", i), err);
}

static void write_lineage(const Writing *out, int i)
{
    const Lineage *lineage = out->set->lineages ? &out->set->lineages[i] : &out->set->lineage;
    JsonWriter    *w       = out->w;

    if (out->set->unrelated) {
        return;
    }
    json_key(w, "parent_id");
    json_write_text(w, lineage->parent_id);
    if (text_equal(lineage->parent_id, lineage->root_id)) {
        return;
    }
    if (lineage->parent.width > 0) {
        json_key(w, "parent_origin");
        wire_write_origin(w, &lineage->parent);
    }
    json_key(w, "root_parent_id");
    json_write_text(w, lineage->root_id);
    if (out->set->has_origin) {
        json_key(w, "root_parent_origin");
        wire_write_origin(w, &lineage->root);
    }
}

/* As many key points as have a name: rows are padded with nameless ones. */
static void write_keypoints(const Writing *out, int i)
{
    KeyPoints   row   = out->set->keypoints ? out->set->keypoints[i] : (KeyPoints){ 0 };
    JsonWriter *w     = out->w;
    int         count = 0;

    if (!out->set->keypoints) {
        return;
    }
    for (int k = 0; k < row.count; k++) {
        count += row.points[k].class_name.length > 0;
    }
    json_key(w, "keypoints");
    json_begin_array(w);
    for (int k = 0; k < count; k++) {
        json_begin_object(w);
        json_key(w, "class_id");
        json_write_int(w, row.points[k].class_id);
        json_key(w, "class");
        json_write_text(w, row.points[k].class_name);
        json_key(w, "confidence");
        json_write_double(w, row.points[k].confidence);
        json_key(w, "x");
        json_write_double(w, row.points[k].x);
        json_key(w, "y");
        json_write_double(w, row.points[k].y);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool write_rle(const Writing *out, int i, Error *err)
{
    const Value *given = cell(out, "rle_mask", i);

    if (!out->as_rle) {
        return true;
    }
    json_key(out->w, "rle_mask");
    if (given) {
        return wire_write(out->w, *given, err);
    }
    mask_write_rle(out->w, &out->set->masks[i], out->set->image_width, out->set->image_height);
    return true;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void write_known(const Writing *out, int i)
{
    Box         box = out->set->boxes[i];
    JsonWriter *w   = out->w;

    json_key(w, "x");
    json_write_double(w, box.x1 + fabs(box_width(box)) / 2);
    json_key(w, "y");
    json_write_double(w, box.y1 + fabs(box_height(box)) / 2);
    json_key(w, "confidence");
    json_write_double(w, out->set->confidences[i]);
    json_key(w, "class_id");
    json_write_int(w, out->set->class_ids[i]);
}

static void write_names(const Writing *out, int i)
{
    if (out->set->tracker_ids) {
        json_key(out->w, "tracker_id");
        json_write_int(out->w, out->set->tracker_ids[i]);
    }
    json_key(out->w, "class");
    json_write_text(out->w, out->set->class_names[i]);
    json_key(out->w, "detection_id");
    json_write_text(out->w, out->set->ids[i]);
}

static bool write_early_cells(const Writing *out, int i, Error *err)
{
    bool turned = cell(out, "angle", i) && cell(out, "rect", i);

    return write_cell(out, "path_deviation", i, wire_write, err) &&
           write_cell(out, "time_in_zone", i, wire_write, err) &&
           write_cell(out, "polygon", i, write_polygon, err) &&
           (!turned || (write_cell(out, "angle", i, wire_write, err) &&
                        write_cell(out, "rect", i, wire_write, err)));
}

static bool write_late_cells(const Writing *out, int i, Error *err)
{
    return write_cell(out, "data", i, wire_write, err) &&
           write_cell(out, "velocity", i, write_vector, err) &&
           write_cell(out, "speed", i, write_floats, err) &&
           write_cell(out, "smoothed_velocity", i, write_vector, err) &&
           write_cell(out, "smoothed_speed", i, write_floats, err) &&
           write_cell(out, "area_px", i, write_float, err) &&
           write_cell(out, "area_converted", i, write_float, err) &&
           write_cell(out, "nearest_target_distance", i, write_float_or_null, err);
}

static bool write_row(Writing *out, int i, Error *err)
{
    Contour outline;
    bool    covers;

    if (!find_outline(out, i, &outline, &covers, err)) {
        return false;
    }
    if (!covers) {
        return true;
    }
    json_begin_object(out->w);
    if (!write_sides(out, i, err)) {
        return false;
    }
    write_known(out, i);
    if (!write_points(out, i, &outline, err)) {
        return false;
    }
    write_names(out, i);
    if (!write_early_cells(out, i, err)) {
        return false;
    }
    write_lineage(out, i);
    write_keypoints(out, i);
    if (!write_late_cells(out, i, err) || !write_rle(out, i, err)) {
        return false;
    }
    json_end_object(out->w);
    return true;
}

static void write_size(JsonWriter *w, const char *key, int64_t size)
{
    json_key(w, key);
    if (size == -1) {
        json_write_null(w);
    } else {
        json_write_int(w, size);
    }
}

static bool write_set(JsonWriter *w, const Detections *set, bool as_rle, Error *err)
{
    Writing out = { .w = w, .set = set, .as_rle = as_rle };
    bool    ok  = true;

    json_begin_object(w);
    json_key(w, "image");
    json_begin_object(w);
    write_size(w, "width", set->image_width);
    write_size(w, "height", set->image_height);
    json_end_object(w);
    json_key(w, "predictions");
    json_begin_array(w);
    arena_init(&out.arena, LIMIT_RUN_MEMORY);
    for (int i = 0; ok && i < set->count; i++) {
        ok = write_row(&out, i, err);
        arena_reset(&out.arena);
    }
    arena_fini(&out.arena);
    json_end_array(w);
    json_end_object(w);
    return ok;
}

bool detections_write(JsonWriter *w, const Detections *set, Error *err)
{
    return write_set(w, set, false, err);
}

bool detections_write_rle(JsonWriter *w, const Detections *set, Error *err)
{
    if (set->count > 0 && !detections_column(set, TEXT("rle_mask")) &&
        !(set->masks && set->masks_as_rle)) {
        return fail(err, ERR_INVALID, "these detections have no masks as run lengths");
    }
    return write_set(w, set, true, err);
}
