/*
 * image_slicer - cut a picture into overlapping tiles.
 *
 * Small objects are found better in tiles than in a large picture scaled down
 * (slicing aided hyper inference).  Tiles go left to right, top to bottom.  In
 * version 2 those that would reach over the right or lower edge are moved inside,
 * so that all have one size, and a tile larger than the picture is cut to it; in
 * version 1 they are cut off at the edge.
 */
#include "blocks/block.h"

typedef struct Args {
    Image  *image;
    int64_t width, height;
    double  overlap_x, overlap_y;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images",
      .help = "The picture to cut." },

    { "slice_width", INTEGER(Args, width), .kinds = KIND(INTEGER), .preset = "640",
      .range = ABOVE(0), .help = "Width of a tile in pixels." },

    { "slice_height", INTEGER(Args, height), .kinds = KIND(INTEGER), .preset = "640",
      .range = ABOVE(0), .help = "Height of a tile in pixels." },

    { "overlap_ratio_width", NUMBER(Args, overlap_x), .kinds = KIND(FLOAT01), .preset = "0.2",
      .range = FROM_BELOW(0, 1),
      .help = "Overlap of neighbours, as a fraction of a tile's width." },

    { "overlap_ratio_height", NUMBER(Args, overlap_y), .kinds = KIND(FLOAT01), .preset = "0.2",
      .range = FROM_BELOW(0, 1),
      .help = "Overlap of neighbours, as a fraction of a tile's height." },

    { 0 },
};

enum { OUT_SLICES };

static const Output outputs[] = {
    [OUT_SLICES] = { "slices", KIND(IMAGE), "The tiles, as children of the picture." },
    { 0 },
};

/* Tiles along one axis: their number, and how far apart they begin. */
typedef struct Axis {
    int64_t length, tile, step;
    int     count;
    bool    cut;             /* at the edge; else moved inside */
} Axis;

static Axis axis_of(int64_t length, int64_t tile, double overlap, bool cut)
{
    Axis    axis = { .length = length, .tile = tile, .cut = cut };
    int64_t rest = MAX(length - (cut ? 1 : tile), 0);   /* where another tile may begin */
    int64_t count;

    axis.step = MAX(tile - (int64_t)(overlap * (double)tile), 1);
    count     = 1 + rest / axis.step + (!cut && rest % axis.step > 0);
    axis.count = (int)MIN(count, LIMIT_BATCH_ELEMENTS + 1);
    return axis;
}

/* Where tile k begins, and how long it is. */
static int axis_place(const Axis *axis, int k, int *length)
{
    int64_t tile  = MIN(axis->tile, axis->length);
    int64_t start = k * axis->step;

    if (!axis->cut) {
        start = MIN(start, axis->length - tile);
    }
    *length = (int)MIN(tile, axis->length - start);
    return (int)start;
}

static bool slice(Call *call, int i, const Args *in, const Axis *x, const Axis *y)
{
    for (int k = 0; k < x->count * y->count; k++) {
        Rect   rect;
        char   id[37], name[60];
        Error  err = { 0 };
        Image *tile;

        rect.x = axis_place(x, k % x->count, &rect.width);
        rect.y = axis_place(y, k / x->count, &rect.height);
        call->services->new_id(call->services->context, id);
        snprintf(name, sizeof(name), "image_slice.%s", id);
        tile = image_crop(in->image, rect, text_of(name), true, &err);
        if (!tile) {
            return call_fail_error(call, i, &err);
        }
        emit_child_image(call, i, k, OUT_SLICES, tile);
    }
    return true;
}

static bool run_slices(Call *call, bool cut)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Axis        x  = axis_of(image_width(in->image), in->width, in->overlap_x, cut);
        Axis        y  = axis_of(image_height(in->image), in->height, in->overlap_y, cut);
        int64_t     n  = (int64_t)x.count * y.count;

        if (!emit_children(call, i, (int)MIN(n, INT32_MAX)) || !slice(call, i, in, &x, &y)) {
            return false;
        }
    }
    return true;
}

static bool run_cut(Call *call)
{
    return run_slices(call, true);
}

static bool run_moved(Call *call)
{
    return run_slices(call, false);
}

const Block block_image_slicer_v1 = {
    .type      = "roboflow_core/image_slicer@v1",
    .title     = "Image Slicer",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(IMAGE_CROP),
    .summary   = "Cut a picture into overlapping tiles, smaller ones at the edges.",
    .depth     = 1,
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run_cut,
};

const Block block_image_slicer_v2 = {
    .type      = "roboflow_core/image_slicer@v2",
    .title     = "Image Slicer",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(IMAGE_CROP),
    .summary   = "Cut a picture into overlapping tiles of equal size.",
    .depth     = 1,
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run_moved,
};
