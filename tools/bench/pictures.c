/*
 * pictures - decoding, encoding, resizing and base64, on one thread.
 *
 *     pictures FOLDER [SECONDS]
 *
 * FOLDER holds what tools/bench/pictures.py made.  Prints one JSON object: for each
 * piece of work the best time in microseconds and a checksum of what came out, to be
 * held against that of the other side.
 */
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "image/encode.h"
#include "image/resize.h"
#include "model/preprocess.h"

enum { SIDE = 640 };

/* What all work has at hand. */
typedef struct Bench {
    Buffer     jpeg, progressive, png, webp, lossless;
    Image     *photo;
    Plane      pixels, out, gray;
    char      *text;
    uint8_t   *bytes;
    float     *tensor;
    Lookup     lookup;
    Preprocess how;
    Buffer     encoded;
} Bench;

/* One piece of work, and the checksum of what it makes. */
typedef struct Work {
    const char *name;
    void      (*run)(Bench *b);
    uint32_t  (*sum)(Bench *b);
} Work;

static _Noreturn void stop(const Error *err)
{
    fprintf(stderr, "pictures: %s\n", err->text);
    exit(1);
}

static uint32_t plane_sum(Plane plane)
{
    uint32_t crc = 0;

    for (int y = 0; y < plane.height; y++) {
        const uint8_t *row = plane.at + (size_t)y * plane.stride;

        if (plane.pixel == 1)
            crc = (uint32_t)crc32(crc, row, (uInt)plane.width);
        for (int x = 0; plane.pixel == 4 && x < plane.width; x++)
            crc = (uint32_t)crc32(crc, row + 4 * x, 3);
    }
    return crc;
}

/* ---- codecs ---------------------------------------------------------------- */

static void decode(Bench *b, const Buffer *file)
{
    Error  err = { 0 };
    Image *image = image_decode(file->data, file->length, TEXT("image"), NULL, &err);

    if (!image)
        stop(&err);
    image_unref(b->photo);
    b->photo = image;
}

static void decode_jpeg(Bench *b)        { decode(b, &b->jpeg); }
static void decode_progressive(Bench *b) { decode(b, &b->progressive); }
static void decode_png(Bench *b)         { decode(b, &b->png); }
static void decode_webp(Bench *b)        { decode(b, &b->webp); }
static void decode_lossless(Bench *b)    { decode(b, &b->lossless); }

static uint32_t photo_sum(Bench *b)
{
    return plane_sum(image_plane(b->photo));
}

static void encode_jpeg(Bench *b)
{
    Error err = { 0 };

    buffer_clear(&b->encoded);
    if (!image_encode(b->photo, as_jpeg(90, NULL), &b->encoded, &err))
        stop(&err);
}

static uint32_t encoded_sum(Bench *b)
{
    return (uint32_t)crc32(0, (const uint8_t *)b->encoded.data, (uInt)b->encoded.length);
}

/* ---- kernels --------------------------------------------------------------- */

static void resize(Bench *b, int width, int height, Interpolation how)
{
    Error err = { 0 };

    b->out.width  = width;
    b->out.height = height;
    b->out.stride = 4 * (size_t)width;
    if (!plane_resize(b->pixels, b->out, how, &err))
        stop(&err);
}

static void linear(Bench *b)      { resize(b, 1000, 562, INTERPOLATE_LINEAR); }
static void linear_up(Bench *b)   { resize(b, 2500, 1400, INTERPOLATE_LINEAR); }
static void area_whole(Bench *b)  { resize(b, 640, 360, INTERPOLATE_AREA); }
static void area_half(Bench *b)   { resize(b, 960, 540, INTERPOLATE_AREA); }
static void area_any(Bench *b)    { resize(b, 1000, 562, INTERPOLATE_AREA); }
static void cubic(Bench *b)       { resize(b, 1000, 562, INTERPOLATE_CUBIC); }
static void cubic_up(Bench *b)    { resize(b, 2500, 1400, INTERPOLATE_CUBIC); }
static uint32_t out_sum(Bench *b) { return plane_sum(b->out); }

static void gray(Bench *b)
{
    for (int y = 0; y < b->pixels.height; y++)
        gray_row(b->gray.at + (size_t)y * b->gray.stride,
                 b->pixels.at + (size_t)y * b->pixels.stride, b->pixels.width);
}

static uint32_t gray_sum(Bench *b) { return plane_sum(b->gray); }

static void tensor(Bench *b)
{
    Error err = { 0 };

    if (!preprocess_picture(&b->how, &b->lookup, true, b->photo, (PreprocessOff){ 0 },
                            (Size){ SIDE, SIDE }, b->tensor, &err))
        stop(&err);
}

static uint32_t tensor_sum(Bench *b)
{
    return (uint32_t)crc32(0, (const uint8_t *)b->tensor, 3 * SIDE * SIDE * sizeof(float));
}

