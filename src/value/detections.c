/*
 * detections - sets of found objects: deriving, moving, reading and writing.
 */
#include "value/detections.h"

#include <math.h>

#include "base/text.h"
#include "value/wire.h"
#include "value/wire_image.h"

/* What a detection may carry beyond the fixed columns, in the order in which
 * the reference writes them after detection_id.  Kept as they came. */
static const char *const extra_names[] = {
    "path_deviation", "time_in_zone", "polygon", "angle", "rect", "keypoints", "data", "velocity",
    "speed", "smoothed_velocity", "smoothed_speed", "area_px", "area_converted",
    "nearest_target_distance", "rle_mask", "points",
};

Detections *detections_derive(Arena *arena, const Detections *of)
{
    Detections *set = arena_new(arena, Detections);

    *set = *of;
    return set;
}

/* ---- choosing rows --------------------------------------------------------------- */

/* `count` rows of a column of any type. */
static const void *select_column(Arena *arena, const void *column, size_t size, const int *rows,
                                 int count)
{
    char *chosen = column ? arena_try(arena, (size_t)MAX(count, 1), size) : NULL;

    for (int i = 0; chosen && i < count; i++) {
        memcpy(chosen + (size_t)i * size, (const char *)column + (size_t)rows[i] * size, size);
    }
    return chosen;
}

Detections *detections_select(Arena *arena, const Detections *of, const int *rows, int count)
{
    Detections      *set     = detections_derive(arena, of);
    DetectionColumn *columns = arena_array(arena, DetectionColumn, MAX(of->column_count, 1));

#define SELECT(member) \
    set->member = select_column(arena, of->member, sizeof(*of->member), rows, count)
    SELECT(boxes);
    SELECT(confidences);
    SELECT(class_ids);
    SELECT(class_names);
    SELECT(ids);
    SELECT(tracker_ids);
    SELECT(masks);
    SELECT(keypoints);
#undef SELECT
    for (int c = 0; columns && c < of->column_count; c++) {
        columns[c] = (DetectionColumn){
            of->columns[c].name,
            select_column(arena, of->columns[c].values, sizeof(Value), rows, count) };
    }
    set->columns      = columns;
    set->column_count = columns ? of->column_count : 0;
    set->count        = arena_failed(arena) ? 0 : count;
    return set;
}

const Value *detections_column(const Detections *set, Text name)
{
    for (int c = 0; c < set->column_count; c++) {
        if (text_equal(set->columns[c].name, name)) {
            return set->columns[c].values;
        }
    }
    return NULL;
}

void detections_set_column(Arena *arena, Detections *set, Text name, const Value *values)
{
    DetectionColumn *columns = arena_array(arena, DetectionColumn, set->column_count + 1);
    int              count   = 0;

    for (int c = 0; columns && c < set->column_count; c++) {
        if (!text_equal(set->columns[c].name, name)) {
            columns[count++] = set->columns[c];
        }
    }
    if (columns && values) {
        columns[count++] = (DetectionColumn){ name, values };
    }
    set->columns      = columns;
    set->column_count = columns ? count : 0;
}

Box *detections_own_boxes(Arena *arena, Detections *set)
{
    Box *boxes = arena_array(arena, Box, MAX(set->count, 1));

    if (boxes && set->count > 0) {
        memcpy(boxes, set->boxes, (size_t)set->count * sizeof(*boxes));
    }
    set->boxes = boxes;
    set->count = boxes ? set->count : 0;
    return boxes;
}

static const void *copy_column(Arena *arena, const void *column, int count, size_t size)
{
    void *copy = column ? arena_try(arena, (size_t)MAX(count, 1), size) : NULL;

    if (copy && count > 0) {
        memcpy(copy, column, (size_t)count * size);
    }
    return copy;
}

static const Text *copy_texts(Arena *arena, const Text *texts, int count)
{
    Text *copy = texts ? arena_array(arena, Text, MAX(count, 1)) : NULL;

    for (int i = 0; copy && i < count; i++) {
        copy[i] = arena_text(arena, texts[i]);
    }
    return copy;
}

