/*
 * absolute_static_crop - cut a fixed part out of every picture, in pixels.
 *
 * The part is given by its centre and size; what lies outside the picture is
 * cut off, and a part that lies outside altogether gives nothing.
 */
#include "blocks/block.h"
#include "blocks/static_crop.h"

typedef struct Args {
    Image  *image;
    int64_t x_center, y_center, width, height;
} Args;

static const Field fields[] = {
    { "images", IMAGE(Args, image), .alias = "image", .batched = true,
      .help = "The pictures to cut from." },

    { "x_center", INTEGER(Args, x_center), .kinds = KIND(INTEGER), .range = ABOVE(0),
      .help = "Where the centre of the part lies, in pixels from the left edge." },

    { "y_center", INTEGER(Args, y_center), .kinds = KIND(INTEGER), .range = ABOVE(0),
      .help = "Where the centre of the part lies, in pixels from the top edge." },

    { "width", INTEGER(Args, width), .kinds = KIND(INTEGER), .range = ABOVE(0),
      .help = "Width of the part in pixels." },

    { "height", INTEGER(Args, height), .kinds = KIND(INTEGER), .range = ABOVE(0),
      .help = "Height of the part in pixels." },

    { 0 },
};

enum { OUT_CROPS };

static const Output outputs[] = {
    [OUT_CROPS] = { "crops", KIND(IMAGE), "The part of each picture, or nothing." },
    { 0 },
};

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        Corners     c  = corners_of((double)in->x_center, (double)in->y_center,
                                    (double)in->width, (double)in->height);

        c.x1 = MAX(c.x1, 0);
        c.y1 = MAX(c.y1, 0);
        if (!emit_crop(call, i, OUT_CROPS, in->image, c, "absolute_static_crop")) {
            return false;
        }
    }
    return true;
}

const Block block_absolute_static_crop_v1 = {
    .type      = "roboflow_core/absolute_static_crop@v1",
    .aliases   = { "AbsoluteStaticCrop" },
    .title     = "Absolute Static Crop",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(IMAGE_CROP),
    .batches   = true,
    .summary   = "Cut a fixed part out of every picture, given in pixels.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
