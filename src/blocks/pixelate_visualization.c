/*
 * pixelate_visualization - make what is in the boxes of objects unrecognisable.
 *
 * Each box is scaled down by the pixel size and up again, one after the other.  One
 * with a side below the pixel size becomes its mean colour.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"

#include <math.h>

typedef struct Args {
    DrawingArgs drawing;
    int64_t     pixel_size;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),

    { "pixel_size", INTEGER(Args, pixel_size), .kinds = KIND(INTEGER), .preset = "20",
      .help = "How large the squares become." },

    { 0 },
};

static void fill_mean(Plane part)
{
    int64_t sums[4] = { 0 }, count = (int64_t)part.width * part.height;
    uint8_t mean[4];

    for (int y = 0; y < part.height; y++) {
        const uint8_t *row = part.at + (size_t)y * part.stride;

        for (int i = 0; i < part.width * part.pixel; i++) {
            sums[i % part.pixel] += row[i];
        }
    }
    for (int i = 0; i < part.pixel; i++) {
        mean[i] = (uint8_t)(sums[i] / count);
    }
    for (int y = 0; y < part.height; y++) {
        for (int x = 0; x < part.width; x++) {
            memcpy(part.at + (size_t)y * part.stride + (size_t)x * (size_t)part.pixel, mean,
                   (size_t)part.pixel);
        }
    }
}

/* Through a small picture of the same kind. */
static bool pixelate(const Image *image, Plane part, int64_t pixel_size, Error *err)
{
    double factor = 1.0 / (double)pixel_size;
    int    width  = MAX((int)nearbyint(part.width * factor), 1);
    int    height = MAX((int)nearbyint(part.height * factor), 1);
    Image *small  = image_replace(image, width, height, image_channels(image), err);
    bool   done   = false;

    if (small) {
        Plane middle = editable(small);

        done = plane_shrink(part, middle, factor, err) &&
               plane_resize(middle, part, INTERPOLATE_NEAREST, err);
    }
    image_unref(small);
    return done;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = in->drawing.predictions;

    if (in->pixel_size < 1) {
        return fail(err, ERR_INVALID, "pixel_size: %lld is below 1", (long long)in->pixel_size);
    }
    for (int i = 0; i < set->count; i++) {
        Rect  rect = box_region(set->boxes[i], image_width(out), image_height(out));
        Plane part = plane_part(out, rect);

        if (!cancel_check(call->cancel, err)) {
            return false;
        }
        if (rect.width == 0) {
            continue;
        }
        if (in->pixel_size > MIN(rect.width, rect.height)) {
            fill_mean(part);
        } else if (!pixelate(out, part, in->pixel_size, err)) {
            return false;
        }
    }
    return true;
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_pixelate_visualization_v1 = {
    .type      = "roboflow_core/pixelate_visualization@v1",
    .aliases   = { "PixelateVisualization" },
    .title     = "Pixelate Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Make what is in the boxes of objects unrecognisable.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