static const DetectionColumn *copy_extras(Arena *arena, const Detections *of)
{
    DetectionColumn *columns = arena_array(arena, DetectionColumn, MAX(of->column_count, 1));

    for (int c = 0; columns && c < of->column_count; c++) {
        Value *values = arena_array(arena, Value, MAX(of->count, 1));

        for (int i = 0; values && i < of->count; i++) {
            values[i] = value_copy(arena, of->columns[c].values[i]);
        }
        columns[c] = (DetectionColumn){ arena_text(arena, of->columns[c].name), values };
    }
    return columns;
}

Detections *detections_copy(Arena *arena, const Detections *of)
{
    Detections *set = detections_derive(arena, of);
    int         n   = of->count;

    set->boxes       = copy_column(arena, of->boxes, n, sizeof(Box));
    set->confidences = copy_column(arena, of->confidences, n, sizeof(double));
    set->class_ids   = copy_column(arena, of->class_ids, n, sizeof(int64_t));
    set->tracker_ids = copy_column(arena, of->tracker_ids, n, sizeof(int64_t));
    set->class_names = copy_texts(arena, of->class_names, n);
    set->ids         = copy_texts(arena, of->ids, n);
    set->columns     = copy_extras(arena, of);
    set->prediction_type   = arena_text(arena, of->prediction_type);
    set->lineage.parent_id = arena_text(arena, of->lineage.parent_id);
    set->lineage.root_id   = arena_text(arena, of->lineage.root_id);
    if (arena_failed(arena)) {
        set->count = set->column_count = 0;
    }
    return set;
}

const Detections *detections_to_root(Arena *arena, const Detections *of)
{
    const Lineage *from = &of->lineage;
    Detections    *set;
    Box           *boxes;
    double         dx, dy;

    if (!of->has_origin || (text_equal(from->parent_id, from->root_id) &&
                            from->root.offset_x == 0 && from->root.offset_y == 0)) {
        return of;
    }
    set   = detections_derive(arena, of);
    boxes = detections_own_boxes(arena, set);
    dx    = (double)from->root.offset_x;
    dy    = (double)from->root.offset_y;
    for (int i = 0; boxes && i < set->count; i++) {
        boxes[i] = (Box){ boxes[i].x1 + dx, boxes[i].y1 + dy, boxes[i].x2 + dx, boxes[i].y2 + dy };
    }
    set->image_width        = from->root.width;
    set->image_height       = from->root.height;
    set->lineage.parent_id  = from->root_id;
    set->lineage.parent     = (Origin){ 0, 0, from->root.width, from->root.height };
    set->lineage.root       = set->lineage.parent;
    return set;
}

/* ---- reading ------------------------------------------------------------------ */

/* The columns of a set that is being read. */
typedef struct Reading {
    Arena   *arena;
    int      count;
    Box     *boxes;
    double  *confidences;
    int64_t *class_ids, *tracker_ids;
    Text    *class_names, *ids;
    bool     all_tracked;
} Reading;

static bool read_size(const Json *image, const char *key, int64_t *out, Error *err)
{
    const Json *number = json_get(image, key);

    *out = -1;
    if (!number) {
        return fail(err, ERR_INVALID, "image.%s is missing", key);
    }
    if (json_is_number(number)) {
        double size = json_double(number, 0);

        if (!(fabs(size) < 1e15)) {
            return fail(err, ERR_INVALID, "image.%s is out of range", key);
        }
        *out = (int64_t)size;
    } else if (json_is(number, JSON_STRING)) {
        *out = strtoll(json_text(number).at, NULL, 10);
    } else if (!json_is(number, JSON_NULL)) {
        return fail(err, ERR_INVALID, "image.%s is not a number", key);
    }
    return true;
}

static bool required_number(const Json *row, int i, const char *key, double *out, Error *err)
{
    const Json *number = json_get(row, key);

    *out = json_double(number, 0);
    return json_is_number(number) ||
           fail(err, ERR_INVALID, "predictions[%d].%s is not a number", i, key);
}

