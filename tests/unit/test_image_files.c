/*
 * test_image_files - pictures for the tests, put together or changed.
 */
#include "test_image_files.h"

#include <zlib.h>

#include "base/file.h"
#include "image/encode.h"
#include "test.h"

void put32(Buffer *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buffer_char(out, (char)(value >> shift));
}

void put_chunk(Buffer *out, const char *type, const void *data, size_t length)
{
    put32(out, (uint32_t)length);
    size_t start = out->length;
    buffer_append(out, type, 4);
    buffer_append(out, data, length);
    put32(out, (uint32_t)crc32(0, (Bytef *)out->data + start, (uInt)(length + 4)));
}

void put_header(Buffer *out, uint32_t width, uint32_t height, uint8_t depth, uint8_t color)
{
    uint8_t body[13] = {
        (uint8_t)(width >> 24), (uint8_t)(width >> 16), (uint8_t)(width >> 8), (uint8_t)width,
        (uint8_t)(height >> 24), (uint8_t)(height >> 16), (uint8_t)(height >> 8), (uint8_t)height,
        depth, color,
    };

    buffer_append(out, "\x89PNG\r\n\x1A\n", 8);
    put_chunk(out, "IHDR", body, sizeof body);
}

void put_data(Buffer *out, const void *pixels, size_t row, size_t rows, int number)
{
    static uint8_t plain[1 << 16], packed[1 << 17];
    uLongf         length = sizeof packed - 4;

    for (size_t y = 0; y < rows; y++) {
        plain[y * (row + 1)] = 0;
        memcpy(plain + y * (row + 1) + 1, (const uint8_t *)pixels + y * row, row);
    }
    CHECK_INT(compress(packed + 4, &length, plain, (row + 1) * rows), Z_OK);
    memset(packed, 0, 4);
    packed[3] = (uint8_t)number;
    if (number >= 0)
        put_chunk(out, "fdAT", packed, length + 4);
    else
        put_chunk(out, "IDAT", packed + 4, length);
}

void put_end(Buffer *out)
{
    put_chunk(out, "IEND", NULL, 0);
}

void make_exif(uint8_t out[EXIF_SIZE], int orientation)
{
    static const uint8_t start[] = {
        'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0,
    };

    memset(out, 0, EXIF_SIZE);
    memcpy(out, start, sizeof start);
    out[18] = (uint8_t)orientation;
}

void make_jpeg(Buffer *out, int width, int height)
{
    Image   *image = image_new(width, height, 3, TEXT("image"), NULL);
    uint8_t *at    = image_edit(image);

    for (int i = 0; i < width * height * 4; i++)
        at[i] = (uint8_t)((uint32_t)i * 2654435761u >> 25);
    buffer_clear(out);
    CHECK(image_encode(image, as_jpeg(80, NULL), out, NULL));
    image_unref(image);
}

void load_file(Buffer *out, const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "tests/fuzz/corpus/image/%s", name);
    buffer_clear(out);
    CHECK(file_read(path, KIB(64), out, NULL));
}

size_t frame_of(const Buffer *file)
{
    size_t at = 2;

    while ((uint8_t)file->data[at + 1] < 0xC0 || (uint8_t)file->data[at + 1] > 0xC2)
        at += 2 + ((size_t)(uint8_t)file->data[at + 2] << 8) + (uint8_t)file->data[at + 3];
    return at;
}

Image *decode_file(const Buffer *file, Error *err)
{
    return image_decode(file->data, file->length, TEXT("image"), NULL, err);
}

void check_kind(const Buffer *file, ErrorKind kind)
{
    Error  err   = { 0 };
    Image *image = decode_file(file, &err);

    CHECK_INT(err.kind, kind);
    CHECK((image != NULL) == (kind == ERR_NONE));
    CHECK((err.text[0] == '\0') == (kind == ERR_NONE));
    image_unref(image);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

void check_pixel(const Image *image, int x, int y, int red, int green, int blue)
{
    const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image) + (size_t)(4 * x);

    CHECK_INT(at[2], red);
    CHECK_INT(at[1], green);
    CHECK_INT(at[0], blue);
    CHECK_INT(at[3], 255);
}
