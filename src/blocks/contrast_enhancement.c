/*
 * contrast_enhancement - make the most of the range of every colour.
 *
 * Blue, green and red are stretched each on its own, the clipped share of pixels at
 * either end left out, then moved away from the middle and brightened.  A channel
 * without a range stays as it is.
 */
#include <math.h>

#include "blocks/gray.h"

typedef struct Args {
    Image  *image;
    int64_t clip;
    double  multiplier;
    bool    brighten;
} Args;

static const Field fields[] = {
    { "image", IMAGE(Args, image), .alias = "images", .help = "The picture to work on." },

    { "clip_limit", INTEGER(Args, clip), .preset = "0", .range = BETWEEN(0, 50),
      .help = "How many percent of the darkest and of the brightest pixels to leave out." },

    { "contrast_multiplier", NUMBER(Args, multiplier), .preset = "1.0", .range = BETWEEN(0.1, 5),
      .help = "How far values are moved away from the middle." },

    { "normalize_brightness", BOOLEAN(Args, brighten), .preset = "false",
      .help = "Whether to make dark parts brighter." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The picture after it." },
    { 0 },
};

static int value_at(const int64_t counts[256], int64_t rank)
{
    int value = 0;

    while (value < 255 && rank >= counts[value]) {
        rank -= counts[value++];
    }
    return value;
}

/* As numpy mixes the two values that a percentile lies between. */
static double percentile(const int64_t counts[256], int64_t total, double percent)
{
    double  place = percent / 100 * (double)(total - 1);
    int64_t rank  = (int64_t)place;
    double  t     = place - (double)rank;
    double  low   = value_at(counts, rank), high = value_at(counts, MIN(rank + 1, total - 1));

    return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}

static void fill_table(const Args *in, double low, double high, uint8_t table[256])
{
    for (int i = 0; i < 256; i++) {
        double value = i;

        if (low < high) {
            value = fmin(fmax((value - low) / (high - low) * 255, 0), 255);
            if (in->multiplier != 1) {
                value = fmin(fmax((value - 128) * in->multiplier + 128, 0), 255);
            }
            if (in->brighten) {
                value = pow(value / 255, 1 / 1.3) * 255;
            }
        }
        table[i] = (uint8_t)value;
    }
}

static void enhance_channel(const Args *in, Plane plane, int channel)
{
    int64_t counts[256] = { 0 }, total = (int64_t)plane.width * plane.height;
    uint8_t table[256];

    for (int y = 0; y < plane.height; y++) {
        const uint8_t *at = plane.at + (size_t)y * plane.stride + channel;

        for (int x = 0; x < plane.width; x++) {
            counts[at[(size_t)x * (size_t)plane.pixel]]++;
        }
    }
    fill_table(in, percentile(counts, total, (double)in->clip),
               percentile(counts, total, (double)(100 - in->clip)), table);
    for (int y = 0; y < plane.height; y++) {
        uint8_t *at = plane.at + (size_t)y * plane.stride + channel;

        for (int x = 0; x < plane.width; x++, at += plane.pixel) {
            *at = table[*at];
        }
    }
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
        for (int c = 0; c < MIN(image_channels(in->image), 3); c++) {
            enhance_channel(in, own_plane(made), c);
        }
        emit_image(call, i, OUT_IMAGE, made);
    }
    return true;
}

const Block block_contrast_enhancement_v1 = {
    .type      = "roboflow_core/contrast_enhancement@v1",
    .title     = "Contrast Enhancement",
    .category  = CATEGORY_CLASSICAL_CV,
    .work      = WORK(IMAGE_FILTERING),
    .summary   = "Make the most of the range of every colour.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
