/*
 * image_preprocessing - resize, turn or mirror a picture.
 *
 * A picture is resized to both sides, whatever its shape, and turned on a canvas that
 * holds it whole, with black in the corners.
 */
#include <math.h>

#include "blocks/gray.h"
#include "image/warp.h"

enum { RESIZE, ROTATE, FLIP };

enum { DEGREES_MOST = 360 };

enum { VERTICAL = 1, HORIZONTAL = 2, BOTH = VERTICAL | HORIZONTAL };

typedef struct Args {
    Image  *image;
    int     task;
    int64_t width, height, degrees;
    int     flip;
} Args;

static const Choice tasks[] = {
    { "resize", RESIZE }, { "rotate", ROTATE }, { "flip", FLIP }, { 0 },
};

static const Choice flips[] = {
    { "vertical", VERTICAL }, { "horizontal", HORIZONTAL }, { "both", BOTH }, { 0 },
};

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to work on." },

    { "task_type", CHOICE(Args, task, tasks), .help = "What to do with it." },

    { "width", INTEGER(Args, width), .kinds = KIND(INTEGER), .preset = "640", .range = ABOVE(0),
      .help = "New width of a picture that is resized, in pixels." },

    { "height", INTEGER(Args, height), .kinds = KIND(INTEGER), .preset = "640",
      .range = ABOVE(0), .help = "New height of a picture that is resized, in pixels." },

    { "rotation_degrees", INTEGER(Args, degrees), .kinds = KIND(INTEGER), .preset = "90",
      .help = "How far to turn it against the clock, in degrees." },

    { "flip_type", CHOICE(Args, flip, flips), .kinds = KIND(STRING), .preset = "\"vertical\"",
      .help = "Whether to mirror it upside down, left to right, or both." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture after it." },
    { 0 },
};

static Image *resized(const Args *in, Error *err)
{
    if (in->width > LIMIT_IMAGE_SIDE || in->height > LIMIT_IMAGE_SIDE) {
        fail(err, ERR_TOO_LARGE, "%s: a side of %lld pixels is above %d",
             in->width > LIMIT_IMAGE_SIDE ? "width" : "height",
             (long long)MAX(in->width, in->height), LIMIT_IMAGE_SIDE);
        return NULL;
    }
    return image_resize(in->image, (int)in->width, (int)in->height, INTERPOLATE_AREA, err);
}

static void mirror_row(const uint8_t *in, uint8_t *out, int width, int pixel)
{
    for (int x = 0; x < width; x++) {
        memcpy(out + (size_t)x * (size_t)pixel, in + (size_t)(width - 1 - x) * (size_t)pixel,
               (size_t)pixel);
    }
}

static Image *flipped(const Image *image, int how, Error *err)
{
    Image *made = image_replace(image, image_width(image), image_height(image),
                                image_channels(image), err);
    Plane  from = image_plane(image), to;

    if (!made) {
        return NULL;
    }
    to = own_plane(made);
    for (int y = 0; y < from.height; y++) {
        int            at  = how & VERTICAL ? from.height - 1 - y : y;
        const uint8_t *in  = from.at + (size_t)at * from.stride;
        uint8_t       *out = to.at + (size_t)y * to.stride;

        if (how & HORIZONTAL) {
            mirror_row(in, out, from.width, from.pixel);
        } else {
            memcpy(out, in, (size_t)from.width * (size_t)from.pixel);
        }
    }
    return made;
}

static Image *preprocessed(Call *call, const Args *in, Error *err)
{
    switch (in->task) {
    case RESIZE: return resized(in, err);
    case ROTATE: return image_turn(in->image, (double)in->degrees, call->cancel, err);
    default:     return flipped(in->image, in->flip, err);
    }
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        Error       err = { 0 };
        Image      *made;

        if (in->task == ROTATE && (in->degrees < -DEGREES_MOST || in->degrees > DEGREES_MOST)) {
            return call_fail(call, i, "ValueError", "rotation_degrees: %lld is not within -%d and "
                             "%d", (long long)in->degrees, DEGREES_MOST, DEGREES_MOST);
        }
        made = preprocessed(call, in, &err);
        if (!made) {
            return call_fail_error(call, i, &err);
        }
        emit_image(call, i, OUT_IMAGE, made);
    }
    return true;
}

const Block block_image_preprocessing_v1 = {
    .type      = "roboflow_core/image_preprocessing@v1",
    .title     = "Image Preprocessing",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_TRANSFORM),
    .summary   = "Resize, turn or mirror a picture.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
