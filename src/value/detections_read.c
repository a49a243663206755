/*
 * detections_read - sets of found objects from their wire form.
 *
 * What is accepted is what the reference's conversions accept: numbers may be
 * texts or booleans, texts anything that can be printed.  A column that the first
 * row has must be in every row; one that it lacks is not looked at.
 */
#include <math.h>

#include "base/text.h"
#include "value/detections.h"
#include "value/detections_wire.h"
#include "value/wire.h"
#include "value/wire_image.h"

const char *const detection_extras[] = {
    "path_deviation", "time_in_zone", "polygon", "angle", "rect", "data", "velocity", "speed",
    "smoothed_velocity", "smoothed_speed", "area_px", "area_converted",
    "nearest_target_distance", NULL,
};

/* Rows that are read, and the set they become. */
typedef struct Reading {
    Arena        *arena;
    const Json  **rows;
    int           count;
    Detections   *set;
    Text          id;
    MaskAllowance left;
} Reading;

/* ---- the set's own ---------------------------------------------------------------- */

/* A width or height: what Python's int() takes. */
static bool read_size(const Json *image, const char *key, int64_t *out, Error *err)
{
    const Json *number = json_get(image, key);

    *out = -1;
    if (!number) {
        return fail(err, ERR_INVALID, "image.%s is missing", key);
    }
    return json_is(number, JSON_NULL) || wire_whole(number, out) ||
           fail(err, ERR_INVALID, "image.%s is not a whole number", key);
}

/* Ids and origins of one row; `*parent` and `*root` tell which origins it has. */
static bool read_lineage(const Reading *in, int i, Lineage *lineage, bool *parent, bool *root,
                         Error *err)
{
    const Json *row           = in->rows[i];
    const Json *parent_id     = json_get(row, "parent_id");
    const Json *root_id       = json_get(row, "root_parent_id");
    const Json *parent_origin = json_get(row, "parent_origin");
    const Json *root_origin   = json_get(row, "root_parent_origin");

    lineage->parent_id = parent_id ? wire_printed(in->arena, parent_id) : in->id;
    lineage->root_id   = root_id ? wire_printed(in->arena, root_id) : in->id;
    *parent = parent_origin && !json_is(parent_origin, JSON_NULL);
    *root   = root_origin && !json_is(root_origin, JSON_NULL);
    return (!*parent || wire_read_origin(parent_origin, "parent_origin", &lineage->parent, err)) &&
           (!*root || wire_read_origin(root_origin, "root_parent_origin", &lineage->root, err));
}

static bool lineage_equal(const Lineage *a, const Lineage *b)
{
    return text_equal(a->parent_id, b->parent_id) && text_equal(a->root_id, b->root_id) &&
           memcmp(&a->parent, &b->parent, sizeof(a->parent)) == 0 &&
           memcmp(&a->root, &b->root, sizeof(a->root)) == 0;
}

/* Origins count only when every row brings them. */
static bool read_lineages(Reading *in, Error *err)
{
    Lineage *rows = arena_array(in->arena, Lineage, MAX(in->count, 1));
    bool     parents = true, roots = true, same = true;

    for (int i = 0; rows && i < in->count; i++) {
        bool parent, root;

        if (!read_lineage(in, i, &rows[i], &parent, &root, err)) {
            return false;
        }
        parents = parents && parent;
        roots   = roots && root;
    }
    for (int i = 0; rows && i < in->count; i++) {
        rows[i].parent = parents ? rows[i].parent : (Origin){ 0 };
        rows[i].root   = roots ? rows[i].root : (Origin){ 0 };
        same = same && lineage_equal(&rows[0], &rows[i]);
    }
    if (rows && in->count > 0) {
        in->set->lineage = rows[0];
    } else {
        in->set->lineage.parent_id = in->set->lineage.root_id = in->id;
    }
    in->set->has_origin = roots && in->count > 0;
    in->set->lineages   = same ? NULL : rows;
    return true;
}

