/*
 * convert_grayscale - a picture without its colours.
 *
 * The result has one channel, as thresholds want it.  A picture that is gray already
 * is refused: so the reference does.
 */
#include "blocks/gray.h"

typedef struct Args {
    Image *image;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to make gray." },
    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture in gray." },
    { 0 },
};

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        Image      *made = NULL;

        if (!gray_from_colour(call, i, in->image, &made)) {
            return false;
        }
        emit_image(call, i, OUT_IMAGE, made);
    }
    return true;
}

const Block block_convert_grayscale_v1 = {
    .type      = "roboflow_core/convert_grayscale@v1",
    .title     = "Image Convert Grayscale",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Make a picture gray.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
