/*
 * camera_focus - how sharp a picture is.
 *
 * Brenner's measure: how much brighter the pixel two steps on is, to the right or
 * below, whichever is more, squared; the mean of it is the answer.  The picture shows
 * where sharpness lies.
 */
#include "blocks/gray.h"
#include "draw/stroke.h"

enum { STEPS = 2 };

typedef struct Args {
    Image *image;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to measure." },
    { 0 },
};

enum { OUT_IMAGE, OUT_FOCUS };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "Where it is sharp, in gray, with the measure." },
    [OUT_FOCUS] = { "focus_measure", KIND(FLOAT), "The sharper, the larger." },
    { 0 },
};

/* The root of a pixel's measure. */
static uint8_t rise_at(Plane gray, int x, int y)
{
    const uint8_t *at   = gray.at + (size_t)y * gray.stride + (size_t)x;
    int            rise = 0;

    if (x + STEPS < gray.width) {
        rise = MAX(rise, at[STEPS] - at[0]);
    }
    if (y + STEPS < gray.height) {
        rise = MAX(rise, at[STEPS * gray.stride] - at[0]);
    }
    return (uint8_t)rise;
}

/* Fill `out` with the measure, the largest as white; returns the mean. */
static double measure(Plane gray, Plane out)
{
    uint8_t table[256], most = 0;
    double  sum = 0;

    for (int y = 0; y < gray.height; y++) {
        for (int x = 0; x < gray.width; x++) {
            uint8_t rise = rise_at(gray, x, y);

            out.at[(size_t)y * out.stride + (size_t)x] = rise;
            sum += (double)rise * rise;
            most = MAX(most, rise);
        }
    }
    for (int i = 0; i <= most; i++) {
        table[i] = most == 0 ? 0 : (uint8_t)((double)(i * i) / (most * most) * 255);
    }
    for (int y = 0; y < out.height; y++) {
        for (int x = 0; x < out.width; x++) {
            uint8_t *at = &out.at[(size_t)y * out.stride + (size_t)x];

            *at = table[*at];
        }
    }
    return sum / ((double)gray.width * gray.height);
}

static void print_measure(Image *image, double focus)
{
    char line[64];

    snprintf(line, sizeof(line), "Focus value: %.2f", focus);
    stroke_draw_hard(image, text_of(line), 10, 30, 1, 2, (Color){ 255, 255, 255 });
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in   = call_args(call, i);
        Image      *gray = NULL, *made;
        Error       err  = { 0 };
        double      focus;

        if (!gray_image(call, i, in->image, &gray)) {
            return false;
        }
        made = image_replace(gray, image_width(gray), image_height(gray), 1, &err);
        if (!made) {
            image_unref(gray);
            return call_fail_error(call, i, &err);
        }
        focus = measure(image_plane(gray), own_plane(made));
        image_unref(gray);
        print_measure(made, focus);
        emit_image(call, i, OUT_IMAGE, made);
        emit_value(call, i, OUT_FOCUS, value_double(focus));
    }
    return true;
}

const Block block_camera_focus_v1 = {
    .type      = "roboflow_core/camera_focus@v1",
    .title     = "Camera Focus",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_ANALYSIS) | WORK(VISUALIZATION),
    .summary   = "Measure how sharp a picture is.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
