/*
 * contrast_equalization - spread the brightness of a picture over its whole range.
 *
 * By stretching what lies between the 2nd and the 98th percentile, by making every
 * level as frequent as another, or by doing that around each place on its own.
 */
#include "blocks/gray.h"
#include "image/threshold.h"
#include "model/contrast.h"

typedef struct Args {
    Image *image;
    int    kind;
} Args;

static const Choice kinds[] = {
    { "Contrast Stretching",    CONTRAST_STRETCHING },
    { "Histogram Equalization", CONTRAST_HISTOGRAM },
    { "Adaptive Equalization",  CONTRAST_ADAPTIVE },
    { 0 },
};

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to work on." },

    { "equalization_type", CHOICE(Args, kind, kinds), .kinds = KIND(STRING),
      .preset = "\"Histogram Equalization\"", .help = "How brightness is spread." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture after it." },
    { 0 },
};

static bool equalize(Plane plane, Contrast how, Error *err)
{
    uint64_t counts[256];
    uint8_t  table[256];

    if (how == CONTRAST_ADAPTIVE) {
        return contrast_adapt(plane, err);
    }
    contrast_count(plane, counts);
    for (int i = 0; plane.pixel == 1 && i < 256; i++) {
        counts[i] /= 3;     /* it counts a gray pixel as the colour that it would be */
    }
    contrast_table(how, counts, table);
    plane_map(plane, plane, plane.pixel == 1 ? 1 : 3, table);
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        Error       err  = { 0 };
        Image      *made = image_copy(in->image, &err);

        if (!made) {
            return call_fail_error(call, i, &err);
        }
        if (!equalize(own_plane(made), (Contrast)in->kind, &err)) {
            image_unref(made);
            return call_fail_error(call, i, &err);
        }
        emit_image(call, i, OUT_IMAGE, made);
    }
    return true;
}

const Block block_contrast_equalization_v1 = {
    .type      = "roboflow_core/contrast_equalization@v1",
    .title     = "Contrast Equalization",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Spread the brightness of a picture over its whole range.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
