/*
 * test_image_decode - headers, limits, orientation and what damage does.
 *
 * PNGs are put together here, chunk by chunk; JPEGs are written by our encoder
 * or turbojpeg and then changed.
 */
#include "test.h"

#include <turbojpeg.h>
#include <zlib.h>

#include "image/budget.h"
#include "image/decode.h"
#include "image/encode.h"

enum { GRAY = 0, RGB = 2, PALETTE = 3, GRAY_ALPHA = 4, RGBA = 6 };

/* ---- putting files together ------------------------------------------------ */

static void put32(Buffer *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buffer_char(out, (char)(value >> shift));
}

static void put_chunk(Buffer *out, const char *type, const void *data, size_t length)
{
    put32(out, (uint32_t)length);
    size_t start = out->length;
    buffer_append(out, type, 4);
    buffer_append(out, data, length);
    put32(out, (uint32_t)crc32(0, (Bytef *)out->data + start, (uInt)(length + 4)));
}

static void put_header(Buffer *out, uint32_t width, uint32_t height, uint8_t depth, uint8_t color)
{
    uint8_t body[13] = {
        (uint8_t)(width >> 24), (uint8_t)(width >> 16), (uint8_t)(width >> 8), (uint8_t)width,
        (uint8_t)(height >> 24), (uint8_t)(height >> 16), (uint8_t)(height >> 8), (uint8_t)height,
        depth, color,
    };

    buffer_append(out, "\x89PNG\r\n\x1A\n", 8);
    put_chunk(out, "IHDR", body, sizeof body);
}

/* Rows of `row` bytes, each given its filter byte, as one chunk; `number` >= 0
 * puts a sequence number before them. */
static void put_data(Buffer *out, const void *pixels, size_t row, size_t rows, int number)
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

static void put_end(Buffer *out)
{
    put_chunk(out, "IEND", NULL, 0);
}

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

/* A TIFF structure with one entry, the orientation. */
static size_t make_exif(uint8_t out[26], int orientation)
{
    static const uint8_t start[] = { 'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0 };

    memset(out, 0, 26);
    memcpy(out, start, sizeof start);
    out[18] = (uint8_t)orientation;
    return 26;
}

/* A JPEG of noise with middle detail. */
static void make_jpeg(Buffer *out, int width, int height, int flags)
{
    uint8_t       *pixels = calloc((size_t)width * (size_t)height, 3);
    unsigned char *bytes  = NULL;
    unsigned long  length = 0;
    tjhandle       tool   = tjInitCompress();

    for (int i = 0; i < width * height * 3; i++)
        pixels[i] = (uint8_t)((uint32_t)i * 2654435761u >> 25);
    CHECK_INT(tjCompress2(tool, pixels, width, 0, height, TJPF_RGB, &bytes, &length, TJSAMP_420, 80,
                          flags), 0);
    buffer_clear(out);
    buffer_append(out, bytes, length);
    tjFree(bytes);
    tjDestroy(tool);
    free(pixels);
}

static Image *decode(const Buffer *file, Error *err)
{
    return image_decode(file->data, file->length, TEXT("image"), NULL, err);
}

static void check_kind(const Buffer *file, ErrorKind kind)
{
    Error  err   = { 0 };
    Image *image = decode(file, &err);

    CHECK_INT(err.kind, kind);
    CHECK((image != NULL) == (kind == ERR_NONE));
    CHECK((err.text[0] == '\0') == (kind == ERR_NONE));
    image_unref(image);
    CHECK_INT((intmax_t)budget_used(), 0);
}

static void check_pixel(const Image *image, int x, int y, int red, int green, int blue)
{
    const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image) + (size_t)(4 * x);

    CHECK_INT(at[2], red);
    CHECK_INT(at[1], green);
    CHECK_INT(at[0], blue);
    CHECK_INT(at[3], 255);
}

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
        { TEXT("BM is how this text begins, without being a picture"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("<!doctype html><html></html>"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("RIFF\x10\0\0\0WAVEfmt "), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("\xFF\xD8\xFF"), FORMAT_JPEG, ERR_INVALID },
        { TEXT("\x89PNG\r\n\x1A\n"), FORMAT_PNG, ERR_INVALID },
        { TEXT("RIFF\x10\0\0\0WEBPVP8 "), FORMAT_WEBP, ERR_UNSUPPORTED },
        { TEXT("BM\x1E\0\0\0\0\0\0\0\x1A\0\0\0\x0C\0\0\0\1\0"), FORMAT_BMP, ERR_UNSUPPORTED },
        { TEXT("II*\0\x08\0\0\0"), FORMAT_TIFF, ERR_UNSUPPORTED },
        { TEXT("MM\0*\0\0\0\x08"), FORMAT_TIFF, ERR_UNSUPPORTED },
        { TEXT("GIF89a\1\0\1\0"), FORMAT_GIF, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x14" "ftypavif\0\0\0\0mif1"), FORMAT_AVIF, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x18" "ftypmif1\0\0\0\0mif1avif"), FORMAT_AVIF, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x18" "ftypmif1\0\0\0\0mif1heic"), FORMAT_HEIC, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x18" "ftypisom\0\0\0\0mp41mp42"), FORMAT_UNKNOWN, ERR_INVALID },
        { TEXT("\xFF\x0A\0\0"), FORMAT_JXL, ERR_UNSUPPORTED },
        { TEXT("\0\0\0\x0CJXL \r\n\x87\n"), FORMAT_JXL, ERR_UNSUPPORTED },
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

