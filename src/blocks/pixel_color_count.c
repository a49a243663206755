/*
 * pixel_color_count - how many pixels have a colour.
 *
 * Each of blue, green and red may differ by the tolerance, which is included.  Only
 * pictures with three channels have colours.
 */
#include "blocks/color_value.h"
#include "image/resize.h"

typedef struct Args {
    Image  *image;
    Value   color;
    int64_t tolerance;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to look at." },

    { "target_color", VALUE(Args, color), .kinds = KIND(STRING) | KIND(COLOR),
      .help = "The colour: '#rrggbb', '(r, g, b)' or a list of red, green and blue." },

    { "tolerance", INTEGER(Args, tolerance), .kinds = KIND(INTEGER), .preset = "10",
      .help = "How far each of the three may lie from it." },

    { 0 },
};

enum { OUT_COUNT };

static const Output outputs[] = {
    [OUT_COUNT] = { "matching_pixels_count", KIND(INTEGER), "How many pixels have the colour." },
    { 0 },
};

/* A list must be one of three; what a text says is looked at when it is needed. */
static bool check(const StepView *step, Error *err)
{
    const Args *args = step->args;
    double      parts[3];

    return args->color.type == VALUE_NULL || args->color.type == VALUE_STRING ||
           color_read_parts(args->color, parts) || color_refuse("target_color", err);
}

/* Which bytes match, in blue, green and red. */
static void fill_matches(bool matches[3][256], const double parts[3], double tolerance)
{
    for (int c = 0; c < 3; c++) {
        double wanted = parts[2 - c];

        for (int i = 0; i < 256; i++) {
            matches[c][i] = i >= wanted - tolerance && i <= wanted + tolerance;
        }
    }
}

static int64_t count_matches(const Image *image, const double parts[3], double tolerance)
{
    Plane   plane = image_plane(image);
    bool    matches[3][256];
    int64_t count = 0;

    fill_matches(matches, parts, tolerance);
    for (int y = 0; y < plane.height; y++) {
        const uint8_t *at = plane.at + (size_t)y * plane.stride;

        for (int x = 0; x < plane.width; x++, at += 4) {
            count += matches[0][at[0]] && matches[1][at[1]] && matches[2][at[2]];
        }
    }
    return count;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);
        double      parts[3];

        if (!color_read_parts(in->color, parts)) {
            return call_fail(call, i, "ValueError", "target_color is none of '#rrggbb', "
                             "'(r, g, b)' and a list of three whole numbers");
        }
        if (image_channels(in->image) != 3) {
            return call_fail(call, i, "error", "image: it has %d channels; colours are counted in "
                             "pictures with 3", image_channels(in->image));
        }
        emit_int(call, i, OUT_COUNT, count_matches(in->image, parts, (double)in->tolerance));
    }
    return true;
}

const Block block_pixel_color_count_v1 = {
    .type      = "roboflow_core/pixel_color_count@v1",
    .title     = "Pixel Color Count",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_ANALYSIS),
    .summary   = "Count the pixels of a colour.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .run       = run,
};