static bool read_row(Reading *in, int i, const Json *row, Error *err)
{
    double x, y, width, height, class_id;
    char   uuid[UUID_SIZE];

    if (!json_is(row, JSON_OBJECT)) {
        return fail(err, ERR_INVALID, "predictions[%d] is not a dictionary", i);
    }
    if (!required_number(row, i, "x", &x, err) || !required_number(row, i, "y", &y, err) ||
        !required_number(row, i, "width", &width, err) ||
        !required_number(row, i, "height", &height, err) ||
        !required_number(row, i, "class_id", &class_id, err) ||
        !required_number(row, i, "confidence", &in->confidences[i], err)) {
        return false;
    }
    if (!json_is(json_get(row, "class"), JSON_STRING)) {
        return fail(err, ERR_INVALID, "predictions[%d].class is not a text", i);
    }
    in->boxes[i].x1    = x - width / 2;
    in->boxes[i].y1    = y - height / 2;
    in->boxes[i].x2    = in->boxes[i].x1 + width;
    in->boxes[i].y2    = in->boxes[i].y1 + height;
    in->class_ids[i]   = fabs(class_id) < 1e15 ? (int64_t)class_id : 0;
    in->class_names[i] = json_text(json_get(row, "class"));
    in->ids[i]         = json_text(json_get(row, "detection_id"));
    if (!in->ids[i].at) {
        uuid4(uuid);
        in->ids[i] = arena_text(in->arena, text_of(uuid));
    }
    in->tracker_ids[i] = json_int(json_get(row, "tracker_id"), 0);
    in->all_tracked    = in->all_tracked && json_is_number(json_get(row, "tracker_id"));
    return true;
}

/* Extra columns that at least one row has; the others get null. */
static void read_extras(Arena *arena, const Json *rows, Detections *set)
{
    DetectionColumn *columns = arena_array(arena, DetectionColumn, COUNT_OF(extra_names));

    for (size_t c = 0; columns && c < COUNT_OF(extra_names); c++) {
        JsonWalk walk   = json_walk(rows);
        Value   *values = NULL;

        while (json_next(&walk)) {
            const Json *member = json_get(walk.value, extra_names[c]);

            if (member && !values) {
                values = arena_array(arena, Value, set->count);
            }
            if (member && values) {
                values[walk.index] = value_from_json(arena, member);
            }
        }
        if (values) {
            columns[set->column_count++] = (DetectionColumn){ text_of(extra_names[c]), values };
        }
    }
    set->columns = columns;
}

/* Lineage is that of the first row, as the reference reads it. */
static bool read_set_lineage(const Json *first, Text id, Detections *set, Error *err)
{
    const Json *parent = json_get(first, "parent_origin");
    const Json *root   = json_get(first, "root_parent_origin");
    Text        parent_id = json_text(json_get(first, "parent_id"));
    Text        root_id   = json_text(json_get(first, "root_parent_id"));

    set->lineage.parent_id = parent_id.at ? parent_id : id;
    set->lineage.root_id   = root_id.at ? root_id : set->lineage.parent_id;
    if (json_is(parent, JSON_OBJECT) &&
        !wire_read_origin(parent, "parent_origin", &set->lineage.parent, err)) {
        return false;
    }
    if (json_is(root, JSON_OBJECT)) {
        set->has_origin = true;
        return wire_read_origin(root, "root_parent_origin", &set->lineage.root, err);
    }
    return true;
}

static bool reading_open(Reading *in, Arena *arena, int count, Error *err)
{
    size_t rows = (size_t)MAX(count, 1);

    *in = (Reading){ .arena = arena, .count = count, .all_tracked = count > 0 };
    in->boxes       = arena_array(arena, Box, rows);
    in->confidences = arena_array(arena, double, rows);
    in->class_ids   = arena_array(arena, int64_t, rows);
    in->tracker_ids = arena_array(arena, int64_t, rows);
    in->class_names = arena_array(arena, Text, rows);
    in->ids         = arena_array(arena, Text, rows);
    return (in->boxes && in->confidences && in->class_ids && in->tracker_ids &&
            in->class_names && in->ids) ||
           fail(err, ERR_MEMORY, "no memory for %d detections", count);
}