/* The first frame header's offset. */
static size_t frame_of(const Buffer *file)
{
    size_t at = 2;

    while ((uint8_t)file->data[at + 1] < 0xC0 || (uint8_t)file->data[at + 1] > 0xC2)
        at += 2 + ((size_t)(uint8_t)file->data[at + 2] << 8) + (uint8_t)file->data[at + 3];
    return at;
}

TEST(probe_applies_size_limits_to_jpeg)
{
    Buffer file;

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 16, 16, 0);
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

/* A progressive JPEG of `scans` scans: its last one over and over. */
static void make_scans(Buffer *out, int scans)
{
    Buffer one;
    size_t last = 0;
    int    count = 0;

    buffer_init(&one, KIB(64));
    make_jpeg(&one, 16, 16, TJFLAG_PROGRESSIVE);
    for (size_t i = 0; i + 1 < one.length; i++) {
        if (one.data[i] == '\xFF' && one.data[i + 1] == '\xDA') {
            last = i;
            count++;
        }
    }
    buffer_clear(out);
    buffer_append(out, one.data, last);
    for (int i = count - 1; i < scans; i++)
        buffer_append(out, one.data + last, one.length - 2 - last);
    buffer_append(out, "\xFF\xD9", 2);
    buffer_fini(&one);
}

TEST(probe_counts_scans)
{
    Buffer file;

    buffer_init(&file, MIB(4));
    for (int scans = LIMIT_JPEG_SCANS - 1; scans <= LIMIT_JPEG_SCANS + 1; scans++) {
        make_scans(&file, scans);
        check_kind(&file, scans > LIMIT_JPEG_SCANS ? ERR_TOO_LARGE : ERR_NONE);
    }
    make_scans(&file, 10000);
    int64_t start = clock_now();
    check_kind(&file, ERR_TOO_LARGE);
    CHECK(clock_now() - start < 50000000);
    buffer_fini(&file);
}

