/*
 * uql_detections - operations on sets of detections that give sets.
 *
 * A set that loses all its objects forgets the size of its picture, as the
 * reference's does; one that was empty before keeps it.
 */
#include <math.h>

#include "value/detections.h"
#include "value/uql_inside.h"

/* The reference tells no place in the chain for most of these. */
static bool wants_set(Evaluation *e, Value in, const Detections **out)
{
    *out = in.type == VALUE_DETECTIONS ? in.as.detections : NULL;
    if (*out) {
        return true;
    }
    e->err->bare = true;
    return uql_wrong_type(e, NULL, "detections", in);
}

static bool give_rows(Evaluation *e, const Detections *set, const int *rows, int count,
                      Value *out)
{
    Detections *chosen = detections_select(e->arena, set, rows, count);

    if (count == 0 && set->count > 0) {
        chosen->image_width = chosen->image_height = -1;
    }
    *out = value_detections(chosen);
    return !arena_failed(e->arena) || uql_out_of_memory(e);
}

static double center_x(Box b)
{
    return (b.x1 + b.x2) / 2;
}

static double center_y(Box b)
{
    return (b.y1 + b.y2) / 2;
}

/* ---- filter ---------------------------------------------------------------------------- */

UQL_COMPILE(uql_compile_filter)
{
    args->statement = uql_compile_statement(arena, json_get(json, "filter_operation"), err);
    return args->statement || fail_prefix(err, "filter_operation");
}

/* The names of the scope with "_" as the row that is looked at. */
static ValuePair *row_scope(Evaluation *e, size_t *count)
{
    ValuePair *names = arena_array(e->arena, ValuePair, e->scope->count + 1);

    *count = 1;
    for (size_t i = 0; names && i < e->scope->count; i++) {
        if (!text_is(e->scope->names[i].key, "_")) {
            names[(*count)++] = e->scope->names[i];
        }
    }
    return names;
}

UQL_APPLY(uql_filter)
{
    const Detections *set;
    UqlScope          scope = { .cancel = e->scope->cancel, .pool = e->scope->pool };
    ValuePair        *names;
    int              *rows, count = 0;

    if (!wants_set(e, in, &set)) {
        return false;
    }
    names = row_scope(e, &scope.count);
    rows  = arena_array(e->arena, int, MAX(set->count, 1));
    if (!names || !rows) {
        return uql_out_of_memory(e);
    }
    scope.names = names;
    for (int i = 0; i < set->count; i++) {
        bool keep;

        names[0] = (ValuePair){ TEXT("_"), value_detection(set, i) };
        if (!cancel_check(scope.cancel, &e->err->error) ||
            !uql_test(e->arena, args->statement, &scope, &keep, e->err)) {
            return false;
        }
        if (keep) {
            rows[count++] = i;
        }
    }
    return give_rows(e, set, rows, count, out);
}

/* ---- select and sort ------------------------------------------------------------------- */

enum { LEFT_MOST, RIGHT_MOST, TOP_CONFIDENCE, FIRST, LAST };

UQL_COMPILE(uql_compile_selection)
{
    static const char *const names[] = { "left_most", "right_most", "top_confidence", "first",
                                         "last", NULL };
    (void)arena;
    args->mode = uql_compile_choice(json, "mode", names, err);
    return args->mode >= 0;
}

/* Positions are those of the centres; of equals the first is taken. */
UQL_APPLY(uql_select)
{
    const Detections *set;
    int               best = 0;

    if (!wants_set(e, in, &set)) {
        return false;
    }
    for (int i = 1; i < set->count; i++) {
        double x = center_x(set->boxes[i]), of_best = center_x(set->boxes[best]);
        bool   better = (args->mode == LEFT_MOST && x < of_best) ||
                        (args->mode == RIGHT_MOST && x > of_best) ||
                        (args->mode == TOP_CONFIDENCE &&
                         set->confidences[i] > set->confidences[best]);

        best = better ? i : best;
    }
    best = args->mode == LAST ? set->count - 1 : best;
    return give_rows(e, set, &best, MIN(set->count, 1), out);
}

enum { BY_CONFIDENCE, BY_X_MIN, BY_X_MAX, BY_Y_MIN, BY_Y_MAX, BY_SIZE, BY_CENTER_X, BY_CENTER_Y };

UQL_COMPILE(uql_compile_sort)
{
    static const char *const names[] = { "confidence", "x_min", "x_max", "y_min", "y_max", "size",
                                         "center_x", "center_y", NULL };
    (void)arena;
    args->mode  = uql_compile_choice(json, "mode", names, err);
    args->start = json_bool(json_get(json, "ascending"), true);
    return args->mode >= 0;
}

static double sort_key(const Detections *set, int row, int mode)
{
    Box b = set->boxes[row];

    switch (mode) {
    case BY_X_MIN:    return b.x1;
    case BY_X_MAX:    return b.x2;
    case BY_Y_MIN:    return b.y1;
    case BY_Y_MAX:    return b.y2;
    case BY_SIZE:     return box_width(b) * box_height(b);
    case BY_CENTER_X: return center_x(b);
    case BY_CENTER_Y: return center_y(b);
    default:          return set->confidences[row];
    }
}

