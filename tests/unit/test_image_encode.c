/*
 * test_image_encode - what is written can be read, and is what OpenCV writes.
 */
#include "test.h"

#include "image/decode.h"
#include "image/encode.h"

static Image *noise(int width, int height, int channels)
{
    Image   *image = image_new(width, height, channels, TEXT("input"), NULL);
    uint8_t *at    = image_edit(image);
    size_t   bytes = image_stride(image) * (size_t)height;
    uint32_t state = 1;

    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525 + 1013904223;
        at[i] = (uint8_t)(state >> 24);
    }
    return image;
}

/* Smooth, so that JPEG keeps it. */
static Image *slope(int width, int height, int channels)
{
    Image   *image = image_new(width, height, channels, TEXT("input"), NULL);
    uint8_t *at    = image_edit(image);
    int      bytes = image_pixel_bytes(image);

    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < bytes; c++)
                *at++ = (uint8_t)(x + y + 20 * c);
        }
    }
    return image;
}

static const uint8_t *pixel(const Image *image, int x, int y)
{
    return image_pixels(image) + (size_t)y * image_stride(image) +
           (size_t)(x * image_pixel_bytes(image));
}

static Image *again(const Buffer *file)
{
    return image_decode(file->data, file->length, TEXT("again"), NULL, NULL);
}

TEST(png_keeps_every_pixel)
{
    static const int channels[] = { 1, 3, 4 }, color_types[] = { 0, 2, 6 };

    for (size_t i = 0; i < COUNT_OF(channels); i++) {
        Image *image = noise(23, 17, channels[i]);
        Buffer file;

        buffer_init(&file, MIB(1));
        CHECK(image_encode(image, as_png(), &file, NULL));
        CHECK_INT(file.data[25], color_types[i]);

        Image *read = again(&file);
        for (int y = 0; y < 17; y++) {
            for (int x = 0; x < 23; x++) {
                const uint8_t *a = pixel(image, x, y), *b = pixel(read, x, y);

                CHECK(a[0] == b[0] && b[3] == 255);
                CHECK(a[channels[i] == 1 ? 0 : 2] == b[2]);
            }
        }
        image_unref(read);
        image_unref(image);
        buffer_fini(&file);
    }
}

TEST(encoders_follow_the_rows_of_a_crop)
{
    Image *image = slope(64, 48, 3);
    Image *crop  = image_crop(image, (Rect){ 16, 8, 20, 10 }, TEXT("c"), false, NULL);
    Image *copy  = image_copy(crop, NULL);
    Buffer a, b;

    buffer_init(&a, MIB(1));
    buffer_init(&b, MIB(1));
    CHECK(image_encode(crop, as_png(), &a, NULL) &&
          image_encode(crop, as_jpeg(95, NULL), &a, NULL));
    CHECK(image_encode(copy, as_png(), &b, NULL) &&
          image_encode(copy, as_jpeg(95, NULL), &b, NULL));
    CHECK(text_equal((Text){ a.data, a.length }, (Text){ b.data, b.length }));
    buffer_fini(&a);
    buffer_fini(&b);
    image_unref(copy);
    image_unref(crop);
    image_unref(image);
}

TEST(jpeg_is_near_to_what_was_drawn)
{
    static const int channels[] = { 1, 3, 4 };

    for (size_t i = 0; i < COUNT_OF(channels); i++) {
        Image *image = slope(64, 48, channels[i]);
        Buffer file;
        double error = 0;

        buffer_init(&file, MIB(1));
        CHECK(image_encode(image, as_jpeg(95, NULL), &file, NULL));
        Image *read = again(&file);
        for (int y = 0; y < 48; y++) {
            for (int x = 0; x < 64; x++)
                error += abs(pixel(image, x, y)[0] - pixel(read, x, y)[0]);
        }
        CHECK(error / (64 * 48) < 1.5);
        image_unref(read);
        image_unref(image);
        buffer_fini(&file);
    }
}

/* Where a segment's data begin, behind its length. */
static const uint8_t *segment(const Buffer *file, uint8_t marker)
{
    const uint8_t *at = (const uint8_t *)file->data + 2;

    while (at[1] != marker)
        at += 2 + (at[2] << 8 | at[3]);
    return at + 4;
}

TEST(jpeg_has_half_the_chroma_and_standard_tables)
{
    Image *image = noise(40, 30, 3), *gray = noise(40, 30, 1);
    Buffer file;

    buffer_init(&file, MIB(1));
    CHECK(image_encode(image, as_jpeg(50, NULL), &file, NULL));
    const uint8_t *frame = segment(&file, 0xC0);
    CHECK_INT(frame[7], 0x22);
    CHECK_INT(frame[10], 0x11);
    CHECK_INT(segment(&file, 0xDB)[1], 16);     /* luminance, quality 50: as in the standard */
    CHECK_INT(segment(&file, 0xC4)[2], 1);      /* DC codes of 2 bits: one */
    CHECK_INT(segment(&file, 0xC4)[3], 5);

    buffer_clear(&file);
    CHECK(image_encode(gray, as_jpeg(50, NULL), &file, NULL));
    CHECK_INT(segment(&file, 0xC0)[5], 1);
    buffer_fini(&file);
    image_unref(image);
    image_unref(gray);
}

