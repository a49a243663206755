/*
 * test_image_png - what PNGs become, animated and damaged ones too.
 */
#include "test.h"
#include "test_image_files.h"

/* A whole picture of one row. */
static void put_row(Buffer *out, uint32_t width, uint8_t depth, uint8_t color, const void *pixels,
                    size_t bytes)
{
    static const uint8_t palette[] = { 1, 2, 3, 40, 50, 60 };

    buffer_clear(out);
    put_header(out, width, 1, depth, color);
    if (color == PALETTE)
        put_chunk(out, "PLTE", palette, sizeof palette);
    put_data(out, pixels, bytes, 1, -1);
    put_end(out);
}

TEST(png_chunks_are_limited_and_skipped)
{
    Buffer   file;
    size_t   most = LIMIT_PNG_CHUNK;
    uint8_t *note = calloc(1, most + 1), pixels[3] = { 7, 8, 9 };

    buffer_init(&file, MIB(40));
    for (size_t length = most - 1; length <= most + 1; length++) {
        buffer_clear(&file);
        put_header(&file, 1, 1, 8, RGB);
        put_chunk(&file, "zTXt", note, length);
        put_data(&file, pixels, 3, 1, -1);
        put_end(&file);
        check_kind(&file, length > most ? ERR_TOO_LARGE : ERR_NONE);
    }
    buffer_clear(&file);
    put_header(&file, 1, 1, 8, RGB);
    put32(&file, 0x80000000);
    buffer_string(&file, "tEXt");
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
    free(note);
}

TEST(png_becomes_colour)
{
    Buffer file;
    Image *image;

    buffer_init(&file, KIB(64));
    put_row(&file, 2, 8, GRAY, "\x10\xF0", 2);
    image = decode_file(&file, NULL);
    CHECK_INT(image_channels(image), 3);
    check_pixel(image, 1, 0, 0xF0, 0xF0, 0xF0);
    image_unref(image);

    put_row(&file, 4, 2, GRAY, "\x1B", 1);                    /* 0 1 2 3 */
    image = decode_file(&file, NULL);
    check_pixel(image, 1, 0, 85, 85, 85);
    check_pixel(image, 3, 0, 255, 255, 255);
    image_unref(image);

    put_row(&file, 1, 16, RGB, "\x12\xFF\x34\xFF\x56\xFF", 6);
    image = decode_file(&file, NULL);
    check_pixel(image, 0, 0, 0x12, 0x34, 0x56);               /* cut, not rounded */
    image_unref(image);

    put_row(&file, 3, 8, PALETTE, "\0\1\2", 3);               /* there is no colour 2 */
    image = decode_file(&file, NULL);
    check_pixel(image, 0, 0, 1, 2, 3);
    check_pixel(image, 1, 0, 40, 50, 60);
    check_pixel(image, 2, 0, 0, 0, 0);
    image_unref(image);

    put_row(&file, 1, 8, RGBA, "\x0A\x14\x1E\x00", 4);        /* transparent: colour stays */
    image = decode_file(&file, NULL);
    check_pixel(image, 0, 0, 10, 20, 30);
    image_unref(image);

    put_row(&file, 1, 16, GRAY_ALPHA, "\x80\x01\x00\x00", 4);
    image = decode_file(&file, NULL);
    check_pixel(image, 0, 0, 128, 128, 128);
    image_unref(image);
    buffer_fini(&file);
}

TEST(png_that_is_damaged_is_refused)
{
    Buffer  file;
    uint8_t pixels[64 * 3];

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i);
    buffer_init(&file, KIB(64));
    put_row(&file, 64, 8, RGB, pixels, sizeof pixels);
    check_kind(&file, ERR_NONE);

    while (file.length-- > 0)                                 /* cut off anywhere */
        check_kind(&file, ERR_INVALID);

    put_row(&file, 64, 8, RGB, pixels, sizeof pixels);
    file.data[60] ^= 1;
    check_kind(&file, ERR_INVALID);
    put_row(&file, 64, 8, PALETTE + 4, pixels, 64);           /* no such colour type */
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
}

static void put_frame(Buffer *out, int number, int x, int y, int width, int height)
{
    uint8_t body[26] = {
        [3] = (uint8_t)number, [7] = (uint8_t)width, [11] = (uint8_t)height,
        [15] = (uint8_t)x, [19] = (uint8_t)y,
    };

    put_chunk(out, "fcTL", body, sizeof body);
}

/* Two frames, one red and all over, one green; the still picture is blue when
 * it is none of them. */
static void make_animation(Buffer *out, bool apart, int x, int y)
{
    uint8_t red[4 * 3 * 3], blue[4 * 3 * 3], green[2 * 3];

    for (int i = 0; i < 12; i++) {
        memcpy(red + 3 * i, "\xFF\0\0", 3);
        memcpy(blue + 3 * i, "\0\0\xFF", 3);
    }
    memcpy(green, "\0\xFF\0\0\xFF\0", 6);
    buffer_clear(out);
    put_header(out, 4, 3, 8, RGB);
    put_chunk(out, "acTL", "\0\0\0\2\0\0\0\0", 8);
    if (apart) {
        put_data(out, blue, 12, 3, -1);
    } else {
        put_frame(out, 0, 0, 0, 4, 3);
        put_data(out, red, 12, 3, -1);
    }
    put_frame(out, 1, x, y, 2, 1);
    put_data(out, green, 6, 1, 2);
    put_frame(out, 3, 0, 0, 4, 3);
    put_data(out, red, 12, 3, 4);
    put_end(out);
}

TEST(png_animations_give_their_first_frame)
{
    Buffer file;
    Image *image;

    buffer_init(&file, KIB(64));
    make_animation(&file, false, 1, 2);
    image = decode_file(&file, NULL);
    check_pixel(image, 1, 2, 255, 0, 0);
    image_unref(image);

    make_animation(&file, true, 1, 2);
    image = decode_file(&file, NULL);
    check_pixel(image, 0, 2, 0, 0, 0);
    check_pixel(image, 1, 2, 0, 255, 0);
    check_pixel(image, 2, 2, 0, 255, 0);
    check_pixel(image, 3, 2, 0, 0, 0);
    image_unref(image);

    make_animation(&file, true, 3, 2);       /* one pixel too far right */
    check_kind(&file, ERR_INVALID);

    make_animation(&file, true, 1, 2);       /* cut off before that frame */
    file.length = 8 + 25 + 20 + 30;
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
}
