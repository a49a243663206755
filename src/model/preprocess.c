/*
 * preprocess - pictures into the tensor a network wants.
 */
#include "model/preprocess.h"

#include "image/resize.h"
#include "model/contrast.h"

void lookup_make(Lookup *lookup, const Preprocess *how)
{
    for (int channel = 0; channel < 3; channel++) {
        for (int i = 0; i < 256; i++) {
            float value = (float)i;

            if (how->has_scale)
                value /= (float)how->scale;
            if (how->has_normalization)
                value = (value - (float)how->mean[channel]) / (float)how->std[channel];
            lookup->value[channel][i] = value;
        }
    }
}

/* ---- static crop ------------------------------------------------------------- */

static Rect crop_rect(const Preprocess *how, const Image *image, PreprocessOff off)
{
    int width = image_width(image), height = image_height(image);

    if (!how->static_crop || off.static_crop)
        return (Rect){ 0, 0, width, height };

    Rect rect = { .x = (int)(how->crop_x_min / 100 * width),
                  .y = (int)(how->crop_y_min / 100 * height) };

    rect.width  = MIN((int)(how->crop_x_max / 100 * width), width) - rect.x;
    rect.height = MIN((int)(how->crop_y_max / 100 * height), height) - rect.y;
    return rect;
}

Size preprocess_size(const Preprocess *how, const Image *image, PreprocessOff off)
{
    if (how->width > 0)
        return (Size){ how->width, how->height };

    Rect rect = crop_rect(how, image, off);
    return (Size){ rect.width, rect.height };
}

static Plane view(Plane plane, Rect rect)
{
    plane.at    += (size_t)rect.y * plane.stride + (size_t)rect.x * (size_t)plane.pixel;
    plane.width  = rect.width;
    plane.height = rect.height;
    return plane;
}

/* Where a letterbox puts the picture. */
static Letterbox letterbox_of(const Preprocess *how, Size picture, Size canvas)
{
    Letterbox box = letterbox_fit(picture, canvas);

    if (how->top_left) {
        box.left = box.top = 0;
    }
    return box;
}

/* ---- gray and contrast -------------------------------------------------------- */

static void copy_gray(Plane from, Plane to)
{
    for (int y = 0; y < to.height; y++) {
        const uint8_t *in  = from.at + (size_t)y * from.stride;
        uint8_t       *out = to.at + (size_t)y * to.stride;

        if (from.pixel == 1)
            memcpy(out, in, (size_t)to.width);
        else
            gray_row(out, in, to.width);
    }
}

static void copy_same(Plane from, Plane to)
{
    for (int y = 0; y < to.height; y++)
        memcpy(to.at + (size_t)y * to.stride, from.at + (size_t)y * from.stride,
               (size_t)to.width * (size_t)to.pixel);
}

static void apply_table(Plane plane, const uint8_t table[256])
{
    for (int y = 0; y < plane.height; y++) {
        uint8_t *row = plane.at + (size_t)y * plane.stride;

        for (int i = 0; i < plane.width * plane.pixel; i++)
            row[i] = table[row[i]];
    }
}

static bool change(Plane plane, Contrast contrast, Error *err)
{
    uint64_t counts[256];
    uint8_t  table[256];

    if (contrast == CONTRAST_NONE)
        return true;
    if (contrast == CONTRAST_ADAPTIVE)
        return contrast_adapt(plane, err);
    contrast_count(plane, counts);
    contrast_table(contrast, counts, table);
    apply_table(plane, table);
    return true;
}

/* A copy of `from` in other tones, in a picture of its own so that its pixels
 * are paid for.  NULL on failure. */
static Image *tone(Plane from, bool gray, Contrast contrast, Error *err)
{
    Image *copy = image_new(from.width, from.height, gray || from.pixel == 1 ? 1 : 3, TEXT(""),
                            err);

    if (!copy)
        return NULL;

    Plane to = image_plane(copy);
    to.at    = image_edit(copy);
    (to.pixel < from.pixel ? copy_gray : copy_same)(from, to);
    if (change(to, contrast, err))
        return copy;
    image_unref(copy);
    return NULL;
}

/* ---- laying out --------------------------------------------------------------- */

/* One row of pixels into the three channels of the network, from `at` on. */
static void spread_color(const Lookup *lookup, bool rgb, const uint8_t *row, int count,
                         float *const at[3])
{
    const float *blue_of = lookup->value[rgb ? 2 : 0], *green_of = lookup->value[1];
    const float *red_of  = lookup->value[rgb ? 0 : 2];
    float       *blue = at[rgb ? 2 : 0], *green = at[1], *red = at[rgb ? 0 : 2];

    for (int x = 0; x < count; x++, row += 4) {
        blue[x]  = blue_of[row[0]];
        green[x] = green_of[row[1]];
        red[x]   = red_of[row[2]];
    }
}

static void spread_gray(const Lookup *lookup, const uint8_t *row, int count, float *const at[3])
{
    for (int c = 0; c < 3; c++)
        for (int x = 0; x < count; x++)
            at[c][x] = lookup->value[c][row[x]];
}

static void fill(float *at, float value, int count)
{
    for (int x = 0; x < count; x++)
        at[x] = value;
}

/* A picture on a canvas: its pixels at (left, top), `padding` around them. */
typedef struct Canvas {
    Size    size;
    int     left, top;
    uint8_t padding;
} Canvas;