TEST(jpeg_quality_is_brought_into_range)
{
    Image *image = noise(40, 30, 3);
    Buffer least, under, most, over;

    buffer_init(&least, MIB(1));
    buffer_init(&under, MIB(1));
    buffer_init(&most, MIB(1));
    buffer_init(&over, MIB(1));
    CHECK(image_encode(image, as_jpeg(1, NULL), &least, NULL));
    CHECK(image_encode(image, as_jpeg(-5, NULL), &under, NULL));
    CHECK(image_encode(image, as_jpeg(100, NULL), &most, NULL));
    CHECK(image_encode(image, as_jpeg(999, NULL), &over, NULL));
    CHECK_INT((intmax_t)under.length, (intmax_t)least.length);
    CHECK_INT((intmax_t)over.length, (intmax_t)most.length);
    CHECK(least.length < most.length);
    buffer_fini(&least);
    buffer_fini(&under);
    buffer_fini(&most);
    buffer_fini(&over);
    image_unref(image);
}

TEST(encoders_say_when_there_is_no_room)
{
    Image *image = noise(40, 30, 3);
    Buffer file;
    Error  err = { 0 };

    buffer_init(&file, 100);
    CHECK(!image_encode(image, as_jpeg(95, NULL), &file, &err));
    CHECK_INT(err.kind, ERR_MEMORY);
    buffer_fini(&file);

    err = (Error){ 0 };
    buffer_init(&file, 100);
    CHECK(!image_encode(image, as_png(), &file, &err));
    CHECK_INT(err.kind, ERR_MEMORY);
    buffer_fini(&file);
    image_unref(image);
}

/* ---- colours, and WebP ------------------------------------------------------- */

/* Columns of pure red and pure blue, one pixel each. */
static Image *stripes(int side)
{
    Image *image = image_new(side, side, 3, TEXT("input"), NULL);

    for (int y = 0; y < side; y++) {
        uint8_t *at = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < side; x++, at += 4) {
            at[x % 2 ? 0 : 2] = 255;
            at[3] = 255;
        }
    }
    return image;
}

/* The mean distance of what was written from what is read, a channel. */
static double distance(const Image *image, ImageWriting how, size_t *size)
{
    double sum = 0;
    Buffer file;
    Image *read;

    buffer_init(&file, MIB(4));
    CHECK(image_encode(image, how, &file, NULL));
    read  = again(&file);
    *size = file.length;
    CHECK(read && image_width(read) == image_width(image));
    for (int y = 0; y < image_height(image); y++) {
        for (int x = 0; x < image_width(image); x++) {
            const uint8_t *a = pixel(image, x, y), *b = pixel(read, x, y);

            for (int c = 0; c < 3; c++)
                sum += abs(a[image_channels(image) == 1 ? 0 : c] - b[c]);
        }
    }
    image_unref(read);
    buffer_fini(&file);
    return sum / 3 / image_width(image) / image_height(image);
}

static ImageWriting as(Coding coding, int quality)
{
    return (ImageWriting){ .coding = coding, .quality = quality };
}

TEST(jpeg_444_keeps_thin_colours)
{
    Image *image = stripes(64);
    size_t size;

    CHECK(distance(image, as(CODING_JPEG_444, 95), &size) < 6);
    CHECK(distance(image, as(CODING_JPEG, 95), &size) > 50);
    image_unref(image);
}

TEST(webp_is_small_and_near_what_was_written)
{
    Image *image = slope(320, 200, 3);
    size_t webp, better, jpeg;

    CHECK(distance(image, as(CODING_WEBP, 80), &webp) < 6);
    CHECK(distance(image, as(CODING_JPEG, 80), &jpeg) < 6);
    CHECK(distance(image, as(CODING_WEBP, 95), &better) < 4);
    CHECK(webp < jpeg && webp < better);
    image_unref(image);
}

TEST(webp_holds_gray_as_colours_and_alpha)
{
    Image *gray = slope(40, 30, 1), *clear = slope(40, 30, 4);
    size_t size;
    Buffer file;

    CHECK(distance(gray, as(CODING_WEBP, 90), &size) < 4);
    buffer_init(&file, MIB(1));
    CHECK(image_encode(clear, as(CODING_WEBP, 90), &file, NULL));
    CHECK(memmem(file.data, file.length, "ALPH", 4) != NULL);
    buffer_fini(&file);
    image_unref(clear);
    image_unref(gray);
}

TEST(webp_refuses_what_it_cannot_hold)
{
    Image *wide = image_new(16384, 1, 3, TEXT("input"), NULL);
    Image *some = slope(64, 64, 3);
    Error  err  = { 0 };
    Buffer file;

    buffer_init(&file, MIB(1));
    CHECK(!image_encode(wide, as(CODING_WEBP, 80), &file, &err));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(strstr(err.text, "16383") && strstr(err.text, "PNG"));
    buffer_fini(&file);
    buffer_init(&file, 16);
    err = (Error){ 0 };
    CHECK(!image_encode(some, as(CODING_WEBP, 80), &file, &err));
    CHECK_INT(err.kind, ERR_MEMORY);
    buffer_fini(&file);
    image_unref(some);
    image_unref(wide);
}
