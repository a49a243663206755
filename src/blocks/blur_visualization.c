/*
 * blur_visualization - blur objects beyond recognition.
 *
 * Each box is smoothed on its own, as a picture of its own, one after the other; with
 * masks only what they cover takes the result.  `padding` lets both grow.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"
#include "image/blur.h"
#include "image/spread.h"

typedef struct Args {
    DrawingArgs drawing;
    int64_t     kernel_size, padding;
} Args;

static const Field fields[] = {
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(OD) | KIND(IS) | KIND(KP) | KIND(RLE)),

    { "kernel_size", INTEGER(Args, kernel_size), .kinds = KIND(INTEGER), .preset = "15",
      .help = "The side of the square that each pixel becomes the mean of." },

    { "padding", INTEGER(Args, padding), .kinds = KIND(INTEGER), .preset = "0",
      .help = "How many pixels around each object are blurred too." },

    { 0 },
};

/* A box around corners, grown and cut to the picture. */
static Rect grown(int64_t x1, int64_t y1, int64_t x2, int64_t y2, int padding, const Image *image)
{
    Box box = { (double)(x1 - padding), (double)(y1 - padding), (double)(x2 + padding),
                (double)(y2 + padding) };

    return box_region(box, image_width(image), image_height(image));
}

/* What is smoothed as one picture: the box, or what the mask covers and the part of the
 * box inside the picture, which is a place even when it has no pixels. */
static Rect region_of(const Detections *set, int row, int padding, const Image *image)
{
    int  width = image_width(image), height = image_height(image);
    Box  box   = set->boxes[row];
    Rect covered;

    if (!set->masks) {
        return grown(pixel_of(box.x1), pixel_of(box.y1), pixel_of(box.x2), pixel_of(box.y2),
                     padding, image);
    }
    covered = region_bounds(mask_region(&set->masks[row]));
    if (covered.width == 0) {
        return covered;
    }
    return grown(MIN(covered.x, pixel_within(box.x1, width)),
                 MIN(covered.y, pixel_within(box.y1, height)),
                 MAX(covered.x + covered.width, pixel_within(box.x2, width)),
                 MAX(covered.y + covered.height, pixel_within(box.y2, height)), padding, image);
}

/* The pixels of the region that take the blur: NULL bits for all of them. */
static bool covered(Arena *arena, const Mask *mask, Rect rect, int padding, const Cancel *cancel,
                    Region *out, Error *err)
{
    uint8_t *bits;

    if (padding == 0) {
        *out = mask_region(mask);
        return true;
    }
    bits = arena_array(arena, uint8_t, (size_t)rect.width * (size_t)rect.height);
    if (!bits) {
        return fail(err, ERR_MEMORY, "no memory for a mask of %d x %d pixels", rect.width,
                    rect.height);
    }
    *out = (Region){ rect, bits };
    return spread_disc(mask_region(mask), rect, padding, bits, cancel, err);
}

static bool blur_row(Call *call, const Args *in, int row, Image *out, Error *err)
{
    const Detections *set     = in->drawing.predictions;
    int               most    = image_width(out) + image_height(out);
    int               padding = (int)MIN(in->padding, most);
    Rect              rect    = region_of(set, row, padding, out);
    Region            region  = { rect, NULL };
    Blur              how     = { .kind = BLUR_AVERAGE, .size = (int)in->kernel_size };
    Image            *patch;
    bool              done = false;

    if (rect.width == 0) {
        return true;
    }
    if (set->masks && !covered(call->arena, &set->masks[row], rect, padding, call->cancel, &region,
                               err)) {
        return false;
    }
    patch = image_replace(out, rect.width, rect.height, image_channels(out), err);
    if (patch) {
        done = plane_blur(plane_part(out, rect), editable(patch), image_channels(out), how,
                          call->cancel, err);
    }
    if (done) {
        blend_patch(out, patch, rect.x, rect.y, region);
    }
    image_unref(patch);
    return done;
}

static bool draw(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;

    if (in->kernel_size < 1 || in->kernel_size > LIMIT_BLUR_SIZE) {
        return fail(err, ERR_INVALID, "kernel_size: %lld is not from 1 to %d",
                    (long long)in->kernel_size, LIMIT_BLUR_SIZE);
    }
    if (in->padding < 0) {
        return fail(err, ERR_INVALID, "padding: %lld is below 0", (long long)in->padding);
    }
    for (int i = 0; i < in->drawing.predictions->count; i++) {
        if (!blur_row(call, in, i, out, err)) {
            return false;
        }
    }
    return true;
}

static bool run(Call *call)
{
    return drawing_run_in_place(call, draw);
}

const Block block_blur_visualization_v1 = {
    .type      = "roboflow_core/blur_visualization@v1",
    .aliases   = { "BlurVisualization" },
    .title     = "Blur Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Blur objects beyond recognition.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run,
};
