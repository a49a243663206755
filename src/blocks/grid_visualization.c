/*
 * grid_visualization - many pictures in one.
 *
 * As many columns as rows; every picture is scaled to fit its cell and stands in the
 * middle of it, on black.  An empty one of a list leaves its cell black.
 */
#include "blocks/block.h"
#include "image/resize.h"

#include <math.h>

typedef struct Args {
    ValueList images;
    int64_t   width, height;
} Args;

static const Field fields[] = {
    { "images", VALUES(Args, images), .kinds = KIND(IMAGE) | KIND(LIST), .selector_only = true,
      .least = 1, .help = "The pictures, and lists of pictures." },

    { "width", INTEGER(Args, width), .kinds = KIND(INTEGER), .preset = "2560",
      .help = "The width of the whole picture." },

    { "height", INTEGER(Args, height), .kinds = KIND(INTEGER), .preset = "1440",
      .help = "The height of the whole picture." },

    { 0 },
};

enum { OUT_IMAGE };

static const Output outputs[] = {
    [OUT_IMAGE] = { "image", KIND(IMAGE), "The pictures side by side." },
    { 0 },
};

/* The pictures without the lists around them; what is null stays. */
static Value flatten(Arena *arena, const ValueList *list)
{
    ListBuilder all = list_builder(arena, (size_t)list->count);

    for (int i = 0; i < list->count; i++) {
        Value item = list->items[i];

        if (item.type != VALUE_LIST && item.type != VALUE_TUPLE) {
            list_add(&all, item);
            continue;
        }
        for (uint32_t k = 0; k < item.count; k++) {
            list_add(&all, item.as.items[k]);
        }
    }
    return list_done(&all);
}

/* Copy a picture into a colour one, with its corner at (x, y), where it fits. */
static void paste(Image *canvas, const Image *image, int x, int y)
{
    int pixel = image_pixel_bytes(image);

    for (int row = 0; row < image_height(image); row++) {
        const uint8_t *from = image_pixels(image) + (size_t)row * image_stride(image);
        uint8_t       *to   = image_edit(canvas) + (size_t)(y + row) * image_stride(canvas) +
                              (size_t)x * 4;

        for (int column = 0; column < image_width(image); column++, from += pixel, to += 4) {
            for (int i = 0; i < 3; i++) {
                to[i] = from[pixel == 1 ? 0 : i];
            }
        }
    }
}

/* False with ERR_UNSUPPORTED where nothing of the picture would be left. */
static bool put(Image *canvas, const Image *image, Rect cell, Error *err)
{
    double scale  = fmin((double)cell.width / image_width(image),
                         (double)cell.height / image_height(image));
    int    width  = (int)(image_width(image) * scale);
    int    height = (int)(image_height(image) * scale);
    Image *small;

    if (width < 1 || height < 1) {
        return fail(err, ERR_UNSUPPORTED, "a picture of %d x %d pixels does not fit a cell of %d x "
                    "%d; make the grid larger", image_width(image), image_height(image),
                    cell.width, cell.height);
    }
    small = image_resize(image, width, height, INTERPOLATE_AREA, err);
    if (small) {
        paste(canvas, small, cell.x + (cell.width - width) / 2,
              cell.y + (cell.height - height) / 2);
    }
    image_unref(small);
    return small != NULL;
}

/* Black, in the place of the first picture. */
static Image *blank(const Value *images, const Args *in, Error *err)
{
    int          width = (int)in->width, height = (int)in->height;
    const Image *first = NULL;
    Image       *canvas;

    for (uint32_t i = 0; !first && i < images->count; i++) {
        first = images->as.items[i].type == VALUE_IMAGE ? images->as.items[i].as.image : NULL;
    }
    canvas = first ? image_replace(first, width, height, 3, err)
                   : image_new(width, height, 3, TEXT("grid"), err);
    for (int y = 0; canvas && y < height; y++) {
        uint8_t *row = image_edit(canvas) + (size_t)y * image_stride(canvas);

        for (int x = 0; x < width; x++) {
            row[4 * x + 3] = 255;
        }
    }
    return canvas;
}

static Image *make_grid(Call *call, const Value *images, const Args *in, Error *err)
{
    int    side   = MAX((int)ceil(sqrt(images->count)), 1);
    int    width  = (int)in->width / side, height = (int)in->height / side;
    Image *canvas = blank(images, in, err);
    bool   done   = canvas != NULL;

    for (int i = 0; done && i < (int)images->count; i++) {
        Value item = images->as.items[i];
        Rect  cell = { i % side * width, i / side * height, width, height };

        done = cancel_check(call->cancel, err) &&
               (item.type != VALUE_IMAGE || put(canvas, item.as.image, cell, err));
    }
    if (!done) {
        image_unref(canvas);
        return NULL;
    }
    return canvas;
}

static bool check_call(Call *call, int i, const Args *in, const Value *images)
{
    if (in->width < 0 || in->height < 0 || in->width > LIMIT_IMAGE_SIDE ||
        in->height > LIMIT_IMAGE_SIDE) {
        return call_fail(call, i, "ValueError", "a grid of %lld x %lld pixels cannot be made: a "
                         "side may have 1 to %d", (long long)in->width, (long long)in->height,
                         LIMIT_IMAGE_SIDE);
    }
    if (in->width == 0 || in->height == 0) {
        return call_fail(call, i, "error", "a grid of %lld x %lld pixels is empty",
                         (long long)in->width, (long long)in->height);
    }
    for (uint32_t k = 0; k < images->count; k++) {
        Value item = images->as.items[k];

        if (item.type != VALUE_IMAGE && !value_is_null(item)) {
            return call_fail(call, i, "AttributeError", "images: expected pictures, got %s",
                             value_type_name((ValueType)item.type));
        }
    }
    return true;
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in     = call_args(call, i);
        Value       images = flatten(call->arena, &in->images);
        Error       err    = { 0 };
        Image      *grid;

        if (!check_call(call, i, in, &images)) {
            return false;
        }
        grid = make_grid(call, &images, in, &err);
        if (!grid) {
            return err.kind == ERR_UNSUPPORTED ? call_fail(call, i, "error", "%s", err.text)
                                               : call_fail_error(call, i, &err);
        }
        emit_image(call, i, OUT_IMAGE, grid);
    }
    return true;
}

const Block block_grid_visualization_v1 = {
    .type      = "roboflow_core/grid_visualization@v1",
    .title     = "Grid Visualization",
    .category  = CATEGORY_VISUALIZATION,
    .work      = WORK(IMAGE_COMPOSITION) | WORK(VISUALIZATION),
    .summary   = "Show many pictures in one.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .run       = run,
};
