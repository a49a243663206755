/*
 * gray - what blocks that look at brightness only have in common.
 */
#include "blocks/gray.h"

Plane own_plane(Image *image)
{
    Plane plane = image_plane(image);

    plane.at = image_edit(image);
    return plane;
}

static void fill_gray(Plane from, Plane to)
{
    for (int y = 0; y < from.height; y++) {
        gray_row(to.at + (size_t)y * to.stride, from.at + (size_t)y * from.stride, from.width);
    }
}

static void fill_colour(Plane from, Plane to)
{
    for (int y = 0; y < from.height; y++) {
        const uint8_t *in  = from.at + (size_t)y * from.stride;
        uint8_t       *out = to.at + (size_t)y * to.stride;

        for (int x = 0; x < from.width; x++, out += 4) {
            out[0] = out[1] = out[2] = in[x];
            out[3] = 255;
        }
    }
}

static bool converted(Call *call, int i, const Image *image, int channels, Image **out)
{
    Error err = { 0 };

    if (image_channels(image) == channels) {
        *out = image_ref(image);
        return true;
    }
    *out = image_replace(image, image_width(image), image_height(image), channels, &err);
    if (!*out) {
        return call_fail_error(call, i, &err);
    }
    (channels == 1 ? fill_gray : fill_colour)(image_plane(image), own_plane(*out));
    return true;
}

bool gray_image(Call *call, int i, const Image *image, Image **out)
{
    return converted(call, i, image, 1, out);
}

bool gray_from_colour(Call *call, int i, const Image *image, Image **out)
{
    if (image_channels(image) == 1) {
        return call_fail(call, i, "error", "image: it is gray already; this step takes a picture "
                         "in colour");
    }
    return gray_image(call, i, image, out);
}

bool colour_image(Call *call, int i, const Image *gray, Image **out)
{
    return converted(call, i, gray, 3, out);
}