TEST(progressive_is_charged_for_its_coefficients)
{
    Buffer      file;
    ImageHeader header;
    Error       err = { 0 };

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 100, 50, TJFLAG_PROGRESSIVE);
    CHECK(image_probe(file.data, file.length, &header, NULL));
    CHECK_INT((intmax_t)header.scratch, 7 * 4 * (4 + 1 + 1) * 128);   /* groups of 16 x 16 */

    size_t need = file.length + 100 * 50 * 4 + header.scratch;
    budget_set(need - 1);
    CHECK(decode(&file, &err) == NULL);
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    budget_set(need);
    check_kind(&file, ERR_NONE);
    budget_set(0);

    make_jpeg(&file, 100, 50, 0);
    CHECK(image_probe(file.data, file.length, &header, NULL));
    CHECK_INT((intmax_t)header.scratch, 0);
    buffer_fini(&file);
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
    uint8_t exif[26], pixels[40 * 40 * 3];

    for (int i = 0; i < w * h; i++)
        memcpy(pixels + i * 3, (uint8_t[]){ (uint8_t)(i % w), (uint8_t)(i / w), 77 }, 3);
    buffer_init(&file, KIB(64));
    put_header(&file, (uint32_t)w, (uint32_t)h, 8, RGB);
    put_chunk(&file, "eXIf", exif, make_exif(exif, orientation));
    put_data(&file, pixels, (size_t)w * 3, (size_t)h, -1);
    put_end(&file);

    bool   swaps = orientation >= 5 && orientation <= 8;
    Image *image = decode(&file, NULL);
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
    CHECK_INT((intmax_t)budget_used(), 0);
}

static int jpeg_orientation(const Buffer *jpeg, const void *app1, size_t length)
{
    Buffer      file;
    ImageHeader header = { .orientation = -1 };

    buffer_init(&file, KIB(64));
    buffer_append(&file, jpeg->data, 2);
    buffer_append(&file, "\xFF\xE1\0", 3);
    buffer_char(&file, (char)(length + 2));
    buffer_append(&file, app1, length);
    buffer_append(&file, jpeg->data + 2, jpeg->length - 2);
    CHECK(image_probe(file.data, file.length, &header, NULL));
    buffer_fini(&file);
    return header.orientation;
}

TEST(jpeg_takes_its_orientation_from_the_first_app1)
{
    Buffer  jpeg;
    uint8_t app1[6 + 26] = "Exif\0";

    buffer_init(&jpeg, KIB(64));
    make_jpeg(&jpeg, 16, 16, 0);
    for (int orientation = 0; orientation <= 9; orientation++) {
        make_exif(app1 + 6, orientation);
        CHECK_INT(jpeg_orientation(&jpeg, app1, sizeof app1),
                  orientation >= 1 && orientation <= 8 ? orientation : 1);
    }
    CHECK_INT(jpeg_orientation(&jpeg, "Exif\0", 6), 1);
    CHECK_INT(jpeg_orientation(&jpeg, "http://ns.adobe.com/xap/1.0/", 28), 1);
    buffer_fini(&jpeg);
}

