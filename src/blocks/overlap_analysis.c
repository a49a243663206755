/*
 * overlap_analysis - which objects of one prediction lie on those of another.
 *
 * Every pair that shares enough of the first one's area is told.  Shapes are the outlines
 * of masks, or boxes where there are none.
 */
#include <math.h>

#include "blocks/block.h"
#include "vision/overlap.h"
#include "vision/polygon_area.h"

typedef struct Args {
    const Detections *first, *second;
    double            least;
} Args;

static const Field fields[] = {
    { "reference_predictions", DETECTIONS(Args, first), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects whose areas count." },

    { "candidate_predictions", DETECTIONS(Args, second), .kinds = KIND(OD) | KIND(IS),
      .help = "The objects that may lie on them." },

    { "min_overlap", NUMBER(Args, least), .kinds = KIND(FLOAT01), .preset = "0.1",
      .range = BETWEEN(0, 1), .help = "The least share of a reference object's area." },

    { 0 },
};

enum { OUT_OVERLAPS };

static const Output outputs[] = {
    [OUT_OVERLAPS] = { "overlaps", KIND(OVERLAPS), "Every pair with its classes, confidences, "
                                                   "ids and share." },
    { 0 },
};

/* An object's outline and the box around it. */
typedef struct Shape {
    Corner *corners;
    int     count;
    double  area;
    Box     around;
} Shape;

static void finish_shape(Shape *shape)
{
    shape->area   = polygon_area(shape->corners, shape->count);
    shape->around = (Box){ INFINITY, INFINITY, -INFINITY, -INFINITY };
    for (int k = 0; k < shape->count; k++) {
        Corner at = shape->corners[k];

        shape->around = (Box){ fmin(shape->around.x1, at.x), fmin(shape->around.y1, at.y),
                               fmax(shape->around.x2, at.x), fmax(shape->around.y2, at.y) };
    }
}

static int by_key(const void *a, const void *b)
{
    int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;

    return (p > q) - (p < q);
}

static int steps_between(ContourPoint a, ContourPoint b)
{
    return MAX(abs(a.x - b.x), abs(a.y - b.y));
}

/* Every pixel that the outline passes, as one number each. */
static int64_t *passed_pixels(Arena *arena, const Contour *outline, int64_t *count)
{
    int64_t  total = 0, n = 0;
    int64_t *pixels;

    for (int k = 0; k < outline->count; k++) {
        total += steps_between(outline->points[k], outline->points[(k + 1) % outline->count]);
    }
    pixels = arena_array(arena, int64_t, MAX(total, 1));
    for (int k = 0; pixels && k < outline->count; k++) {
        ContourPoint a = outline->points[k], b = outline->points[(k + 1) % outline->count];
        int          dx = (b.x > a.x) - (b.x < a.x), dy = (b.y > a.y) - (b.y < a.y);

        for (int step = 0, steps = steps_between(a, b); step < steps; step++) {
            pixels[n++] = (int64_t)(a.y + dy * step) * INT32_MAX + (a.x + dx * step);
        }
    }
    *count = n;
    return pixels;
}

/* Whether an outline encloses something and touches itself nowhere. */
static bool is_simple(Arena *arena, const Contour *outline)
{
    int64_t  count;
    int64_t *pixels = outline->count < 3 ? NULL : passed_pixels(arena, outline, &count);

    if (!pixels) {
        return false;
    }
    qsort(pixels, (size_t)count, sizeof(*pixels), by_key);
    for (int64_t k = 1; k < count; k++) {
        if (pixels[k] == pixels[k - 1]) {
            return false;
        }
    }
    return true;
}

/* The outline of a mask, or the box where that is none that areas can be told of. */
static bool shape_of(Arena *arena, const Detections *set, int row, Shape *out, Error *err)
{
    Box     box     = set->boxes[row];
    Contour outline = { 0 };
    bool    simple;

    if (set->masks && !mask_outline(arena, &set->masks[row], &outline, err)) {
        return false;
    }
    simple       = set->masks && is_simple(arena, &outline);
    out->count   = simple ? outline.count : 4;
    out->corners = arena_array(arena, Corner, out->count);
    if (!out->corners) {
        return fail(err, ERR_MEMORY, "no memory for an outline of %d corners", out->count);
    }
    for (int k = 0; simple && k < outline.count; k++) {
        out->corners[k] = (Corner){ outline.points[k].x, outline.points[k].y };
    }
    if (!simple) {
        out->corners[0] = (Corner){ box.x1, box.y1 };
        out->corners[1] = (Corner){ box.x2, box.y1 };
        out->corners[2] = (Corner){ box.x2, box.y2 };
        out->corners[3] = (Corner){ box.x1, box.y2 };
    }
    finish_shape(out);
    return true;
}

static Shape *shapes_of(Arena *arena, const Detections *set, Error *err)
{
    Shape *shapes = arena_array(arena, Shape, MAX(set->count, 1));

    if (!shapes) {
        fail(err, ERR_MEMORY, "no memory for %d outlines", set->count);
    }
    for (int k = 0; shapes && k < set->count; k++) {
        if (!shape_of(arena, set, k, &shapes[k], err)) {
            return NULL;
        }
    }
    return shapes;
}

static double shared_area(const Shape *a, const Shape *b)
{
    if (!(a->around.x1 < b->around.x2 && b->around.x1 < a->around.x2 &&
          a->around.y1 < b->around.y2 && b->around.y1 < a->around.y2)) {
        return 0;
    }
    return polygons_shared_area(a->corners, a->count, b->corners, b->count);
}

static Value record(Arena *arena, const Args *in, int i, int j, double ratio)
{
    DictBuilder dict = dict_builder(arena, 7);

    dict_set(&dict, TEXT("reference_class"), value_text(in->first->class_names[i]));
    dict_set(&dict, TEXT("reference_confidence"), value_double(in->first->confidences[i]));
    dict_set(&dict, TEXT("candidate_class"), value_text(in->second->class_names[j]));
    dict_set(&dict, TEXT("candidate_confidence"), value_double(in->second->confidences[j]));
    dict_set(&dict, TEXT("overlap_ratio"), value_double(ratio));
    dict_set(&dict, TEXT("reference_detection_id"), value_text(in->first->ids[i]));
    dict_set(&dict, TEXT("candidate_detection_id"), value_text(in->second->ids[j]));
    return dict_done(&dict);
}

/* Whether two objects share anything at all: pixels of masks, or area of boxes where not
 * both have masks. */
static bool share(const Args *in, int i, int j)
{
    return in->first->masks && in->second->masks
               ? masks_meet(&in->first->masks[i], &in->second->masks[j])
               : box_intersection(in->first->boxes[i], in->second->boxes[j]) > 0;
}

static void add_pairs(Call *call, const Args *in, int i, const Shape *first, const Shape *second,
                      ListBuilder *list)
{
    for (int j = 0; j < in->second->count && first[i].area > 0; j++) {
        double ratio;

        if (!share(in, i, j)) {
            continue;
        }
        ratio = shared_area(&first[i], &second[j]) / first[i].area;
        if (ratio >= in->least) {
            list_add(list, record(call->arena, in, i, j, ratio));
        }
    }
}

static bool analyse(Call *call, int element, const Args *in)
{
    Error       err    = { 0 };
    Shape      *first  = shapes_of(call->arena, in->first, &err);
    Shape      *second = first ? shapes_of(call->arena, in->second, &err) : NULL;
    ListBuilder list   = list_builder(call->arena, 8);

    if (!second) {
        return call_fail_error(call, element, &err);
    }
    for (int i = 0; i < in->first->count && !arena_failed(call->arena); i++) {
        if (!cancel_check(call->cancel, &err)) {
            return call_fail_error(call, element, &err);
        }
        add_pairs(call, in, i, first, second, &list);
    }
    emit_value(call, element, OUT_OVERLAPS, list_done(&list));
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!analyse(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_overlap_analysis_v1 = {
    .type      = "roboflow_core/overlap_analysis@v1",
    .aliases   = { "OverlapAnalysis" },
    .title     = "Overlap Analysis",
    .category  = CATEGORY_ANALYTICS,
    .work      = WORK(DETECTIONS),
    .summary   = "Tell which objects of one prediction lie on those of another.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
