/*
 * threshold - part a picture into dark and bright.
 *
 * By one level for all pixels and channels, by the level that parts it best, or by one
 * that follows the brightness around each pixel.  The last two look at gray pictures only.
 */
#include "blocks/gray.h"
#include "image/threshold.h"

enum { ADAPTIVE_MEAN = THRESHOLD_TO_ZERO_INVERSE + 1, ADAPTIVE_GAUSSIAN, OTSU };

enum { BELOW = 2 };       /* how much darker than its surroundings is dark */

typedef struct Args {
    Image  *image;
    int     kind;
    int64_t level, most;
} Args;

static const Choice kinds[] = {
    { "binary",            THRESHOLD_BINARY },
    { "binary_inv",        THRESHOLD_BINARY_INVERSE },
    { "trunc",             THRESHOLD_TRUNCATE },
    { "tozero",            THRESHOLD_TO_ZERO },
    { "tozero_inv",        THRESHOLD_TO_ZERO_INVERSE },
    { "adaptive_mean",     ADAPTIVE_MEAN },
    { "adaptive_gaussian", ADAPTIVE_GAUSSIAN },
    { "otsu",              OTSU },
    { 0 },
};

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to part." },

    { "threshold_type", CHOICE(Args, kind, kinds), .kinds = KIND(STRING), .preset = "\"binary\"",
      .help = "What becomes of pixels above and below the level, and where the level comes "
              "from." },

    { "thresh_value", INTEGER(Args, level), .kinds = KIND(INTEGER),
      .help = "The level: what is above it is bright. Adaptive thresholds and Otsu's find their "
              "own." },

    { "max_value", INTEGER(Args, most), .kinds = KIND(INTEGER), .preset = "255",
      .help = "What bright pixels become." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture, parted." },
    { 0 },
};

static bool apply(Call *call, const Args *in, Plane to, Error *err)
{
    Plane  from     = image_plane(in->image);
    int    channels = image_channels(in->image);
    double most     = (double)in->most;

    switch (in->kind) {
    case ADAPTIVE_MEAN:
    case ADAPTIVE_GAUSSIAN:
        if (!plane_surroundings(from, to, in->kind == ADAPTIVE_GAUSSIAN, call->cancel, err)) {
            return false;
        }
        plane_adapt(from, to, BELOW, most);
        return true;
    case OTSU:
        plane_threshold(from, to, channels, THRESHOLD_BINARY, threshold_otsu(from), most);
        return true;
    default:
        plane_threshold(from, to, channels, (Threshold)in->kind, (double)in->level, most);
        return true;
    }
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        Error       err  = { 0 };
        Image      *made;

        if (in->kind >= ADAPTIVE_MEAN && image_channels(in->image) != 1) {
            return call_fail(call, i, "error", "image: threshold_type '%s' takes a gray picture; "
                             "put a convert_grayscale step before it", kinds[in->kind].name);
        }
        made = image_replace(in->image, image_width(in->image), image_height(in->image),
                             image_channels(in->image), &err);
        if (!made) {
            return call_fail_error(call, i, &err);
        }
        if (!apply(call, in, own_plane(made), &err)) {
            image_unref(made);
            return call_fail_error(call, i, &err);
        }
        emit_image(call, i, OUT_IMAGE, made);
    }
    return true;
}

const Block block_threshold_v1 = {
    .type      = "roboflow_core/threshold@v1",
    .title     = "Image Threshold",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Part a picture into dark and bright.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