typedef struct SortRow {
    double key;
    int    row;
} SortRow;

/* NaN is greater than every number.  What the reference makes of equals depends on
 * its processor; here they keep their order, and descending is the reverse. */
static int compare_rows(const void *a, const void *b)
{
    const SortRow *p = a, *q = b;

    if (isnan(p->key) != isnan(q->key)) {
        return isnan(p->key) ? 1 : -1;
    }
    if (p->key != q->key && !isnan(p->key)) {
        return p->key < q->key ? -1 : 1;
    }
    return p->row - q->row;
}

UQL_APPLY(uql_sort)
{
    const Detections *set;
    SortRow          *order;
    int              *rows;

    if (!wants_set(e, in, &set)) {
        return false;
    }
    order = arena_array(e->arena, SortRow, MAX(set->count, 1));
    rows  = arena_array(e->arena, int, MAX(set->count, 1));
    if (!order || !rows) {
        return uql_out_of_memory(e);
    }
    for (int i = 0; i < set->count; i++) {
        order[i] = (SortRow){ sort_key(set, i, args->mode), i };
    }
    qsort(order, (size_t)set->count, sizeof(*order), compare_rows);
    for (int i = 0; i < set->count; i++) {
        rows[args->start ? i : set->count - 1 - i] = order[i].row;
    }
    return give_rows(e, set, rows, set->count, out);
}

/* ---- move ------------------------------------------------------------------------------ */

UQL_COMPILE(uql_compile_offset)
{
    (void)arena;
    return uql_compile_integer(json_get(json, "offset_x"), "offset_x", &args->start, err) &&
           uql_compile_integer(json_get(json, "offset_y"), "offset_y", &args->end, err);
}

UQL_COMPILE(uql_compile_shift)
{
    (void)arena;
    return uql_compile_integer(json_get(json, "shift_x"), "shift_x", &args->start, err) &&
           uql_compile_integer(json_get(json, "shift_y"), "shift_y", &args->end, err);
}

/* Every box changed by the same four numbers. */
static bool change_boxes(Evaluation *e, Value in, Box by, Value *out)
{
    const Detections *set;
    Detections       *changed;
    Box              *boxes;

    if (!wants_set(e, in, &set)) {
        return false;
    }
    changed = detections_derive(e->arena, set);
    boxes   = detections_own_boxes(e->arena, changed);
    for (int i = 0; boxes && i < changed->count; i++) {
        boxes[i] = (Box){ boxes[i].x1 + by.x1, boxes[i].y1 + by.y1, boxes[i].x2 + by.x2,
                          boxes[i].y2 + by.y2 };
    }
    *out = value_detections(changed);
    return boxes || uql_out_of_memory(e);
}

/* Half of the offset on either side. */
UQL_APPLY(uql_offset)
{
    double x = (double)args->start / 2, y = (double)args->end / 2;

    return change_boxes(e, in, (Box){ -x, -y, x, y }, out);
}

UQL_APPLY(uql_shift)
{
    double x = (double)args->start, y = (double)args->end;

    return change_boxes(e, in, (Box){ x, y, x, y }, out);
}

/* ---- parents --------------------------------------------------------------------------- */

UQL_COMPILE(uql_compile_parent)
{
    const Json *name = json_get(json, "parent_class");

    args->value = value_text(arena_text(arena, json_text(name)));
    return json_is(name, JSON_STRING) ||
           fail(err, ERR_INVALID, "parent_class is missing or no text");
}

static bool inside_any(const Detections *set, const int *parents, int count, int row)
{
    double x = center_x(set->boxes[row]), y = center_y(set->boxes[row]);

    for (int i = 0; i < count; i++) {
        Box b = set->boxes[parents[i]];

        if (x >= b.x1 && x <= b.x2 && y >= b.y1 && y <= b.y2) {
            return true;
        }
    }
    return false;
}

/* Parents first, then what has its centre in one of them, border included. */
UQL_APPLY(uql_pick)
{
    const Detections *set  = in.type == VALUE_DETECTIONS ? in.as.detections : NULL;
    Text              name = value_as_text(args->value);
    int              *rows, parents = 0, count;

    if (!set) {
        return uql_wrong_type(e, NULL, "detections", in);
    }
    rows = arena_array(e->arena, int, MAX(set->count, 1));
    if (!rows) {
        return uql_out_of_memory(e);
    }
    for (int i = 0; i < set->count; i++) {
        if (text_equal(set->class_names[i], name)) {
            rows[parents++] = i;
        }
    }
    count = parents;
    for (int i = 0; i < set->count; i++) {
        if (!text_equal(set->class_names[i], name)) {
            if (!cancel_check(e->scope->cancel, &e->err->error)) {
                return false;
            }
            if (inside_any(set, rows, parents, i)) {
                rows[count++] = i;
            }
        }
    }
    return give_rows(e, set, rows, count, out);
}
