/*
 * detections - sets of found objects: deriving, choosing, copying, moving.
 */
#include "value/detections.h"

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
    SELECT(lineages);
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

static const Mask *copy_masks(Arena *arena, const Mask *masks, int count)
{
    Mask *copy = masks ? arena_array(arena, Mask, MAX(count, 1)) : NULL;

    for (int i = 0; copy && i < count; i++) {
        copy[i]      = masks[i];
        copy[i].bits = copy_column(arena, masks[i].bits, masks[i].height, (size_t)masks[i].width);
    }
    return copy;
}

static const KeyPoints *copy_keypoints(Arena *arena, const KeyPoints *rows, int count)
{
    KeyPoints *copy = rows ? arena_array(arena, KeyPoints, MAX(count, 1)) : NULL;

    for (int i = 0; copy && i < count; i++) {
        KeyPoint *points = arena_array(arena, KeyPoint, MAX(rows[i].count, 1));

        for (int k = 0; points && k < rows[i].count; k++) {
            points[k]            = rows[i].points[k];
            points[k].class_name = arena_text(arena, points[k].class_name);
        }
        copy[i] = (KeyPoints){ points, points ? rows[i].count : 0 };
    }
    return copy;
}

static const Lineage *copy_lineages(Arena *arena, const Lineage *lineages, int count)
{
    Lineage *copy = lineages ? arena_array(arena, Lineage, MAX(count, 1)) : NULL;

    for (int i = 0; copy && i < count; i++) {
        copy[i]           = lineages[i];
        copy[i].parent_id = arena_text(arena, lineages[i].parent_id);
        copy[i].root_id   = arena_text(arena, lineages[i].root_id);
    }
    return copy;
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
    set->masks       = copy_masks(arena, of->masks, n);
    set->keypoints   = copy_keypoints(arena, of->keypoints, n);
    set->lineages    = copy_lineages(arena, of->lineages, n);
    set->columns     = copy_extras(arena, of);
    set->prediction_type   = arena_text(arena, of->prediction_type);
    set->lineage.parent_id = arena_text(arena, of->lineage.parent_id);
    set->lineage.root_id   = arena_text(arena, of->lineage.root_id);
    if (arena_failed(arena)) {
        set->count = set->column_count = 0;
    }
    return set;
}

/* ---- moving to the root picture --------------------------------------------------- */

/* A way in whole pixels, and the picture it ends in. */
typedef struct Move {
    int64_t dx, dy, width, height;
} Move;

static void move_boxes(Arena *arena, Detections *set, const Move *move)
{
    Box   *boxes = detections_own_boxes(arena, set);
    double dx = (double)move->dx, dy = (double)move->dy;

    for (int i = 0; boxes && i < set->count; i++) {
        boxes[i] = (Box){ boxes[i].x1 + dx, boxes[i].y1 + dy, boxes[i].x2 + dx, boxes[i].y2 + dy };
    }
}

static void move_masks(Arena *arena, Detections *set, const Move *move)
{
    Mask *masks = arena_array(arena, Mask, MAX(set->count, 1));

    for (int i = 0; masks && i < set->count; i++) {
        masks[i] = mask_moved(arena, &set->masks[i], move->dx, move->dy, move->width,
                              move->height);
    }
    set->masks = masks;
}

/* Key points are 32-bit floats in the reference; sums are rounded as there. */
static void move_keypoints(Arena *arena, Detections *set, const Move *move)
{
    KeyPoints *rows = arena_array(arena, KeyPoints, MAX(set->count, 1));

    for (int i = 0; rows && i < set->count; i++) {
        KeyPoints from   = set->keypoints[i];
        KeyPoint *points = arena_array(arena, KeyPoint, MAX(from.count, 1));

        for (int k = 0; points && k < from.count; k++) {
            points[k]   = from.points[k];
            points[k].x = (float)(points[k].x + (double)move->dx);
            points[k].y = (float)(points[k].y + (double)move->dy);
        }
        rows[i] = (KeyPoints){ points, points ? from.count : 0 };
    }
    set->keypoints = rows;
}

/* A list of pairs of numbers, every pair moved; anything else as it is. */
static Value moved_polygon(Arena *arena, Value polygon, const Move *move)
{
    ListBuilder list = list_builder(arena, polygon.count);

    for (uint32_t i = 0; polygon.type == VALUE_LIST && i < polygon.count; i++) {
        Value  point = polygon.as.items[i];
        Value *moved = arena_array(arena, Value, 2);
        double x, y;

        if (point.type != VALUE_LIST || point.count != 2 || !moved ||
            !value_to_double(point.as.items[0], &x) || !value_to_double(point.as.items[1], &y)) {
            return polygon;
        }
        moved[0] = value_double(x + (double)move->dx);
        moved[1] = value_double(y + (double)move->dy);
        list_add(&list, value_list(moved, 2));
    }
    return polygon.type == VALUE_LIST ? list_done(&list) : polygon;
}

static void move_polygons(Arena *arena, Detections *set, const Move *move)
{
    const Value *from   = detections_column(set, TEXT("polygon"));
    Value       *values = from ? arena_array(arena, Value, MAX(set->count, 1)) : NULL;

    for (int i = 0; values && i < set->count; i++) {
        values[i] = moved_polygon(arena, from[i], move);
    }
    if (values) {
        detections_set_column(arena, set, TEXT("polygon"), values);
    }
}

void detections_move(Arena *arena, Detections *set, int64_t dx, int64_t dy, int64_t width,
                     int64_t height)
{
    Move move = { dx, dy, width, height };

    move_boxes(arena, set, &move);
    if (set->masks) {
        move_masks(arena, set, &move);
    }
    if (set->keypoints) {
        move_keypoints(arena, set, &move);
    }
    move_polygons(arena, set, &move);
}

const Detections *detections_to_root(Arena *arena, const Detections *of)
{
    Lineage     from = of->lineages && of->count > 0 ? of->lineages[0] : of->lineage;
    Detections *set;

    if (!of->has_origin || (from.root.offset_x == 0 && from.root.offset_y == 0 &&
                            from.root.width == of->image_width &&
                            from.root.height == of->image_height)) {
        return of;
    }
    set = detections_derive(arena, of);
    detections_move(arena, set, from.root.offset_x, from.root.offset_y, from.root.width,
                    from.root.height);
    set->image_width       = from.root.width;
    set->image_height      = from.root.height;
    set->lineage.root_id   = set->lineage.parent_id = from.root_id;
    set->lineage.parent    = (Origin){ 0, 0, from.root.width, from.root.height };
    set->lineage.root      = set->lineage.parent;
    set->lineages          = NULL;
    return set;
}