/* ---- fixed columns ------------------------------------------------------------------ */

static bool row_number(const Json *row, int i, const char *key, double *out, Error *err)
{
    const Json *member = json_get(row, key);

    *out = json_is(member, JSON_BOOL) ? json_bool(member, false) : json_double(member, 0);
    return json_is_number(member) || json_is(member, JSON_BOOL) ||
           fail(err, ERR_INVALID, "predictions[%d].%s is not a number", i, key);
}

static bool read_box(const Json *row, int i, Box *box, Error *err)
{
    double x, y, width, height;

    if (!row_number(row, i, "x", &x, err) || !row_number(row, i, "y", &y, err) ||
        !row_number(row, i, "width", &width, err) ||
        !row_number(row, i, "height", &height, err)) {
        return false;
    }
    box->x1 = x - width / 2;
    box->y1 = y - height / 2;
    box->x2 = box->x1 + width;
    box->y2 = box->y1 + height;
    return true;
}

static bool read_names(Reading *in, int i, Text *class_name, Text *id, Error *err)
{
    const Json *class = json_get(in->rows[i], "class");
    const Json *given = json_get(in->rows[i], "detection_id");
    char        uuid[UUID_SIZE];

    if (!class) {
        return fail(err, ERR_INVALID, "predictions[%d].class is missing", i);
    }
    *class_name = wire_printed(in->arena, class);
    if (given) {
        *id = wire_printed(in->arena, given);
        return true;
    }
    uuid4(uuid);
    *id = arena_text(in->arena, text_of(uuid));
    return true;
}

static bool read_fixed(Reading *in, Error *err)
{
    size_t   rows        = (size_t)MAX(in->count, 1);
    Box     *boxes       = arena_array(in->arena, Box, rows);
    double  *confidences = arena_array(in->arena, double, rows);
    int64_t *class_ids   = arena_array(in->arena, int64_t, rows);
    Text    *names       = arena_array(in->arena, Text, rows);
    Text    *ids         = arena_array(in->arena, Text, rows);

    if (!boxes || !confidences || !class_ids || !names || !ids) {
        return fail(err, ERR_MEMORY, "no memory for %d detections", in->count);
    }
    for (int i = 0; i < in->count; i++) {
        const Json *confidence = json_get(in->rows[i], "confidence");

        confidences[i] = NAN;
        if (!read_box(in->rows[i], i, &boxes[i], err) ||
            !read_names(in, i, &names[i], &ids[i], err)) {
            return false;
        }
        if (!confidence ||
            (!json_is(confidence, JSON_NULL) && !wire_number(confidence, &confidences[i]))) {
            return fail(err, ERR_INVALID, "predictions[%d].confidence is not a number", i);
        }
        if (!wire_whole(json_get(in->rows[i], "class_id"), &class_ids[i])) {
            return fail(err, ERR_INVALID, "predictions[%d].class_id is not a whole number", i);
        }
    }
    in->set->boxes       = boxes;
    in->set->confidences = confidences;
    in->set->class_ids   = class_ids;
    in->set->class_names = names;
    in->set->ids         = ids;
    return true;
}

/* Tracker ids count only when every row has one. */
static bool read_trackers(Reading *in, Error *err)
{
    int64_t *ids = arena_array(in->arena, int64_t, MAX(in->count, 1));

    for (int i = 0; ids && i < in->count; i++) {
        const Json *id = json_get(in->rows[i], "tracker_id");

        if (!id || json_is(id, JSON_NULL)) {
            return true;
        }
    }
    for (int i = 0; ids && i < in->count; i++) {
        if (!wire_whole(json_get(in->rows[i], "tracker_id"), &ids[i])) {
            return fail(err, ERR_INVALID, "predictions[%d].tracker_id is not a whole number", i);
        }
    }
    in->set->tracker_ids = in->count > 0 ? ids : NULL;
    return true;
}

