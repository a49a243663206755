/*
 * encode_png - pixels to PNG.
 *
 * Speed is favoured over size: the fastest compression after the SUB filter,
 * which costs a tenth of libpng's defaults and a fifth more bytes.
 */
#include <png.h>
#include <zlib.h>

#include "image/codec.h"

typedef struct Sink {
    Buffer *out;
    char    problem[160];
} Sink;

static _Noreturn void on_error(png_structp png, png_const_charp message)
{
    Sink *sink = png_get_error_ptr(png);

    snprintf(sink->problem, sizeof sink->problem, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep bytes, size_t length)
{
    Sink *sink = png_get_io_ptr(png);

    buffer_append(sink->out, bytes, length);
    if (sink->out->failed)
        png_error(png, "no room for it");
}

static void on_flush(png_structp png)
{
    (void)png;
}

static int color_type(int channels)
{
    switch (channels) {
    case 1:  return PNG_COLOR_TYPE_GRAY;
    case 3:  return PNG_COLOR_TYPE_RGB;
    default: return PNG_COLOR_TYPE_RGB_ALPHA;
    }
}

/* On an error control jumps away to the setjmp of whoever called. */
static void write_image(png_structp png, png_infop info, const Image *image)
{
    int channels = image_channels(image), height = image_height(image);

    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_set_compression_level(png, Z_BEST_SPEED);
    png_set_compression_strategy(png, Z_RLE);
    png_set_IHDR(png, info, (uint32_t)image_width(image), (uint32_t)height, 8,
                 color_type(channels), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);

    if (channels > 1)
        png_set_bgr(png);
    if (channels == 3)
        png_set_filler(png, 0, PNG_FILLER_AFTER);
    for (int y = 0; y < height; y++)
        png_write_row(png, image_pixels(image) + (size_t)y * image_stride(image));
    png_write_end(png, info);
}

bool png_encode(const Image *image, ImageWriting how, Buffer *out, Error *err)
{
    Sink        sink = { .out = out };
    png_structp png  = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, on_error, on_warning);
    png_infop   info = png ? png_create_info_struct(png) : NULL;

    (void)how;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return fail(err, ERR_MEMORY, "no memory for the PNG encoder");
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return codec_fail(err, out->failed ? ERR_MEMORY : ERR_INTERNAL,
                          "the picture cannot be encoded as PNG", sink.problem);
    }
    png_set_write_fn(png, &sink, on_write, on_flush);
    write_image(png, info, image);
    png_destroy_write_struct(&png, &info);
    return true;
}