static void lay_out(const Lookup *lookup, bool rgb, Plane pixels, const Canvas *canvas, float *out)
{
    size_t area  = (size_t)canvas->size.width * (size_t)canvas->size.height;
    int    right = canvas->size.width - canvas->left - pixels.width;

    for (int y = 0; y < canvas->size.height; y++) {
        bool   inside = y >= canvas->top && y < canvas->top + pixels.height;
        float *at[3];

        for (int c = 0; c < 3; c++) {
            float padding = lookup->value[c][canvas->padding];

            at[c] = out + (size_t)c * area + (size_t)y * (size_t)canvas->size.width;
            if (inside) {
                fill(at[c], padding, canvas->left);
                fill(at[c] + canvas->left + pixels.width, padding, right);
                at[c] += canvas->left;
            } else {
                fill(at[c], padding, canvas->size.width);
            }
        }
        if (!inside)
            continue;

        const uint8_t *row = pixels.at + (size_t)(y - canvas->top) * pixels.stride;
        if (pixels.pixel == 1)
            spread_gray(lookup, row, pixels.width, at);
        else
            spread_color(lookup, rgb, row, pixels.width, at);
    }
}

/* ---- resize ------------------------------------------------------------------- */

static bool lay_out_resized(const Lookup *lookup, bool rgb, Plane pixels, Size to,
                            const Canvas *canvas, float *out, Error *err)
{
    if (pixels.width == to.width && pixels.height == to.height) {
        lay_out(lookup, rgb, pixels, canvas, out);
        return true;
    }

    size_t stride = (size_t)to.width * (size_t)pixels.pixel;
    Plane  small  = { malloc(stride * (size_t)to.height), stride, to.width, to.height,
                      pixels.pixel };

    if (!small.at)
        return fail(err, ERR_MEMORY, "no memory to resize a picture");
    bool done = plane_resize(pixels, small, INTERPOLATE_LINEAR, err);
    if (done)
        lay_out(lookup, rgb, small, canvas, out);
    free(small.at);
    return done;
}

/* The middle of what is larger than the canvas, in the middle of a canvas that
 * is larger. */
static void center(Plane *pixels, Canvas *canvas)
{
    Rect middle = { 0, 0, MIN(pixels->width, canvas->size.width),
                    MIN(pixels->height, canvas->size.height) };

    middle.x     = (pixels->width - middle.width) / 2;
    middle.y     = (pixels->height - middle.height) / 2;
    canvas->left = (canvas->size.width - middle.width) / 2;
    canvas->top  = (canvas->size.height - middle.height) / 2;
    *pixels      = view(*pixels, middle);
}

static bool fit(const Preprocess *how, const Lookup *lookup, bool detector, Plane pixels,
                Size size, float *out, Error *err)
{
    Canvas     canvas = { .size = size, .padding = how->padding };
    ResizeMode mode   = how->resize;
    Size       to     = size;

    /* Networks of one input size take a substitute, as in the reference. */
    if (mode == RESIZE_FIT_LONGER_EDGE) {
        mode           = detector ? RESIZE_LETTERBOX : RESIZE_STRETCH;
        canvas.padding = 127;
    }
    if (mode == RESIZE_LETTERBOX) {
        Letterbox box = letterbox_of(how, (Size){ pixels.width, pixels.height }, size);

        to          = (Size){ box.width, box.height };
        canvas.left = box.left;
        canvas.top  = box.top;
    } else if (mode == RESIZE_CENTER_CROP) {
        canvas.padding = 0;
        center(&pixels, &canvas);
        to = (Size){ pixels.width, pixels.height };
    }
    return lay_out_resized(lookup, how->rgb, pixels, to, &canvas, out, err);
}

PictureFit preprocess_fit(const Preprocess *how, bool detector, const Image *image,
                          PreprocessOff off, Size size)
{
    Rect       rect = crop_rect(how, image, off);
    PictureFit fit  = { .scale_x = 1, .scale_y = 1, .crop_x = rect.x, .crop_y = rect.y,
                        .part = { rect.width, rect.height } };
    bool       boxed = how->resize == RESIZE_LETTERBOX ||
                       (how->resize == RESIZE_FIT_LONGER_EDGE && detector);

    if (rect.width < 1 || rect.height < 1)
        return fit;
    if (boxed) {
        Letterbox box = letterbox_of(how, fit.part, size);

        fit.scale_x = fit.scale_y = box.scale;
        fit.left    = box.left;
        fit.top     = box.top;
        fit.right   = size.width - box.left - box.width;
        fit.bottom  = size.height - box.top - box.height;
    } else if (how->resize == RESIZE_CENTER_CROP) {
        int width = MIN(rect.width, size.width), height = MIN(rect.height, size.height);

        fit.left   = (size.width - width) / 2 - (rect.width - width) / 2;
        fit.top    = (size.height - height) / 2 - (rect.height - height) / 2;
        fit.right  = size.width - fit.left - rect.width;
        fit.bottom = size.height - fit.top - rect.height;
    } else {
        fit.scale_x = (double)size.width / rect.width;
        fit.scale_y = (double)size.height / rect.height;
    }
    return fit;
}

bool preprocess_picture(const Preprocess *how, const Lookup *lookup, bool detector,
                        const Image *image, PreprocessOff off, Size size, float *out, Error *err)
{
    Rect     rect     = crop_rect(how, image, off);
    bool     gray     = how->grayscale && !off.grayscale;
    Contrast contrast = off.contrast ? CONTRAST_NONE : how->contrast;
    Image   *toned    = NULL;

    if (rect.width < 1 || rect.height < 1)
        return fail(err, ERR_INVALID, "the model's static crop leaves nothing of a picture of "
                    "%d x %d", image_width(image), image_height(image));

    Plane pixels = view(image_plane(image), rect);
    if ((gray && pixels.pixel > 1) || contrast != CONTRAST_NONE) {
        toned = tone(pixels, gray, contrast, err);
        if (!toned)
            return false;
        pixels = image_plane(toned);
    }
    bool done = fit(how, lookup, detector, pixels, size, out, err);
    image_unref(toned);
    return done;
}