/* The sides of rotated rectangles, which leave as they came. */
static void read_rotated_sides(Reading *in)
{
    static const char *const names[] = { "width", "height" };

    if (!detections_column(in->set, TEXT("angle")) || !detections_column(in->set, TEXT("rect"))) {
        return;
    }
    for (size_t c = 0; c < COUNT_OF(names); c++) {
        Value *values = arena_array(in->arena, Value, in->count);

        for (int i = 0; values && i < in->count; i++) {
            values[i] = value_from_json(in->arena, json_get(in->rows[i], names[c]));
        }
        detections_set_column(in->arena, in->set, text_of(names[c]), values);
    }
}

/* Columns that the first row has. */
static bool read_extras(Reading *in, Error *err)
{
    for (int c = 0; in->count > 0 && detection_extras[c]; c++) {
        const char *name = detection_extras[c];
        Value      *values;

        if (!json_get(in->rows[0], name)) {
            continue;
        }
        values = arena_array(in->arena, Value, in->count);
        for (int i = 0; values && i < in->count; i++) {
            const Json *member = json_get(in->rows[i], name);

            if (!member) {
                return fail(err, ERR_INVALID, "predictions[%d].%s is missing; the first "
                            "prediction has it", i, name);
            }
            values[i] = value_from_json(in->arena, member);
        }
        if (values && !column_unify(in->arena, values, in->count, name, err)) {
            return false;
        }
        detections_set_column(in->arena, in->set, text_of(name), values);
    }
    read_rotated_sides(in);
    return true;
}

/* ---- key points ----------------------------------------------------------------------- */

/* A number that becomes a 32-bit float; null is not a number. */
static bool read_float32(const Json *json, double *out)
{
    *out = NAN;
    if (json && !json_is(json, JSON_NULL) && !wire_number(json, out)) {
        return false;
    }
    *out = (double)(float)*out;
    return json != NULL;
}

static bool read_keypoint(const Reading *in, const Json *json, KeyPoint *out)
{
    const Json *class = json_get(json, "class");

    if (!json_is(json, JSON_OBJECT) || !class || !read_float32(json_get(json, "x"), &out->x) ||
        !read_float32(json_get(json, "y"), &out->y) ||
        !read_float32(json_get(json, "confidence"), &out->confidence) ||
        !wire_whole(json_get(json, "class_id"), &out->class_id)) {
        return false;
    }
    out->class_name = wire_printed(in->arena, class);
    return true;
}

static bool read_keypoints_of(const Reading *in, int i, KeyPoints *out, Error *err)
{
    const Json *list   = json_get(in->rows[i], "keypoints");
    size_t      count  = json_count(list);
    JsonWalk    walk   = json_walk(list);
    KeyPoint   *points = arena_array(in->arena, KeyPoint, MAX(count, 1));

    if (list && !json_is(list, JSON_ARRAY) && !(json_is(list, JSON_OBJECT) && count == 0)) {
        return fail(err, ERR_INVALID, "predictions[%d].keypoints is not a list", i);
    }
    while (points && json_next(&walk)) {
        if (!read_keypoint(in, walk.value, &points[walk.index])) {
            return fail(err, ERR_INVALID, "predictions[%d].keypoints[%zu] needs numbers x, y, "
                        "confidence and class_id, and a class", i, walk.index);
        }
    }
    *out = (KeyPoints){ points, points ? (int)count : 0 };
    return true;
}

static bool read_keypoints(Reading *in, Error *err)
{
    KeyPoints *rows;
    size_t     longest = 0;

    if (in->count == 0 || !json_get(in->rows[0], "keypoints")) {
        return true;
    }
    for (int i = 0; i < in->count; i++) {
        longest = MAX(longest, json_count(json_get(in->rows[i], "keypoints")));
    }
    if (longest * (size_t)in->count > LIMIT_KEYPOINTS) {
        return fail(err, ERR_INVALID, "%d detections with up to %zu key points are more than %d",
                    in->count, longest, LIMIT_KEYPOINTS);
    }
    rows = arena_array(in->arena, KeyPoints, in->count);
    for (int i = 0; rows && i < in->count; i++) {
        if (!read_keypoints_of(in, i, &rows[i], err)) {
            return false;
        }
    }
    in->set->keypoints = rows;
    return true;
}