bool detections_read(Arena *arena, const Json *json, Text id, Value *out, Error *err)
{
    const Json *image = json_get(json, "image");
    const Json *rows  = json_get(json, "predictions");
    Detections *set   = arena_new(arena, Detections);
    JsonWalk    walk  = json_walk(rows);
    Reading     in;

    if (!json_is(json, JSON_OBJECT) || !json_is(image, JSON_OBJECT) ||
        !json_is(rows, JSON_ARRAY)) {
        return fail(err, ERR_INVALID, "detections are given as {\"image\": {\"width\", "
                                      "\"height\"}, \"predictions\": [...]}");
    }
    if (json_count(rows) > LIMIT_DETECTIONS) {
        return fail(err, ERR_INVALID, "%zu detections are more than %d", json_count(rows),
                    LIMIT_DETECTIONS);
    }
    if (!read_size(image, "width", &set->image_width, err) ||
        !read_size(image, "height", &set->image_height, err) ||
        !reading_open(&in, arena, (int)json_count(rows), err)) {
        return false;
    }
    while (json_next(&walk)) {
        if (!read_row(&in, (int)walk.index, walk.value, err) ||
            (walk.index == 0 && !read_set_lineage(walk.value, id, set, err))) {
            return false;
        }
    }
    if (in.count == 0) {
        set->lineage.parent_id = set->lineage.root_id = id;
    }
    set->count       = in.count;
    set->boxes       = in.boxes;
    set->confidences = in.confidences;
    set->class_ids   = in.class_ids;
    set->class_names = in.class_names;
    set->ids         = in.ids;
    set->tracker_ids = in.all_tracked ? in.tracker_ids : NULL;
    read_extras(arena, rows, set);
    *out = value_detections(set);
    return true;
}

/* ---- writing ------------------------------------------------------------------ */

static void write_size(JsonWriter *w, const char *key, int64_t size)
{
    json_key(w, key);
    if (size < 0) {
        json_write_null(w);
    } else {
        json_write_int(w, size);
    }
}

static void write_row_lineage(JsonWriter *w, const Lineage *lineage, bool has_origin)
{
    json_key(w, "parent_id");
    json_write_text(w, lineage->parent_id);
    if (has_origin && !text_equal(lineage->parent_id, lineage->root_id)) {
        json_key(w, "parent_origin");
        wire_write_origin(w, &lineage->parent);
        json_key(w, "root_parent_id");
        json_write_text(w, lineage->root_id);
        json_key(w, "root_parent_origin");
        wire_write_origin(w, &lineage->root);
    }
}

static bool write_row(JsonWriter *w, const Detections *set, int i, Error *err)
{
    Box box = set->boxes[i];

    json_begin_object(w);
    json_key(w, "width");
    json_write_double(w, box_width(box));
    json_key(w, "height");
    json_write_double(w, box_height(box));
    json_key(w, "x");
    json_write_double(w, box.x1 + box_width(box) / 2);
    json_key(w, "y");
    json_write_double(w, box.y1 + box_height(box) / 2);
    json_key(w, "confidence");
    json_write_double(w, set->confidences[i]);
    json_key(w, "class_id");
    json_write_int(w, set->class_ids[i]);
    if (set->tracker_ids) {
        json_key(w, "tracker_id");
        json_write_int(w, set->tracker_ids[i]);
    }
    json_key(w, "class");
    json_write_text(w, set->class_names[i]);
    json_key(w, "detection_id");
    json_write_text(w, set->ids[i]);
    for (int c = 0; c < set->column_count; c++) {
        if (!value_is_null(set->columns[c].values[i])) {
            json_key_text(w, set->columns[c].name);
            if (!wire_write(w, set->columns[c].values[i], err)) {
                return false;
            }
        }
    }
    write_row_lineage(w, &set->lineage, set->has_origin);
    json_end_object(w);
    return true;
}

bool detections_write(JsonWriter *w, const Detections *set, Error *err)
{
    json_begin_object(w);
    json_key(w, "image");
    json_begin_object(w);
    write_size(w, "width", set->image_width);
    write_size(w, "height", set->image_height);
    json_end_object(w);
    json_key(w, "predictions");
    json_begin_array(w);
    for (int i = 0; i < set->count; i++) {
        if (!write_row(w, set, i, err)) {
            return false;
        }
    }
    json_end_array(w);
    json_end_object(w);
    return true;
}
