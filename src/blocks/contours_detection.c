/*
 * contours_detection - the outlines of what is not black.
 *
 * Only outer ones, at the pixels where they turn.  Gray is enough to be seen, so a
 * picture that was not parted by a threshold before is mostly one outline.
 */
#include "blocks/gray.h"
#include "image/contour.h"
#include "image/raster.h"

enum { THICKNESS_MOST = 32767 };

typedef struct Args {
    Image  *image;
    int64_t thickness;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images",
      .help = "The picture to look at, best one after a threshold." },

    { "line_thickness", INTEGER(Args, thickness), .kinds = KIND(INTEGER), .preset = "3",
      .help = "How thick outlines are drawn, in pixels; below 0 they are filled." },

    { 0 },
};

enum { OUT_IMAGE, OUT_CONTOURS, OUT_HIERARCHY, OUT_COUNT };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture in gray, its outlines drawn in magenta." },
    [OUT_CONTOURS] = { "contours", KIND(CONTOURS), "The points of every outline." },
    [OUT_HIERARCHY] = { "hierarchy", KIND(ARRAY),
                        "Of every outline the next, the one before, the first child and the "
                        "parent, -1 for none." },
    [OUT_COUNT] = { "number_contours", KIND(INTEGER), "How many there are." },
    { 0 },
};

/* The points as an array of n x 1 x 2. */
static Value points_value(Arena *arena, const Contour *contour)
{
    Array   *array = arena_array(arena, Array, 1);
    int32_t *data  = arena_array(arena, int32_t, 2 * (size_t)contour->count);

    for (int k = 0; data && k < contour->count; k++) {
        data[2 * k]     = contour->points[k].x;
        data[2 * k + 1] = contour->points[k].y;
    }
    if (!array || !data) {
        return value_null();
    }
    *array = (Array){ ARRAY_I32, 3, { contour->count, 1, 2 }, data };
    return (Value){ .type = VALUE_ARRAY, .as.array = array };
}

static Value contours_value(Arena *arena, const Contours *found)
{
    Value *items = arena_array(arena, Value, (size_t)found->count + 1);

    for (int k = 0; items && k < found->count; k++) {
        items[k] = points_value(arena, &found->items[k]);
    }
    return value_list(items, items ? (size_t)found->count : 0);
}

static Value hierarchy_value(Arena *arena, const Contours *found)
{
    Array   *array = arena_array(arena, Array, 1);
    int32_t *data  = arena_array(arena, int32_t, 4 * (size_t)found->count + 1);

    if (found->count == 0 || !array || !data) {
        return value_null();
    }
    for (int k = 0; k < found->count; k++) {
        const Contour *contour = &found->items[k];

        data[4 * k]     = contour->next;
        data[4 * k + 1] = contour->previous;
        data[4 * k + 2] = contour->child;
        data[4 * k + 3] = contour->parent;
    }
    *array = (Array){ ARRAY_I32, 3, { 1, found->count, 4 }, data };
    return (Value){ .type = VALUE_ARRAY, .as.array = array };
}

static bool draw(Arena *arena, Image *out, const Contours *found, int64_t thickness, Error *err)
{
    Pen      pen      = { .thickness = (int)MAX(thickness, -1), .blue = 255, .red = 255 };
    Polygon *polygons = arena_array(arena, Polygon, (size_t)found->count + 1);

    if (!polygons) {
        return fail(err, ERR_MEMORY, "no memory to draw outlines");
    }
    for (int k = 0; k < found->count; k++) {
        const Contour *contour = &found->items[k];

        polygons[k] = (Polygon){ contour->points, contour->count };
        if (thickness >= 0) {
            raster_polyline(out, &pen, contour->points, contour->count, true);
        }
    }
    return thickness >= 0 || found->count == 0 ||
           raster_polygons(out, polygons, found->count, pen.blue, pen.green, pen.red, err);
}

/* Look at a gray picture; `out` is the same in colour, to draw on. */
static bool detect(Call *call, const Image *gray, Image *out, int64_t thickness, Contours *found,
                   Error *err)
{
    return contours_find(call->arena, image_pixels(gray), image_width(gray), image_height(gray),
                         image_stride(gray), CONTOUR_OUTER, found, err) &&
           draw(call->arena, out, found, thickness, err);
}

static bool run_one(Call *call, int i, const Args *in)
{
    Image   *gray = NULL, *out = NULL;
    Contours found = { 0 };
    Error    err   = { 0 };

    if (in->thickness > THICKNESS_MOST) {
        return call_fail(call, i, "error", "line_thickness: %lld is above %d",
                         (long long)in->thickness, THICKNESS_MOST);
    }
    if (!gray_image(call, i, in->image, &gray)) {
        return false;
    }
    if (!colour_image(call, i, gray, &out)) {
        image_unref(gray);
        return false;
    }

    bool done = detect(call, gray, out, in->thickness, &found, &err);
    image_unref(gray);
    if (!done) {
        image_unref(out);
        return call_fail_error(call, i, &err);
    }
    emit_image(call, i, OUT_IMAGE, out);
    emit_value(call, i, OUT_CONTOURS, contours_value(call->arena, &found));
    emit_value(call, i, OUT_HIERARCHY, hierarchy_value(call->arena, &found));
    emit_int(call, i, OUT_COUNT, found.count);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        if (!run_one(call, i, call_args(call, i))) {
            return false;
        }
    }
    return true;
}

const Block block_contours_detection_v1 = {
    .type      = "roboflow_core/contours_detection@v1",
    .title     = "Image Contours",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_ANALYSIS) | WORK(VISUALIZATION),
    .summary   = "Find the outlines of what is not black.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
