/*
 * heat_mask - counting visits, and painting the counts.
 *
 * Numbers are the reference's: visits and hues are float32, a hue is cut to a byte
 * (wrapping around) before it is averaged, and colours are weighed as addWeighted() does.
 */
#include "draw/heat_mask.h"

#include <math.h>

#include "base/budget.h"
#include "image/blur.h"
#include "image/raster.h"

enum {
    HUES   = 256,
    LEVELS = 256,
    GROUP  = 32,       /* pixels that OpenCV converts at once, see color_of_hue() */
};

static size_t pixels_of(Size size)
{
    return (size_t)size.width * (size_t)size.height;
}

void heat_mask_fini(HeatMask *mask)
{
    if (mask->at) {
        budget_give(&budget_pictures, pixels_of(mask->size) * sizeof *mask->at);
        free(mask->at);
    }
    *mask = (HeatMask){ 0 };
}

static bool begin(HeatMask *mask, Size size, const Cancel *cancel, Error *err)
{
    size_t bytes = pixels_of(size) * sizeof *mask->at;

    heat_mask_fini(mask);
    if (!budget_take(&budget_pictures, bytes, cancel, err)) {
        return false;
    }
    mask->at   = calloc(pixels_of(size), sizeof *mask->at);
    mask->size = size;
    if (!mask->at) {
        budget_give(&budget_pictures, bytes);
        return fail(err, ERR_MEMORY, "no memory to count visits");
    }
    return true;
}

static void add_visits(HeatMask *mask, const Image *visited)
{
    for (int y = 0; y < mask->size.height; y++) {
        const uint8_t *from = image_pixels(visited) + (size_t)y * image_stride(visited);
        float         *to   = mask->at + (size_t)y * (size_t)mask->size.width;

        for (int x = 0; x < mask->size.width; x++) {
            to[x] += from[x];
            mask->most = MAX(mask->most, to[x]);
        }
    }
}

bool heat_mask_visit(HeatMask *mask, Size size, const ContourPoint *places, int count, int radius,
                     const Cancel *cancel, Error *err)
{
    const Pen pen = { .thickness = -1, .blue = 1, .green = 1, .red = 1 };
    bool      old = mask->at && mask->size.width == size.width && mask->size.height == size.height;
    Image    *visited;
    bool      done = true;

    if (!old && !begin(mask, size, cancel, err)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    visited = image_new(size.width, size.height, 1, TEXT("visited"), err);
    if (!visited) {
        return false;
    }
    for (int i = 0; done && i < count; i++) {
        raster_circle(visited, &pen, places[i].x, places[i].y, radius);
        done = cancel_check(cancel, err);
    }
    if (done) {
        add_visits(mask, visited);
    }
    image_unref(visited);
    return done;
}

/* ---- colours ---------------------------------------------------------------------------- */

/* OpenCV's HSV2BGR of a full and bright colour.  Channels are cut to whole numbers in
 * groups of pixels, and rounded in the last pixels of a row that make no group. */
static void color_of_hue(int hue, bool round, uint8_t out[3])
{
    static const uint8_t sectors[6][3] = { { 1, 3, 0 }, { 1, 0, 2 }, { 3, 0, 1 },
                                           { 0, 2, 1 }, { 0, 1, 3 }, { 2, 1, 0 } };
    float place   = (float)hue * (6.0f / 180.0f);
    int   sector  = (int)place;
    float falling = 1 - (place - (float)sector);
    float shares[] = { 1, 0, falling, 1 - falling };

    for (int i = 0; i < 3; i++) {
        float channel = shares[sectors[sector % 6][i]] * 255;

        out[i] = (uint8_t)(round ? rintf(channel) : channel);
    }
}

/* What numpy's float32 becomes as uint8: cut, and its lowest bits taken. */
static uint8_t byte_of(float v)
{
    return fabsf(v) < 2147483648.0f ? (uint8_t)(int32_t)v : 0;
}

static void fill_hues(const HeatMask *mask, const HeatLook *look, Image *hues)
{
    float low = (float)look->low, reach = (float)((double)look->low - (double)look->top);

    for (int y = 0; y < mask->size.height; y++) {
        uint8_t     *to   = image_edit(hues) + (size_t)y * image_stride(hues);
        const float *from = mask->at + (size_t)y * (size_t)mask->size.width;

        for (int x = 0; x < mask->size.width; x++) {
            to[x] = byte_of(low - from[x] / mask->most * reach);
        }
    }
}

/* The two sides of the weighing, made once for each byte there is. */
typedef struct Weights {
    double over[HUES][3];      /* of a hue's colour */
    float  under[LEVELS];
} Weights;

static void weigh(Weights *weights, double opacity, int bytes, bool round)
{
    float alpha = (float)opacity, beta = (float)(1 - opacity);

    for (int hue = 0; hue < HUES; hue++) {
        uint8_t color[3];

        color_of_hue(hue, round, color);
        if (bytes == 1) {
            color[0] = gray_of(color[0], color[1], color[2]);
        }
        for (int i = 0; i < 3; i++) {
            weights->over[hue][i] = (double)color[i] * (double)alpha;
        }
    }
    for (int level = 0; level < LEVELS; level++) {
        weights->under[level] = (float)level * beta;
    }
}

static void blend_row(const Weights *weights, const float *visits, const uint8_t *hues, int count,
                      uint8_t *out, int bytes)
{
    for (int x = 0; x < count; x++, out += bytes) {
        for (int i = 0; visits[x] > 0 && i < MIN(bytes, 3); i++) {
            float mixed = (float)(weights->over[hues[x]][i] + (double)weights->under[out[i]]);

            out[i] = (uint8_t)rintf(fmaxf(0, fminf(mixed, 255)));
        }
    }
}

static bool blend_hues(const HeatMask *mask, const Image *hues, Image *out, double opacity,
                       Error *err)
{
    int      bytes   = image_pixel_bytes(out);
    int      width   = mask->size.width, grouped = width - width % GROUP;
    Weights *weights = malloc(2 * sizeof *weights);

    if (!weights) {
        return fail(err, ERR_MEMORY, "no memory to draw a heat map");
    }
    weigh(&weights[0], opacity, bytes, false);
    weigh(&weights[1], opacity, bytes, true);
    for (int y = 0; y < mask->size.height; y++) {
        const float   *visits = mask->at + (size_t)y * (size_t)width;
        const uint8_t *row    = image_pixels(hues) + (size_t)y * image_stride(hues);
        uint8_t       *to     = image_edit(out) + (size_t)y * image_stride(out);

        blend_row(&weights[0], visits, row, grouped, to, bytes);
        blend_row(&weights[1], visits + grouped, row + grouped, width - grouped,
                  to + (size_t)grouped * (size_t)bytes, bytes);
    }
    free(weights);
    return true;
}

bool heat_mask_blend(const HeatMask *mask, Image *out, HeatLook look, const Cancel *cancel,
                     Error *err)
{
    const Blur blur = { .kind = BLUR_AVERAGE, .size = look.kernel };
    Image     *hues, *smooth;
    bool       done;

    if (!(mask->most > 0)) {
        return true;
    }
    hues = image_new(mask->size.width, mask->size.height, 1, TEXT("hues"), err);
    if (!hues) {
        return false;
    }
    fill_hues(mask, &look, hues);
    smooth = image_blur(hues, blur, cancel, err);
    done   = smooth && blend_hues(mask, smooth, out, look.opacity, err);
    image_unref(smooth);
    image_unref(hues);
    return done;
}
