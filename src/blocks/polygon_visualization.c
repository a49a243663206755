/*
 * polygon_visualization - the outlines of objects.
 *
 * Version 1 looks for outlines only inside an object's box, and draws boxes where there
 * are no masks; version 2 takes whole masks and leaves objects without one alone.
 */
#include "blocks/drawing.h"

typedef struct Args {
    DrawingArgs drawing;
    int64_t     thickness;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(IS) | KIND(RLE)), PALETTE_FIELDS(Args),

    { "thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "2",
      .help = "Width of the lines in pixels." },

    { 0 },
};

/* The part of a mask that lies in a box. */
static void cut_to_box(Mask *mask, size_t *stride, Box box)
{
    int x1 = MAX(pixel_of(box.x1), mask->x), x2 = MIN(pixel_of(box.x2), mask->x + mask->width);
    int y1 = MAX(pixel_of(box.y1), mask->y), y2 = MIN(pixel_of(box.y2), mask->y + mask->height);

    *stride = (size_t)mask->width;
    if (x1 >= x2 || y1 >= y2) {
        *mask = (Mask){ 0 };
        return;
    }
    *mask = (Mask){ x1, y1, x2 - x1, y2 - y1,
                    mask->bits + (size_t)(y1 - mask->y) * *stride + (size_t)(x1 - mask->x) };
}

static bool draw_outline(Arena *arena, const Contour *contour, int x, int y, Image *out,
                         const Args *in, Color color, Error *err)
{
    ContourPoint *points = arena_array(arena, ContourPoint, contour->count);
    Pen           pen;

    if (!points) {
        return fail(err, ERR_MEMORY, "no memory for an outline of %d points", contour->count);
    }
    if (!pen_make(color, in->thickness, 0, &pen, err)) {
        return false;
    }
    for (int i = 0; i < contour->count; i++) {
        points[i] = (ContourPoint){ contour->points[i].x + x, contour->points[i].y + y };
    }
    raster_polyline(out, &pen, points, contour->count, true);
    return true;
}

static bool draw_mask(Call *call, const Mask *mask, size_t stride, Image *out, const Args *in,
                      Color color, Error *err)
{
    Contours all;

    if (mask->width <= 0 || mask->height <= 0) {
        return true;
    }
    if (!contours_find(call->arena, mask->bits, mask->width, mask->height, stride, CONTOUR_TREE,
                       &all, err)) {
        return false;
    }
    for (int i = 0; i < all.count; i++) {
        if (all.items[i].count >= 3 && !draw_outline(call->arena, &all.items[i], mask->x, mask->y,
                                                     out, in, color, err)) {
            return false;
        }
    }
    return true;
}

static bool draw_box(const Args *in, Image *out, Color color, Box box, Error *err)
{
    Pen pen;

    if (!pen_make(color, in->thickness, -INT16_MAX, &pen, err)) {
        return false;
    }
    raster_rectangle(out, &pen, pixel_of(box.x1), pixel_of(box.y1), pixel_of(box.x2),
                     pixel_of(box.y2));
    return true;
}

static bool draw(Call *call, const Args *in, bool in_boxes, Image *out, Error *err)
{
    const Detections *set = in->drawing.predictions;
    RowColors         colors;

    if ((!set->masks && !in_boxes) || set->count == 0) {
        return true;
    }
    if (!row_colors_open(call->arena, &in->drawing.palette, set, &colors, err)) {
        return false;
    }
    for (int i = 0; i < set->count; i++) {
        Mask   mask   = set->masks ? set->masks[i] : (Mask){ 0 };
        size_t stride = (size_t)mask.width;

        if (!cancel_check(call->cancel, err)) {
            return false;
        }
        if (set->masks && in_boxes) {
            cut_to_box(&mask, &stride, set->boxes[i]);
        }
        if (set->masks ? !draw_mask(call, &mask, stride, out, in, row_color(&colors, i), err)
                       : !draw_box(in, out, row_color(&colors, i), set->boxes[i], err)) {
            return false;
        }
    }
    return true;
}

static bool draw_v1(Call *call, const void *args, Image *out, Error *err)
{
    return draw(call, args, true, out, err);
}

static bool draw_v2(Call *call, const void *args, Image *out, Error *err)
{
    return draw(call, args, false, out, err);
}

static bool run_v1(Call *call)
{
    return drawing_run_in_place(call, draw_v1);
}

static bool run_v2(Call *call)
{
    return drawing_run_in_place(call, draw_v2);
}

const Block block_polygon_visualization_v1 = {
    .type      = "roboflow_core/polygon_visualization@v1",
    .aliases   = { "PolygonVisualization" },
    .title     = "Polygon Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw the outlines of objects, or their boxes.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run_v1,
};

const Block block_polygon_visualization_v2 = {
    .type      = "roboflow_core/polygon_visualization@v2",
    .title     = "Polygon Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Draw the outlines of objects.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run_v2,
};
