/*
 * bounding_rect - the smallest rectangle around every object, turned as the object is.
 *
 * The rectangle takes the place of the mask and the box; its corners, sides and angle are
 * told beside them.
 */
#include <math.h>

#include "blocks/block.h"
#include "vision/min_rect.h"

typedef struct Args {
    const Detections *predictions;
} Args;

static const Field fields[] = {
    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(IS),
      .help = "The objects, with masks." },

    { 0 },
};

enum { OUT_DETECTIONS };

static const Output outputs[] = {
    [OUT_DETECTIONS] = { "detections_with_rect", KIND(IS),
                         "The objects with 'rect', 'width', 'height' and 'angle'." },
    { 0 },
};

enum { RECT, WIDTH, HEIGHT, ANGLE, COLUMNS };

static const char *const column_names[COLUMNS] = { "rect", "width", "height", "angle" };

typedef struct Rects {
    Box          *boxes;
    Mask         *masks;
    Value        *columns[COLUMNS];
    MaskAllowance left;
} Rects;

/* The nearest number with 11 significant bits, as a half-precision float holds it: the
 * reference keeps sides and angles so. */
static double half_precision(double value)
{
    int exponent;

    (void)frexp(value, &exponent);
    return ldexp(nearbyint(ldexp(value, 11 - exponent)), exponent - 11);
}

static Value corner_list(Arena *arena, const ContourPoint corners[4])
{
    ListBuilder list = list_builder(arena, 4);

    for (int k = 0; k < 4; k++) {
        Value *pair = arena_array(arena, Value, 2);

        if (pair) {
            pair[0] = value_double(corners[k].x);
            pair[1] = value_double(corners[k].y);
            list_add(&list, value_list(pair, 2));
        }
    }
    return list_done(&list);
}

static Box box_of(const ContourPoint corners[4])
{
    Box box = { corners[0].x, corners[0].y, corners[0].x, corners[0].y };

    for (int k = 1; k < 4; k++) {
        box = (Box){ fmin(box.x1, corners[k].x), fmin(box.y1, corners[k].y),
                     fmax(box.x2, corners[k].x), fmax(box.y2, corners[k].y) };
    }
    return box;
}

/* Corners are cut to whole pixels. */
static bool put_rect(Arena *arena, const Detections *set, int row, const TurnedRect *rect,
                     Rects *out, Error *err)
{
    float        exact[4][2];
    ContourPoint corners[4];

    turned_corners(rect, exact);
    for (int k = 0; k < 4; k++) {
        corners[k] = (ContourPoint){ (int32_t)exact[k][0], (int32_t)exact[k][1] };
    }
    out->boxes[row]           = box_of(corners);
    out->columns[RECT][row]   = corner_list(arena, corners);
    out->columns[WIDTH][row]  = value_double(half_precision(rect->width));
    out->columns[HEIGHT][row] = value_double(half_precision(rect->height));
    out->columns[ANGLE][row]  = value_double(half_precision(rect->angle));
    return mask_from_polygon(arena, corners, 4, (int32_t)set->image_width,
                             (int32_t)set->image_height, &out->left, &out->masks[row], err);
}

static bool find_rect(Call *call, int i, const Detections *set, int row, Rects *out)
{
    Error      err = { 0 };
    Contour    outline;
    TurnedRect rect;

    if (!cancel_check(call->cancel, &err) ||
        !mask_outline(call->arena, &set->masks[row], &outline, &err)) {
        return call_fail_error(call, i, &err);
    }
    if (outline.count < 3) {
        return call_fail(call, i, "ValueError", "predictions: the mask of detection %d encloses "
                         "nothing", row);
    }
    return (min_rect(call->arena, outline.points, outline.count, &rect, &err) &&
            put_rect(call->arena, set, row, &rect, out, &err)) ||
           call_fail_error(call, i, &err);
}

static bool bound(Call *call, int i, const Detections *set)
{
    size_t      n     = (size_t)MAX(set->count, 1);
    Detections *out   = detections_derive(call->arena, set);
    Rects       rects = { arena_array(call->arena, Box, n), arena_array(call->arena, Mask, n),
                          .left = MASK_ALLOWANCE };

    if (set->count == 0 || !set->masks) {
        return call_fail(call, i, "ValueError", "predictions: there are no masks; this block "
                                                "needs what a segmentation model found");
    }
    for (int c = 0; c < COLUMNS; c++) {
        rects.columns[c] = arena_array(call->arena, Value, n);
    }
    for (int k = 0; k < set->count && !arena_failed(call->arena); k++) {
        if (!find_rect(call, i, set, k, &rects)) {
            return false;
        }
    }
    out->boxes        = rects.boxes;
    out->masks        = rects.masks;
    out->masks_as_rle = false;
    detections_set_column(call->arena, out, TEXT("rle_mask"), NULL);
    for (int c = 0; c < COLUMNS; c++) {
        detections_set_column(call->arena, out, text_of(column_names[c]), rects.columns[c]);
    }
    out->count = arena_failed(call->arena) ? 0 : set->count;
    emit_detections(call, i, OUT_DETECTIONS, out);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (!bound(call, i, in->predictions)) {
            return false;
        }
    }
    return true;
}

const Block block_bounding_rect_v1 = {
    .type      = "roboflow_core/bounding_rect@v1",
    .title     = "Bounding Rectangle",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(DETECTIONS),
    .summary   = "Find the smallest turned rectangle around every object.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
