/*
 * halo_visualization - let objects glow.
 *
 * The colours of all objects, larger ones below, are blurred and cleared where the
 * objects are; what is left is laid over the picture.  Only a rectangle around all of
 * them is worked on.  Version 1 blurs by 40 whatever is asked for, paints boxes where
 * there are no masks and adds more colour than its weight, which may wrap around.
 */
#include "blocks/drawing.h"
#include "blocks/regions.h"
#include "image/blur.h"
#include "image/glow.h"
#include "image/spread.h"

enum { FIRST_KERNEL = 40 };

typedef struct Args {
    DrawingArgs drawing;
    double      opacity;
    int64_t     kernel_size;
} Args;

#define HALO_FIELDS(kernel_help) \
    DRAWING_FIELDS(Args), PREDICTION_FIELD(Args, KIND(IS) | KIND(RLE)), PALETTE_FIELDS(Args), \
    \
    { "opacity", NUMBER(Args, opacity), .kinds = KIND(FLOAT01), .preset = "0.8", \
      .range = BETWEEN(0, 1), .help = "How bright the halo is, from 0 to 1." }, \
    \
    { "kernel_size", INTEGER(Args, kernel_size), .kinds = KIND(INTEGER), .preset = "40", \
      .help = (kernel_help) }, \
    \
    { 0 }

static const Field fields[]        = { HALO_FIELDS("How far the halo reaches, twice over.") };
static const Field fields_of_one[] = { HALO_FIELDS("Accepted for compatibility; always 40.") };

/* A halo at work. */
typedef struct Halo {
    const Detections *set;
    const int        *order;
    RowColors         colors;
    Rect              rect;      /* of the picture, that the layer is */
    Image            *layer;
    int               width, height;
} Halo;

/* All objects and as far as they shine, and beyond that a few columns for blur() to
 * treat specially in black ones: OpenCV divides the last bytes of a row, those
 * beyond a multiple of 8, in its own way. */
static Rect around_objects(const Halo *halo, int size)
{
    int  margin = MIN(size / 2 + 4, MAX(halo->width, halo->height));
    Rect rect   = { 0 };

    for (int i = 0; i < halo->set->count; i++) {
        Region region = row_region(halo->set, i, halo->width, halo->height);

        rect = rect_union(rect, rect_inside(region.rect, halo->width, halo->height));
    }
    if (rect.width == 0) {
        return rect;
    }
    rect = rect_inside((Rect){ rect.x - margin, rect.y - margin, rect.width + 2 * margin,
                               rect.height + 2 * margin }, halo->width, halo->height);
    while (rect.x > 0 && (halo->width - rect.width) % 8 != 0) {
        rect.x--;
        rect.width++;
    }
    return rect;
}

static Region on_layer(const Halo *halo, int row)
{
    Region region = row_region(halo->set, row, halo->width, halo->height);

    region.rect.x -= halo->rect.x;
    region.rect.y -= halo->rect.y;
    return region;
}

/* The colours, blurred; black inside of the objects. */
static bool make_layer(Halo *halo, const Image *image, int size, const Cancel *cancel, Error *err)
{
    int    channels = MIN(image_channels(image), 3);
    Image *sharp    = image_replace(image, halo->rect.width, halo->rect.height, channels, err);

    for (int i = 0; sharp && i < halo->set->count; i++) {
        Color color = row_color(&halo->colors, halo->order[i]);

        blend_fill(sharp, on_layer(halo, halo->order[i]),
                   (Tint){ color.blue, color.green, color.red, 1, .last = false });
    }
    halo->layer = sharp ? image_blur(sharp, (Blur){ .kind = BLUR_AVERAGE, .size = size }, cancel,
                                     err)
                        : NULL;
    for (int i = 0; halo->layer && i < halo->set->count; i++) {
        blend_fill(halo->layer, on_layer(halo, i), (Tint){ .opacity = 1, .last = false });
    }
    image_unref(sharp);
    return halo->layer != NULL;
}

static bool draw_halo(Call *call, const Args *in, const Detections *set, int size, GlowRule rule,
                      Image *out, Error *err)
{
    Halo    halo = { .set = set, .width = image_width(out), .height = image_height(out) };
    uint8_t most;

    if (!row_colors_open(call->arena, &in->drawing.palette, set, &halo.colors, err)) {
        return false;
    }
    halo.rect = around_objects(&halo, size);
    if (halo.rect.width == 0) {
        return true;
    }
    halo.order = rows_by_area(call->arena, set, err);
    if (!halo.order || !make_layer(&halo, out, size, call->cancel, err)) {
        return false;
    }
    most = glow_most(halo.layer);
    if (most > 0) {
        glow_blend(out, halo.layer, halo.rect.x, halo.rect.y, rule, in->opacity, most);
    }
    image_unref(halo.layer);
    return true;
}

static bool draw_first(Call *call, const void *args, Image *out, Error *err)
{
    const Args *in = args;

    return draw_halo(call, in, in->drawing.predictions, FIRST_KERNEL, GLOW_ADD, out, err);
}

static bool draw_second(Call *call, const void *args, Image *out, Error *err)
{
    const Args       *in  = args;
    const Detections *set = only_with_masks(in->drawing.predictions);
    bool              any = set->count > 0;

    if (any && (in->kernel_size < 1 || in->kernel_size > LIMIT_BLUR_SIZE)) {
        return fail(err, ERR_INVALID, "kernel_size: %lld is not from 1 to %d",
                    (long long)in->kernel_size, LIMIT_BLUR_SIZE);
    }
    return draw_halo(call, in, set, (int)in->kernel_size, GLOW_MIX, out, err);
}

static bool run_first(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const DrawingArgs *in = call_args(call, i);

        if (!masks_fit(call, i, in->image, in->predictions, "ValueError")) {
            return false;
        }
    }
    return drawing_run_in_place(call, draw_first);
}

static bool run_second(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const DrawingArgs *in = call_args(call, i);

        if (!masks_cover(in->image, in->predictions) &&
            !masks_fit(call, i, in->image, in->predictions, "IndexError")) {
            return false;
        }
    }
    return drawing_run_in_place(call, draw_second);
}

const Block block_halo_visualization_v1 = {
    .type      = "roboflow_core/halo_visualization@v1",
    .aliases   = { "HaloVisualization" },
    .title     = "Halo Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Let objects glow.",
    .args_size = sizeof(Args),
    .fields    = fields_of_one,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run_first,
};

const Block block_halo_visualization_v2 = {
    .type      = "roboflow_core/halo_visualization@v2",
    .title     = "Halo Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(VISUALIZATION),
    .summary   = "Let objects glow.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = drawing_outputs,
    .redraws   = drawing_redraws,
    .run       = run_second,
};
