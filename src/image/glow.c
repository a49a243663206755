/*
 * glow - a blurred layer of colours, shining around what it was made of.
 */
#include "image/glow.h"

#include "image/resize.h"
#include "image/simd.h"

static const uint8_t *row_of(const Image *image, int y)
{
    return image_pixels(image) + (size_t)y * image_stride(image);
}

static uint8_t gray_at(const uint8_t *pixel, int bytes)
{
    return bytes == 1 ? pixel[0] : gray_of(pixel[0], pixel[1], pixel[2]);
}

/* ---- the greatest gray --------------------------------------------------------------- */

/* The greatest of a row, and of *most. */
LOOP void most_of_colours(const uint8_t *row, int width, uint32_t *greatest)
{
    uint32_t most = *greatest;

    for (int x = 0; x < width; x++) {
        uint32_t pixel, gray;

        memcpy(&pixel, row + 4 * (ptrdiff_t)x, 4);
        gray = (3735 * (pixel & 255) + 19235 * (pixel >> 8 & 255) + 9798 * (pixel >> 16 & 255) +
                16384) >> 15;
        most = MAX(most, gray);
    }
    *greatest = most;
}

FOR_EVERY_LEVEL(most_of_colours, (const uint8_t *row, int width, uint32_t *most),
                (row, width, most));

LOOP void most_of_grays(const uint8_t *row, int width, uint32_t *greatest)
{
    uint8_t most = 0;

    for (int x = 0; x < width; x++) {
        most = MAX(most, row[x]);
    }
    *greatest = MAX(*greatest, most);
}

FOR_EVERY_LEVEL(most_of_grays, (const uint8_t *row, int width, uint32_t *most),
                (row, width, most));

uint8_t glow_most(const Image *layer)
{
    SimdLevel level = simd_level();
    bool      gray  = image_pixel_bytes(layer) == 1;
    uint32_t  most  = 0;

    for (int y = 0; y < image_height(layer); y++) {
        (gray ? most_of_grays_by : most_of_colours_by)[level](row_of(layer, y),
                                                              image_width(layer), &most);
    }
    return (uint8_t)most;
}

/* ---- shining ------------------------------------------------------------------------- */

static void mix_pixel(uint8_t *out, const uint8_t *layer, int count, double alpha)
{
    for (int i = 0; i < count; i++) {
        double value = (double)out[i] * (1 - alpha) + (double)layer[i] * alpha;

        out[i] = (uint8_t)(int)MIN(value, 255.0);
    }
}

static void add_pixel(uint8_t *out, const uint8_t *layer, int count, double alpha, double opacity)
{
    for (int i = 0; i < count; i++) {
        out[i] = (uint8_t)(int)((double)out[i] * (1 - alpha) + (double)layer[i] * opacity);
    }
}

static bool is_black(const uint8_t *pixel, int bytes)
{
    return bytes == 1 ? pixel[0] == 0 : (pixel[0] | pixel[1] | pixel[2]) == 0;
}

void glow_blend(Image *out, const Image *layer, int x, int y, GlowRule rule, double opacity,
                uint8_t most)
{
    int    bytes = image_pixel_bytes(out), count = MIN(bytes, 3);
    double alphas[256];

    for (int i = 0; i < 256; i++) {
        alphas[i] = MIN(opacity * i / most, 1.0);
    }
    for (int row = 0; row < image_height(layer); row++) {
        const uint8_t *from = row_of(layer, row), *end = from + image_width(layer) * bytes;
        uint8_t       *to   = image_edit(out) + (size_t)(row + y) * image_stride(out) + x * bytes;

        for (; from < end; from += bytes, to += bytes) {
            if (is_black(from, bytes)) {
                continue;
            }
            double alpha = alphas[gray_at(from, bytes)];

            if (rule == GLOW_MIX) {
                mix_pixel(to, from, count, alpha);
            } else {
                add_pixel(to, from, count, alpha, opacity);
            }
        }
    }
}
