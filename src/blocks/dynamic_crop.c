/*
 * dynamic_crop - cut every detected object out of its picture.
 *
 * One crop per detection, called by the detection's id, and beside it that
 * detection alone with its box moved into the crop.  A box that begins left of or
 * above the picture, or is empty after rounding, gives nothing; one that reaches
 * beyond the right or lower edge is cut off.  What an object's mask leaves free of
 * its crop can be covered with a colour, more or less opaque.
 */
#include <math.h>

#include "base/text.h"
#include "blocks/block.h"
#include "blocks/color_value.h"
#include "image/resize.h"

typedef struct Args {
    Image            *image;
    const Detections *predictions;
    double            mask_opacity;
    Value             background;
} Args;

static const Field fields[] = {
    { "images", IMAGE(Args, image), .alias = "image", .batched = true,
      .help = "The pictures to cut from." },

    { "predictions", DETECTIONS(Args, predictions), .kinds = KIND(OD) | KIND(IS) | KIND(KP),
      .alias = "detections", .batched = true, .help = "The objects to cut out." },

    { "mask_opacity", NUMBER(Args, mask_opacity), .kinds = KIND(FLOAT01), .preset = "0.0",
      .range = BETWEEN(0, 1), .help = "How strongly what lies outside an object's mask is "
                                      "covered; objects without masks are left alone." },

    { "background_color", VALUE(Args, background), .kinds = KIND(COLOR) | KIND(STRING),
      .preset = "[0, 0, 0]", .help = "The colour it is covered with." },

    { 0 },
};

enum { OUT_CROPS, OUT_PREDICTIONS };

static const Output outputs[] = {
    [OUT_CROPS] = { "crops", KIND(IMAGE), "A picture of each object." },
    [OUT_PREDICTIONS] = { "predictions", KIND(OD) | KIND(IS) | KIND(KP),
                          "Each object in its own crop." },
    { 0 },
};

/* ---- the colour ------------------------------------------------------------------- */

/* A list must be one of three; what a text says is looked at when it is needed. */
static bool check(const StepView *step, Error *err)
{
    const Args *args = step->args;
    Color       color;

    if (args->background.type == VALUE_NULL || args->background.type == VALUE_STRING ||
        color_read(args->background, &color)) {
        return true;
    }
    return color_refuse("background_color", err);
}

/* ---- crops --------------------------------------------------------------------------- */

/* The box in whole pixels, half to even, cut off on the right and below; false
 * when nothing of it can be cut out. */
static bool crop_rect(const Image *image, Box box, Rect *rect)
{
    double x1 = nearbyint(box.x1), y1 = nearbyint(box.y1);
    double x2 = fmin(nearbyint(box.x2), image_width(image));
    double y2 = fmin(nearbyint(box.y2), image_height(image));

    if (!(x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2)) {
        return false;
    }
    *rect = (Rect){ (int)x1, (int)y1, (int)(x2 - x1), (int)(y2 - y1) };
    return true;
}

/* Detection k alone, in the coordinates of its crop. */
static const Detections *alone(Arena *arena, const Detections *set, int k, Rect rect)
{
    Detections *one = detections_select(arena, set, &k, 1);

    detections_move(arena, one, -rect.x, -rect.y, rect.width, rect.height);
    return one;
}

static uint8_t blend(uint8_t pixel, uint8_t color, double opacity)
{
    return (uint8_t)nearbyint(color * opacity + pixel * (1 - opacity));
}

/* The crop with everything outside the mask covered; takes the reference. */
static Image *cover(Image *crop, const Mask *mask, Rect rect, Color color, double opacity,
                    Error *err)
{
    Image   *covered = image_copy(crop, err);
    uint8_t *pixels  = covered ? image_edit(covered) : NULL;
    int      step    = image_pixel_bytes(crop);

    image_unref(crop);
    for (int y = 0; pixels && y < rect.height; y++) {
        uint8_t *at = pixels + (size_t)y * image_stride(covered);

        for (int x = 0; x < rect.width; x++, at += step) {
            if (mask_at(mask, rect.x + x, rect.y + y)) {
                continue;
            }
            if (step == 1) {
                at[0] = blend(at[0], gray_of(color.blue, color.green, color.red), opacity);
                continue;
            }
            at[0] = blend(at[0], color.blue, opacity);
            at[1] = blend(at[1], color.green, opacity);
            at[2] = blend(at[2], color.red, opacity);
        }
    }
    return covered;
}

static bool crop_all(Call *call, int i, const Args *in, const Color *color)
{
    for (int k = 0; k < in->predictions->count; k++) {
        Error  err = { 0 };
        Rect   rect;
        Image *crop;

        if (!crop_rect(in->image, in->predictions->boxes[k], &rect)) {
            continue;
        }
        crop = image_crop(in->image, rect, in->predictions->ids[k], false, &err);
        if (crop && color) {
            crop = cover(crop, &in->predictions->masks[k], rect, *color, in->mask_opacity, &err);
        }
        if (!crop) {
            return call_fail_error(call, i, &err);
        }
        emit_child_image(call, i, k, OUT_CROPS, crop);
        emit_child_value(call, i, k, OUT_PREDICTIONS,
                         value_detections(alone(call->arena, in->predictions, k, rect)));
    }
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in    = call_args(call, i);
        bool        cover_rest = in->mask_opacity > 0 && in->predictions->masks;
        Color       color = { 0, 0, 0 };

        if (cover_rest && !color_read(in->background, &color)) {
            return call_fail(call, i, "ValueError", "background_color is none of '#rrggbb', "
                             "'#rgb', '(r, g, b)' and a list of three whole numbers");
        }
        if (!emit_children(call, i, in->predictions->count) ||
            !crop_all(call, i, in, cover_rest ? &color : NULL)) {
            return false;
        }
    }
    return true;
}

const Block block_dynamic_crop_v1 = {
    .type      = "roboflow_core/dynamic_crop@v1",
    .aliases   = { "DynamicCrop", "Crop" },
    .title     = "Dynamic Crop",
    .category  = CATEGORY_TRANSFORM,
    .work      = WORK(IMAGE_CROP),
    .batches   = true,
    .summary   = "Cut every detected object out of its picture.",
    .depth     = 1,
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .run       = run,
};