/* ---- masks ------------------------------------------------------------------------------ */

/* A coordinate as the reference's cast to 32 bits leaves it. */
static int32_t corner(double at)
{
    double whole = nearbyint(at);

    return whole >= INT32_MIN && whole <= INT32_MAX ? (int32_t)whole : INT32_MIN;
}

static bool read_polygon(Reading *in, int i, const Json *list, Mask *out, Error *err)
{
    ContourPoint *corners = arena_array(in->arena, ContourPoint, json_count(list));
    JsonWalk      walk    = json_walk(list);

    while (corners && json_next(&walk)) {
        double x, y;

        if (!wire_number(json_get(walk.value, "x"), &x) ||
            !wire_number(json_get(walk.value, "y"), &y) || !isfinite(x) || !isfinite(y)) {
            return fail(err, ERR_INVALID, "predictions[%d].points[%zu] needs finite numbers x "
                        "and y", i, walk.index);
        }
        corners[walk.index] = (ContourPoint){ corner(x), corner(y) };
    }
    if (!corners) {
        return fail(err, ERR_MEMORY, "no memory for a polygon of %zu points", json_count(list));
    }
    return mask_from_polygon(in->arena, corners, (int)json_count(list),
                             (int32_t)MIN(in->set->image_width, INT32_MAX),
                             (int32_t)MIN(in->set->image_height, INT32_MAX), &in->left, out, err);
}

static const Json *row_rle(const Json *row)
{
    const Json *rle = json_get(row, "rle_mask");

    return json_is(rle, JSON_OBJECT) ? rle : json_get(row, "rle");
}

/* The mask of a row; `*found` is false where it has none. */
static bool read_mask(Reading *in, int i, bool *found, Mask *out, Error *err)
{
    const Json *points = json_get(in->rows[i], "points");

    if (!mask_from_rle(in->arena, row_rle(in->rows[i]),
                       (int32_t)MIN(in->set->image_width, INT32_MAX),
                       (int32_t)MIN(in->set->image_height, INT32_MAX), &in->left, found, out,
                       err)) {
        return false;
    }
    if (*found || !points) {
        return true;
    }
    *found = true;
    if (!json_is(points, JSON_ARRAY)) {
        return fail(err, ERR_INVALID, "predictions[%d].points is not a list", i);
    }
    return read_polygon(in, i, points, out, err);
}

/* Run lengths are kept as they came, to leave in the same way. */
static void keep_rle(Reading *in)
{
    Value *values = arena_array(in->arena, Value, MAX(in->count, 1));

    for (int i = 0; values && i < in->count; i++) {
        const Json *rle = json_get(in->rows[i], "rle_mask");

        if (!json_is(rle, JSON_OBJECT)) {
            return;
        }
        values[i] = value_from_json(in->arena, rle);
    }
    if (in->count > 0) {
        detections_set_column(in->arena, in->set, TEXT("rle_mask"), values);
        in->set->masks_as_rle = true;
    }
}

