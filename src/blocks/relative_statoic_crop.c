/*
 * relative_statoic_crop - cut a fixed part out of every picture, in fractions.
 *
 * (The type name's spelling is the reference's.)  Centre and size are fractions
 * of the picture, each rounded to pixels first.  A part that begins left of or
 * above the picture gives nothing; one that ends beyond it is cut off.
 */
#include <math.h>

#include "blocks/block.h"
#include "blocks/static_crop.h"

typedef struct Args {
    Image *image;
    double x_center, y_center, width, height;
} Args;

static const Field fields[] = {
    { "images", IMAGE(Args, image), .alias = "image", .batched = true,
      .help = "The pictures to cut from." },

    { "x_center", NUMBER(Args, x_center), .kinds = KIND(FLOAT01), .range = BETWEEN(0, 1),
      .help = "Where the centre of the part lies, as a fraction of the width." },

    { "y_center", NUMBER(Args, y_center), .kinds = KIND(FLOAT01), .range = BETWEEN(0, 1),
      .help = "Where the centre of the part lies, as a fraction of the height." },

    { "width", NUMBER(Args, width), .kinds = KIND(FLOAT01), .range = BETWEEN(0, 1),
      .help = "Width of the part as a fraction of the picture's." },

    { "height", NUMBER(Args, height), .kinds = KIND(FLOAT01), .range = BETWEEN(0, 1),
      .help = "Height of the part as a fraction of the picture's." },

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
        double      w  = image_width(in->image), h = image_height(in->image);
        Corners     c  = corners_of(nearbyint(w * in->x_center), nearbyint(h * in->y_center),
                                    nearbyint(w * in->width), nearbyint(h * in->height));

        if (!emit_crop(call, i, OUT_CROPS, in->image, c, "relative_static_crop")) {
            return false;
        }
    }
    return true;
}

const Block block_relative_statoic_crop_v1 = {
    .type      = "roboflow_core/relative_statoic_crop@v1",
    .aliases   = { "RelativeStaticCrop" },
    .title     = "Relative Static Crop",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(IMAGE_CROP),
    .batches   = true,
    .summary   = "Cut a fixed part out of every picture, given in fractions of its size.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
