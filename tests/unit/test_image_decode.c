/*
 * test_image_decode - formats, size limits and orientation, whatever the codec.
 */
#include "test.h"
#include "test_image_files.h"

/* ---- formats --------------------------------------------------------------- */

TEST(probe_tells_formats_by_content)
{
    const struct {
        Text        bytes;
        ImageFormat format;
        ErrorKind   kind;
    } cases[] = {
        { TEXT(""), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("hello"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("BM begins this text, which is no picture"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("<!doctype html><html></html>"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("RIFF\x10\0\0\0WAVEfmt "), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("\xFF\xD8\xFF"), FORMAT_JPEG, ERR_INVALID },
        { TEXT("\x89PNG\r\n\x1A\n"), FORMAT_PNG, ERR_INVALID },
        { TEXT("RIFF\x10\0\0\0WEBPVP8 "), FORMAT_WEBP, ERR_INVALID },
        { TEXT("BM\x1E\0\0\0\0\0\0\0\x1A\0\0\0\x0C\0\0\0\1\0"), FORMAT_BMP, ERR_INVALID },
        { TEXT("II*\0\x08\0\0\0"), FORMAT_TIFF, ERR_INVALID },
        { TEXT("MM\0*\0\0\0\x08"), FORMAT_TIFF, ERR_INVALID },
        { TEXT("GIF89a\1\0\1\0"), FORMAT_GIF, ERR_INVALID },
        { TEXT("\0\0\0\x14" "ftypavif\0\0\0\0mif1"), FORMAT_AVIF, ERR_INVALID },
        { TEXT("\0\0\0\x18" "ftypmif1\0\0\0\0mif1avif"), FORMAT_AVIF, ERR_INVALID },
        { TEXT("\0\0\0\x18" "ftypmif1\0\0\0\0mif1heic"), FORMAT_HEIC, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x18" "ftypisom\0\0\0\0mp41mp42"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("\xFF\x0A\0\0"), FORMAT_JXL, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x0CJXL \r\n\x87\n"), FORMAT_JXL, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x0CjP  \r\n\x87\n"), FORMAT_JP2, ERR_UNSUPPORTED },
        { TEXT("\xFF\x4F\xFF\x51\0"), FORMAT_JP2, ERR_UNSUPPORTED },
        { TEXT("8BPS\0\1\0\0"), FORMAT_PSD, ERR_UNSUPPORTED },
        { TEXT("<svg xmlns='x'/>"), FORMAT_SVG, ERR_UNSUPPORTED },
        { TEXT("\xEF\xBB\xBF \n<?xml version='1.0'?><svg/>"), FORMAT_SVG, ERR_UNSUPPORTED },
        { TEXT("%PDF-1.4"), FORMAT_PDF, ERR_UNSUPPORTED },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ImageHeader header;
        Error       err = { 0 };

        CHECK(!image_probe(cases[i].bytes.at, cases[i].bytes.length, &header, &err));
        CHECK_INT(header.format, cases[i].format);
        CHECK_INT(err.kind, cases[i].kind);
        if (cases[i].kind == ERR_UNSUPPORTED)
            CHECK(strstr(err.text, image_format_name(cases[i].format)) != NULL);
    }
    CHECK_STR(image_format_mime(FORMAT_JPEG), "image/jpeg");
    CHECK_STR(image_format_mime(FORMAT_UNKNOWN), "application/octet-stream");
}

/* ---- limits ---------------------------------------------------------------- */

static const struct {
    uint32_t  width, height;
    ErrorKind kind;
} sizes[] = {
    { LIMIT_IMAGE_SIDE - 1, 1, ERR_NONE },       { LIMIT_IMAGE_SIDE, 1, ERR_NONE },
    { LIMIT_IMAGE_SIDE + 1, 1, ERR_TOO_LARGE },  { 1, LIMIT_IMAGE_SIDE, ERR_NONE },
    { 1, LIMIT_IMAGE_SIDE + 1, ERR_TOO_LARGE },  { 8000, 7999, ERR_NONE },
    { 8000, 8000, ERR_NONE },                    { 8000, 8001, ERR_TOO_LARGE },
    { 65500, 65500, ERR_TOO_LARGE },             { 0, 9, ERR_INVALID },
    { 9, 0, ERR_INVALID },
};

TEST(probe_applies_size_limits_to_png)
{
    Buffer file;

    buffer_init(&file, KIB(1));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        ImageHeader header;
        Error       err = { 0 };

        buffer_clear(&file);
        put_header(&file, sizes[i].width, sizes[i].height, 8, RGB);
        put_chunk(&file, "IDAT", "", 0);
        CHECK((sizes[i].kind == ERR_NONE) ==
              image_probe(file.data, file.length, &header, &err));
        CHECK_INT(err.kind, sizes[i].kind);
    }
    buffer_fini(&file);
}

TEST(probe_applies_size_limits_to_jpeg)
{
    Buffer file;

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 16, 16);
    char *frame = file.data + frame_of(&file);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        ImageHeader header;
        Error       err = { 0 };

        frame[5] = (char)(sizes[i].height >> 8);
        frame[6] = (char)sizes[i].height;
        frame[7] = (char)(sizes[i].width >> 8);
        frame[8] = (char)sizes[i].width;
        CHECK((sizes[i].kind == ERR_NONE) ==
              image_probe(file.data, file.length, &header, &err));
        CHECK_INT(err.kind, sizes[i].kind);
    }
    buffer_fini(&file);
}

