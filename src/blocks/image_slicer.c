/*
 * image_slicer - cut a picture into overlapping tiles.
 *
 * Small objects are found better in tiles than in a large picture scaled down
 * (slicing aided hyper inference).  Tiles go left to right, top to bottom; those
 * that would reach over the right or lower edge are moved inside, so that all
 * have one size.  A tile larger than the picture is cut to it.
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

/* Tiles along one axis: their number, and where tile k begins. */
typedef struct Axis {
    int64_t length, tile, step;
    int     count;
} Axis;

static Axis axis_of(int64_t length, int64_t tile, double overlap)
{
    Axis axis = { .length = length, .tile = MIN(tile, length) };

    axis.step = MAX(tile - (int64_t)(overlap * (double)tile), 1);
    if (tile < length) {
        int64_t count = (length - tile + axis.step - 1) / axis.step + 1;

        axis.count = (int)MIN(count, LIMIT_BATCH_ELEMENTS + 1);
    } else {
        axis.count = 1;
    }
    return axis;
}

static int axis_start(const Axis *axis, int k)
{
    return (int)MIN(k * axis->step, axis->length - axis->tile);
}

static bool slice(Call *call, int i, const Args *in, const Axis *x, const Axis *y)
{
    for (int k = 0; k < x->count * y->count; k++) {
        Rect   rect = { axis_start(x, k % x->count), axis_start(y, k / x->count), (int)x->tile,
                        (int)y->tile };
        char   id[37], name[60];
        Error  err = { 0 };
        Image *tile;

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

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Axis        x  = axis_of(image_width(in->image), in->width, in->overlap_x);
        Axis        y  = axis_of(image_height(in->image), in->height, in->overlap_y);
        int64_t     n  = (int64_t)x.count * y.count;

        if (!emit_children(call, i, (int)MIN(n, INT32_MAX)) || !slice(call, i, in, &x, &y)) {
            return false;
        }
    }
    return true;
}

const Block block_image_slicer_v2 = {
    .type      = "roboflow_core/image_slicer@v2",
    .title     = "Image Slicer",
    .category  = CATEGORY_TRANSFORM,
    .summary   = "Cut a picture into overlapping tiles of equal size.",
    .depth     = 1,
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