/* ---- base64 ---------------------------------------------------------------- */

static size_t text_length(const Bench *b) { return base64_size(b->jpeg.length); }

static void to_base64(Bench *b)
{
    base64_encode(b->text, b->jpeg.data, b->jpeg.length);
}

static void from_base64(Bench *b)
{
    if (base64_decode(b->bytes, (Text){ b->text, text_length(b) }, NULL) < 0)
        exit(1);
}

static void copy_text(Bench *b)
{
    memcpy(b->bytes, b->text, text_length(b));
    __asm__ volatile("" : : "r"(b->bytes) : "memory");
}

static uint32_t text_sum(Bench *b)
{
    return (uint32_t)crc32(0, (const uint8_t *)b->text, (uInt)text_length(b));
}

static uint32_t bytes_sum(Bench *b)
{
    return (uint32_t)crc32(0, b->bytes, (uInt)b->jpeg.length);
}

/* The photograph of the last decoding is what the kernels work on. */
static const Work works[] = {
    { "decode JPEG, progressive", decode_progressive, photo_sum },
    { "decode WebP",              decode_webp,        photo_sum },
    { "decode WebP, lossless",    decode_lossless,    photo_sum },
    { "decode PNG",               decode_png,         photo_sum },
    { "decode JPEG",              decode_jpeg,        photo_sum },
    { "encode JPEG",              encode_jpeg,        encoded_sum },
    { "resize linear, smaller",   linear,             out_sum },
    { "resize linear, larger",    linear_up,          out_sum },
    { "resize area, a third",     area_whole,         out_sum },
    { "resize area, half",        area_half,          out_sum },
    { "resize area, 0.52",        area_any,           out_sum },
    { "resize cubic, smaller",    cubic,              out_sum },
    { "resize cubic, larger",     cubic_up,           out_sum },
    { "gray",                     gray,               gray_sum },
    { "letterbox 640, NCHW",      tensor,             tensor_sum },
    { "base64, encode",           to_base64,          text_sum },
    { "base64, decode",           from_base64,        bytes_sum },
    { "copy of the base64 text",  copy_text,          text_sum },
};

/* ---- the rounds ------------------------------------------------------------ */

static void load(Buffer *file, const char *folder, const char *name)
{
    char  path[512];
    Error err = { 0 };

    snprintf(path, sizeof path, "%s/%s", folder, name);
    buffer_init(file, MIB(64));
    if (!file_read(path, MIB(64), file, &err))
        stop(&err);
}

static void prepare(Bench *b, const char *folder)
{
    load(&b->jpeg, folder, "photo.jpg");
    load(&b->progressive, folder, "progressive.jpg");
    load(&b->png, folder, "photo.png");
    load(&b->webp, folder, "photo.webp");
    load(&b->lossless, folder, "lossless.webp");
    buffer_init(&b->encoded, MIB(64));
    decode_jpeg(b);
    b->pixels = image_plane(b->photo);
    b->out    = (Plane){ malloc((size_t)4 * 2500 * 1400), 0, 0, 0, 4 };
    b->gray   = (Plane){ malloc((size_t)b->pixels.width * (size_t)b->pixels.height),
                         (size_t)b->pixels.width, b->pixels.width, b->pixels.height, 1 };
    b->text   = malloc(text_length(b) + 1);
    b->bytes  = malloc(text_length(b) + 3);
    b->tensor = malloc(3 * SIDE * SIDE * sizeof *b->tensor);
    b->how    = (Preprocess){ .rgb = true, .has_scale = true, .scale = 255, .padding = 114,
                              .resize = RESIZE_LETTERBOX };
    lookup_make(&b->lookup, &b->how);
}

/* Best of as many runs as fit into `nanoseconds`, at least three. */
static double time_work(Bench *b, const Work *work, int64_t nanoseconds)
{
    int64_t end = clock_now() + nanoseconds, best = INT64_MAX;

    for (int i = 0; i < 3 || clock_now() < end; i++) {
        int64_t start = clock_now();

        work->run(b);
        best = MIN(best, clock_now() - start);
    }
    return (double)best / 1e3;
}

int main(int argc, char **argv)
{
    Bench  b = { 0 };
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 0.1;

    if (argc < 2)
        return 2;
    budget_tame_malloc();     /* as the program does */
    prepare(&b, argv[1]);
    printf("{");
    for (size_t i = 0; i < COUNT_OF(works); i++) {
        double best = time_work(&b, &works[i], (int64_t)(seconds * 1e9));

        b.pixels = image_plane(b.photo);
        printf("%s\"%s\": [%.2f, %u]", i ? ", " : "", works[i].name, best, works[i].sum(&b));
    }
    printf("}\n");
    return 0;
}
