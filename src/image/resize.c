/*
 * resize - which kernel for which job.
 */
#include "image/kernels.h"

#include <math.h>

Plane image_plane(const Image *image)
{
    return (Plane){
        .at     = (uint8_t *)image_pixels(image),
        .stride = image_stride(image),
        .width  = image_width(image),
        .height = image_height(image),
        .pixel  = image_pixel_bytes(image),
    };
}

/* Source index: min(floor(d * ratio), from - 1). */
static int nearest(int d, double ratio, int from)
{
    return MIN((int)floor(d * ratio), from - 1);
}

static void pick(uint8_t *out, const uint8_t *row, const int32_t *at, int count, int pixel)
{
    if (pixel == 1) {
        for (int x = 0; x < count; x++)
            out[x] = row[at[x]];
        return;
    }
    for (int x = 0; x < count; x++)
        memcpy(out + 4 * (ptrdiff_t)x, row + 4 * (ptrdiff_t)at[x], 4);
}

bool resize_nearest(Plane from, Plane to, Error *err)
{
    double   across = resize_ratio(from.width, to.width);
    double   down   = resize_ratio(from.height, to.height);
    size_t   bytes  = (size_t)to.width * (size_t)to.pixel;
    int32_t *at     = malloc((size_t)to.width * sizeof *at);
    int      done   = -1;    /* the source row that the last row was made from */

    if (!at)
        return fail(err, ERR_MEMORY, "no memory to resize a picture");
    for (int x = 0; x < to.width; x++)
        at[x] = nearest(x, across, from.width);

    for (int y = 0; y < to.height; y++) {
        uint8_t *out    = to.at + (size_t)y * to.stride;
        int      source = nearest(y, down, from.height);

        if (source == done)
            memcpy(out, out - to.stride, bytes);
        else
            pick(out, from.at + (size_t)source * from.stride, at, to.width, to.pixel);
        done = source;
    }
    free(at);
    return true;
}

static void copy(Plane from, Plane to)
{
    for (int y = 0; y < to.height; y++)
        memcpy(to.at + (size_t)y * to.stride, from.at + (size_t)y * from.stride,
               (size_t)to.width * (size_t)to.pixel);
}

static bool resize(Plane from, Plane to, Interpolation how, int channels, Error *err)
{
    assert(from.pixel == to.pixel && (to.pixel == 1 || to.pixel == 4));
    assert(from.width > 0 && from.height > 0 && to.width > 0 && to.height > 0);

    if (from.width == to.width && from.height == to.height) {
        copy(from, to);
        return true;
    }
    if (how == INTERPOLATE_NEAREST)
        return resize_nearest(from, to, err);
    if (how == INTERPOLATE_CUBIC)
        return resize_cubic(cubic_kernels(simd_level()), from, to, channels, err);

    /* Halving both sides is the same by area and quicker. */
    bool halves = from.width == 2 * to.width && from.height == 2 * to.height;
    bool shrinks = to.width <= from.width && to.height <= from.height;
    if (halves || (how == INTERPOLATE_AREA && shrinks))
        return resize_area(from, to, err);
    return resize_linear(linear_kernels(simd_level()), from, to, how == INTERPOLATE_AREA, err);
}

bool plane_resize(Plane from, Plane to, Interpolation how, Error *err)
{
    return resize(from, to, how, to.pixel == 1 ? 1 : 3, err);
}

Image *image_resize(const Image *image, int width, int height, Interpolation how, Error *err)
{
    Image *made = image_replace(image, width, height, image_channels(image), err);

    if (!made)
        return NULL;

    Plane to = image_plane(made);
    to.at    = image_edit(made);
    if (!resize(image_plane(image), to, how, image_channels(image), err)) {
        image_unref(made);
        return NULL;
    }
    return made;
}

Letterbox letterbox_fit(Size picture, Size canvas)
{
    double    scale = MIN((double)canvas.width / picture.width,
                          (double)canvas.height / picture.height);
    Letterbox box   = {
        .width  = MAX((int)(picture.width * scale), 1),
        .height = MAX((int)(picture.height * scale), 1),
        .scale  = scale,
    };

    box.left = (canvas.width - box.width) / 2;
    box.top  = (canvas.height - box.height) / 2;
    return box;
}
