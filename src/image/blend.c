/*
 * blend - mixing pictures.
 */
#include "image/blend.h"

#include <math.h>

/* OpenCV 4.12 weighs 8-bit pictures in float32: (a * alpha + b * beta), rounded half to
 * even. */
void blend_over(Image *out, const Image *under, double opacity)
{
    float  alpha = (float)opacity, beta = (float)(1 - opacity);
    size_t row   = (size_t)image_width(out) * (size_t)image_pixel_bytes(out);

    for (int y = 0; y < image_height(out); y++) {
        uint8_t       *to   = image_edit(out) + (size_t)y * image_stride(out);
        const uint8_t *from = image_pixels(under) + (size_t)y * image_stride(under);

        for (size_t i = 0; i < row; i++) {
            to[i] = (uint8_t)rintf((float)to[i] * alpha + (float)from[i] * beta);
        }
    }
}

void blend_add(Image *out, const Image *layer, double opacity)
{
    float  alpha = (float)opacity;
    int    pixel = image_pixel_bytes(out);
    size_t row   = (size_t)image_width(out) * (size_t)pixel;

    for (int y = 0; y < image_height(out); y++) {
        uint8_t       *to   = image_edit(out) + (size_t)y * image_stride(out);
        const uint8_t *from = image_pixels(layer) + (size_t)y * image_stride(layer);

        for (size_t i = 0; i < row; i++) {
            if (from[i] && (pixel == 1 || i % 4 != 3)) {
                to[i] = (uint8_t)fminf(rintf((float)from[i] * alpha + (float)to[i]), 255);
            }
        }
    }
}