/* ---- orientation ----------------------------------------------------------- */

/* Where pixel (x, y) of the upright picture lies in the file's, w x h. */
static void source_of(int orientation, int x, int y, int w, int h, int *from_x, int *from_y)
{
    int across = orientation >= 5 ? y : x, down = orientation >= 5 ? x : y;
    bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

    *from_x = flip_x ? w - 1 - across : across;
    *from_y = flip_y ? h - 1 - down : down;
}

static void check_turned(int orientation, int w, int h)
{
    Buffer  file;
    uint8_t exif[EXIF_SIZE], pixels[40 * 40 * 3];

    for (int i = 0; i < w * h; i++)
        memcpy(pixels + i * 3, (uint8_t[]){ (uint8_t)(i % w), (uint8_t)(i / w), 77 }, 3);
    buffer_init(&file, KIB(64));
    put_header(&file, (uint32_t)w, (uint32_t)h, 8, RGB);
    make_exif(exif, orientation);
    put_chunk(&file, "eXIf", exif, sizeof exif);
    put_data(&file, pixels, (size_t)w * 3, (size_t)h, -1);
    put_end(&file);

    bool   swaps = orientation >= 5 && orientation <= 8;
    Image *image = decode_file(&file, NULL);
    CHECK_INT(image_width(image), swaps ? h : w);
    CHECK_INT(image_height(image), swaps ? w : h);
    for (int y = 0; y < image_height(image); y++) {
        for (int x = 0; x < image_width(image); x++) {
            int from_x, from_y;

            source_of(orientation > 8 ? 1 : orientation, x, y, w, h, &from_x, &from_y);
            check_pixel(image, x, y, from_x, from_y, 77);
        }
    }
    image_unref(image);
    buffer_fini(&file);
}

TEST(pictures_are_turned_upright)
{
    for (int orientation = 0; orientation <= 9; orientation++) {
        check_turned(orientation, 3, 2);
        check_turned(orientation, 1, 7);
        check_turned(orientation, 37, 22);
        check_turned(orientation, 16, 32);
    }
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

TEST(exif_survives_nonsense)
{
    uint8_t exif[EXIF_SIZE];

    make_exif(exif, 6);
    CHECK_INT(exif_orientation(exif, sizeof exif), 6);
    for (size_t cut = 0; cut < 20; cut++)
        CHECK_INT(exif_orientation(exif, cut), 0);
    CHECK_INT(exif_orientation(exif, 20), 6);      /* all that is read of it */

    for (size_t at = 0; at < sizeof exif; at++) {
        for (int value = 0; value < 256; value++) {
            uint8_t spoilt[EXIF_SIZE];

            memcpy(spoilt, exif, sizeof exif);
            spoilt[at] = (uint8_t)value;
            int found = exif_orientation(spoilt, sizeof spoilt);
            CHECK(found >= 0 && found <= 8);
        }
    }
}

TEST(exif_is_read_in_order_until_something_is_wrong)
{
    /* Big endian: a maker's name of 9 bytes at `at`, then the orientation. */
    uint8_t exif[] = {
        'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2,
        0x01, 0x0F, 0, 2, 0, 0, 0, 9, 0, 0, 0, 30,
        0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0,
        0, 0, 0, 0, 'A', 'B', 'C',
    };

    CHECK_INT(exif_orientation(exif, sizeof exif), 8);
    exif[21] = 33;                                 /* now ends behind the data */
    CHECK_INT(exif_orientation(exif, sizeof exif), 0);
    exif[11] = 0x33;                               /* a tag that nobody knows may */
    CHECK_INT(exif_orientation(exif, sizeof exif), 8);
}

TEST(image_decode_obeys_its_cancel)
{
    Buffer file;
    Cancel cancel;
    Error  err = { 0 };

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 16, 16);
    cancel_init(&cancel, 0);
    cancel_stop(&cancel);
    CHECK(image_decode(file.data, file.length, TEXT("x"), &cancel, &err) == NULL);
    CHECK_INT(err.kind, ERR_CANCELLED);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    buffer_fini(&file);
}