TEST(exif_survives_nonsense)
{
    uint8_t exif[26];
    size_t  length = make_exif(exif, 6);

    CHECK_INT(exif_orientation(exif, length), 6);
    for (size_t cut = 0; cut < 20; cut++)
        CHECK_INT(exif_orientation(exif, cut), 0);
    CHECK_INT(exif_orientation(exif, 20), 6);      /* all that is read of it */

    for (size_t at = 0; at < length; at++) {
        for (int value = 0; value < 256; value++) {
            uint8_t spoilt[26];

            memcpy(spoilt, exif, length);
            spoilt[at] = (uint8_t)value;
            int found = exif_orientation(spoilt, length);
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

/* ---- PNG ------------------------------------------------------------------- */

TEST(png_becomes_colour)
{
    Buffer file;
    Image *image;

    buffer_init(&file, KIB(64));
    put_row(&file, 2, 8, GRAY, "\x10\xF0", 2);
    image = decode(&file, NULL);
    CHECK_INT(image_channels(image), 3);
    check_pixel(image, 1, 0, 0xF0, 0xF0, 0xF0);
    image_unref(image);

    put_row(&file, 4, 2, GRAY, "\x1B", 1);                    /* 0 1 2 3 */
    image = decode(&file, NULL);
    check_pixel(image, 1, 0, 85, 85, 85);
    check_pixel(image, 3, 0, 255, 255, 255);
    image_unref(image);

    put_row(&file, 1, 16, RGB, "\x12\xFF\x34\xFF\x56\xFF", 6);
    image = decode(&file, NULL);
    check_pixel(image, 0, 0, 0x12, 0x34, 0x56);               /* cut, not rounded */
    image_unref(image);

    put_row(&file, 3, 8, PALETTE, "\0\1\2", 3);               /* there is no colour 2 */
    image = decode(&file, NULL);
    check_pixel(image, 0, 0, 1, 2, 3);
    check_pixel(image, 1, 0, 40, 50, 60);
    check_pixel(image, 2, 0, 0, 0, 0);
    image_unref(image);

    put_row(&file, 1, 8, RGBA, "\x0A\x14\x1E\x00", 4);        /* transparent: colour stays */
    image = decode(&file, NULL);
    check_pixel(image, 0, 0, 10, 20, 30);
    image_unref(image);

    put_row(&file, 1, 16, GRAY_ALPHA, "\x80\x01\x00\x00", 4);
    image = decode(&file, NULL);
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
    image = decode(&file, NULL);
    check_pixel(image, 1, 2, 255, 0, 0);
    image_unref(image);

    make_animation(&file, true, 1, 2);
    image = decode(&file, NULL);
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

/* ---- JPEG ------------------------------------------------------------------ */

TEST(jpeg_that_is_cut_off_ends_in_gray)
{
    Buffer file;

    buffer_init(&file, KIB(256));
    for (int flags = 0; flags <= TJFLAG_PROGRESSIVE; flags += TJFLAG_PROGRESSIVE) {
        make_jpeg(&file, 128, 128, flags);
        file.length = flags ? frame_of(&file) + 100 : file.length / 2;

        Image *image = decode(&file, NULL);
        if (CHECK(image != NULL))
            check_pixel(image, 127, 127, 128, 128, 128);
        image_unref(image);
    }
    buffer_fini(&file);
}

TEST(jpeg_of_other_kinds_is_refused)
{
    Buffer file;

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 16, 16, 0);
    char *frame = file.data + frame_of(&file);

    frame[4] = 12;                           /* bits */
    check_kind(&file, ERR_UNSUPPORTED);
    frame[4] = 8;
    frame[1] = '\xC3';                       /* lossless */
    check_kind(&file, ERR_UNSUPPORTED);
    frame[1] = '\xC0';
    frame[9] = 2;                            /* colours */
    check_kind(&file, ERR_UNSUPPORTED);
    frame[9] = 3;
    check_kind(&file, ERR_NONE);
    file.length = frame_of(&file) + 10;
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
}

TEST(jpeg_in_cmyk_becomes_colour)
{
    static const uint8_t ink[][7] = {        /* C M Y K as Adobe stores it, then R G B */
        { 255, 255, 255, 255, 255, 255, 255 },
        { 255, 255, 255, 0, 0, 0, 0 },
        { 0, 255, 255, 255, 0, 255, 255 },
        { 128, 128, 128, 255, 128, 128, 128 },
    };

    for (size_t i = 0; i < COUNT_OF(ink); i++) {
        uint8_t        pixels[8 * 8 * 4];
        unsigned char *bytes  = NULL;
        unsigned long  length = 0;
        tjhandle       tool   = tjInitCompress();

        for (size_t k = 0; k < sizeof pixels; k++)
            pixels[k] = ink[i][k % 4];
        CHECK_INT(tjCompress2(tool, pixels, 8, 0, 8, TJPF_CMYK, &bytes, &length, TJSAMP_444, 100,
                              0), 0);
        Image *image = image_decode(bytes, length, TEXT("image"), NULL, NULL);
        const uint8_t *at = image_pixels(image);
        for (int c = 0; c < 3; c++)
            CHECK_NEAR(at[2 - c], ink[i][4 + c], 2);
        CHECK_INT(at[3], 255);
        image_unref(image);
        tjFree(bytes);
        tjDestroy(tool);
    }
}

TEST(image_decode_obeys_its_cancel)
{
    Buffer file;
    Cancel cancel;
    Error  err = { 0 };

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 16, 16, 0);
    cancel_init(&cancel, 0);
    cancel_stop(&cancel);
    CHECK(image_decode(file.data, file.length, TEXT("x"), &cancel, &err) == NULL);
    CHECK_INT(err.kind, ERR_CANCELLED);
    CHECK_INT((intmax_t)budget_used(), 0);
    buffer_fini(&file);
}
