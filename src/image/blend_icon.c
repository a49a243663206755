/*
 * blend_icon - laying a picture with alpha over another.
 */
#include "image/blend_kernels.h"
#include "image/spread.h"

static void mix_channels(uint8_t *out, const uint8_t *icon, int count, float share)
{
    for (int i = 0; i < count; i++) {
        float value = (float)out[i] * (1.0f - share) + (float)icon[i] * share;

        out[i] = (uint8_t)(int)MIN(value, 255.0f);
    }
}

/* One pixel of a colour icon over one of 1 or 4 bytes. */
static void lay_pixel(uint8_t *out, int bytes, const uint8_t icon[4])
{
    float share = (float)icon[3] / 255.0f;

    if (bytes == 1) {
        uint8_t gray = gray_of(icon[0], icon[1], icon[2]);

        mix_channels(out, &gray, 1, share);
    } else {
        mix_channels(out, icon, 3, share);
    }
}

void blend_icon(Image *out, const Image *icon, int x, int y)
{
    int  bytes = image_pixel_bytes(out);
    Rect part  = rect_inside((Rect){ x, y, image_width(icon), image_height(icon) },
                             image_width(out), image_height(out));

    for (int row = part.y; row < part.y + part.height; row++) {
        const uint8_t *from = image_pixels(icon) + (size_t)(row - y) * image_stride(icon);
        uint8_t       *to   = image_edit(out) + (size_t)row * image_stride(out);

        for (int column = part.x; column < part.x + part.width; column++) {
            int64_t at = (int64_t)column - x;

            if (image_pixel_bytes(icon) == 1) {
                uint8_t gray[4] = { from[at], from[at], from[at], 255 };

                lay_pixel(to + column * bytes, bytes, gray);
            } else {
                lay_pixel(to + column * bytes, bytes, from + 4 * at);
            }
        }
    }
}