/* Masks count only when every row has one. */
static bool read_masks(Reading *in, Error *err)
{
    Mask *masks = arena_array(in->arena, Mask, MAX(in->count, 1));

    keep_rle(in);
    for (int i = 0; masks && i < in->count; i++) {
        bool found;

        if (in->set->image_width < 0 || in->set->image_height < 0) {
            return json_get(in->rows[i], "points") || row_rle(in->rows[i])
                       ? fail(err, ERR_INVALID, "masks need a picture whose width and height are "
                                                "not negative")
                       : true;
        }
        if (!read_mask(in, i, &found, &masks[i], err)) {
            return false;
        }
        if (!found) {
            return true;
        }
    }
    in->set->masks = in->count > 0 ? masks : NULL;
    return true;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* The number of entries that `points` has; -1 where it is nothing with a length. */
static int64_t points_length(const Json *points)
{
    switch (json_type(points)) {
    case JSON_STRING: return (int64_t)utf8_length(json_text(points));
    case JSON_ARRAY:
    case JSON_OBJECT: return (int64_t)json_count(points);
    default:          return -1;
    }
}

/* Take the rows that count: one whose polygon has fewer than three corners does
 * not, unless it brings run lengths that can be read. */
static bool choose_rows(Reading *in, const Json *list, Error *err)
{
    JsonWalk walk = json_walk(list);

    in->rows = arena_array(in->arena, const Json *, MAX(json_count(list), 1));
    while (in->rows && json_next(&walk)) {
        const Json *points = json_get(walk.value, "points");
        int64_t     length = points ? points_length(points) : 3;
        bool        valid  = length >= 3 || mask_rle_valid(row_rle(walk.value));

        if (!json_is(walk.value, JSON_OBJECT)) {
            return fail(err, ERR_INVALID, "predictions[%zu] is not a dictionary", walk.index);
        }
        if (length < 0 && !valid) {
            return fail(err, ERR_INVALID, "predictions[%zu].points is not a list", walk.index);
        }
        if (valid) {
            in->rows[in->count++] = walk.value;
        }
    }
    return in->rows || fail(err, ERR_MEMORY, "no memory for %zu detections", json_count(list));
}

static bool is_false(const Json *json)
{
    return json_is(json, JSON_NULL) || (json_is(json, JSON_BOOL) && !json_bool(json, false)) ||
           (json_is_number(json) && json_double(json, 0) == 0) ||
           (json_is(json, JSON_STRING) && json_text(json).length == 0) ||
           (json_is(json, JSON_OBJECT) && json_count(json) == 0);
}

/* `predictions` may be missing in any way that Python takes for false. */
static bool check_list(const Json *json, const Json *list, Error *err)
{
    if (!json_is(json, JSON_OBJECT) || !json_is(json_get(json, "image"), JSON_OBJECT) || !list ||
        (!json_is(list, JSON_ARRAY) && !is_false(list))) {
        return fail(err, ERR_INVALID, "detections are given as {\"image\": {\"width\", "
                                      "\"height\"}, \"predictions\": [...]}");
    }
    if (json_count(list) > LIMIT_DETECTIONS) {
        return fail(err, ERR_INVALID, "%zu detections are more than %d", json_count(list),
                    LIMIT_DETECTIONS);
    }
    return true;
}

bool detections_read(Arena *arena, const Json *json, Text id, Value *out, Error *err)
{
    const Json *image = json_get(json, "image");
    const Json *list  = json_get(json, "predictions");
    Detections *set   = arena_new(arena, Detections);
    Reading     in    = { .arena = arena, .set = set, .id = id, .left = MASK_ALLOWANCE };

    if (!check_list(json, list, err) || !read_size(image, "width", &set->image_width, err) ||
        !read_size(image, "height", &set->image_height, err) || !choose_rows(&in, list, err)) {
        return false;
    }
    if (json_is(json_get(image, "width"), JSON_NULL) ||
        json_is(json_get(image, "height"), JSON_NULL)) {
        set->image_width = set->image_height = -1;
        if (in.count > 0) {
            return fail(err, ERR_INVALID, "image.width and image.height are not known");
        }
    }
    if (!read_fixed(&in, err) || !read_lineages(&in, err) || !read_trackers(&in, err) ||
        !read_extras(&in, err) || !read_keypoints(&in, err) || !read_masks(&in, err)) {
        return false;
    }
    set->count = in.count;
    *out = value_detections(set);
    return true;
}
