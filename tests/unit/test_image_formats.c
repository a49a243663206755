/*
 * test_image_formats - what all formats must do: OpenCV's pixels, whole files
 * only or defined ones, sizes refused before memory is taken.
 */
#include <malloc.h>
#include <zlib.h>

#include "image/codecs.h"
#include "test.h"
#include "test_image_files.h"

/* The fuzzer's seeds; the rows are printed by tests/data/make_format_cases.py.
 * Without a checksum OpenCV refuses the file, and we decode it. */
static const struct {
    const char *name;
    int         width, height;
    uint32_t    crc;
} seeds[] = {
    { "avif_10.avif", 14, 12, 0x2D3CCCAE },
    { "avif_420.avif", 14, 12, 0x5E55B4E7 },
    { "avif_444.avif", 14, 12, 0xEF5BA459 },
    { "avif_alpha.avif", 14, 12, 0xC4D16BFD },
    { "avif_gray10.avif", 14, 12, 0x0CDBADB7 },
    { "bmp_1.bmp", 9, 3, 0x2F879AC1 },
    { "bmp_16_alpha.bmp", 0, 0, 0x00000000 },
    { "bmp_16_fields.bmp", 3, 2, 0xE741D1D3 },
    { "bmp_24.bmp", 3, 2, 0xB1EFC4C7 },
    { "bmp_24_runs.bmp", 0, 0, 0x00000000 },
    { "bmp_32_fields.bmp", 3, 2, 0xBE8C585A },
    { "bmp_4.bmp", 7, 3, 0x645036A6 },
    { "bmp_4_runs.bmp", 0, 0, 0x00000000 },
    { "bmp_8_core.bmp", 3, 2, 0xB1EFC4C7 },
    { "bmp_8_runs.bmp", 8, 4, 0x52F0AAB6 },
    { "gif_interlaced.gif", 4, 9, 0xB0CF1635 },
    { "gif_plain.gif", 5, 4, 0xF9CA76A8 },
    { "tiff_big.tif", 4, 3, 0x9DF797BD },
    { "tiff_cmyk.tif", 4, 3, 0x17A20F55 },
    { "tiff_fax.tif", 4, 3, 0x19990159 },
    { "tiff_gray16.tif", 4, 3, 0x7AC67626 },
    { "tiff_jpeg.tif", 16, 16, 0x95EA6C1E },
    { "tiff_lzw.tif", 16, 16, 0xF257A2AE },
    { "tiff_pack.tif", 4, 3, 0xB3E45589 },
    { "tiff_palette.tif", 4, 3, 0xCB8BBE42 },
    { "tiff_planar.tif", 4, 3, 0x9DF797BD },
    { "tiff_rgb.tif", 3, 4, 0xB44108CA },
    { "tiff_tile.tif", 4, 3, 0x7AB722C9 },
    { "webp_alpha.webp", 10, 6, 0x37AF162A },
    { "webp_frames.webp", 16, 10, 0x0BC5DD75 },
    { "webp_lossless.webp", 7, 5, 0x33830056 },
    { "webp_lossy.webp", 7, 5, 0x5DCF40DC },
};

static uint32_t checksum(const Image *image)
{
    uint32_t crc = 0;

    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < image_width(image); x++)
            crc = (uint32_t)crc32(crc, at + 4 * x, 3);
    }
    return crc;
}

TEST(formats_give_the_pixels_of_opencv)
{
    Buffer file;

    buffer_init(&file, KIB(64));
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        Error err = { 0 };

        load_file(&file, seeds[i].name);
        Image *image = decode_file(&file, &err);
        if (!CHECK(image != NULL)) {
            printf("  %s: %s\n", seeds[i].name, err.text);
            continue;
        }
        if (seeds[i].crc != 0) {
            CHECK_INT(image_width(image), seeds[i].width);
            CHECK_INT(image_height(image), seeds[i].height);
            if (!CHECK(checksum(image) == seeds[i].crc))
                printf("  %s\n", seeds[i].name);
        }
        image_unref(image);
    }
    buffer_fini(&file);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

/* The checksum of what `length` bytes give, 0 when refused, with fresh memory
 * full of `fill`: a byte that nobody wrote shows as a difference. */
static uint32_t decode_over(const char *bytes, size_t length, int fill)
{
    Error err = { 0 };

    mallopt(M_PERTURB, fill);
    Image   *image = image_decode(bytes, length, TEXT("image"), NULL, &err);
    uint32_t crc   = image ? checksum(image) | 1 : 0;

    CHECK(image || (err.kind != ERR_NONE && err.kind != ERR_MISSING && err.text[0]));
    image_unref(image);
    mallopt(M_PERTURB, 0);
    return crc;
}

/* Cut a seed off at every byte and, when `flip`, change every byte too; the
 * number of times that something was decoded. */
static int damage(const char *name, bool flip)
{
    Buffer file;
    int    decoded = 0;

    buffer_init(&file, KIB(64));
    load_file(&file, name);
    for (size_t i = 0; i < file.length; i++) {
        size_t length = flip ? file.length : i;
        char  *part   = malloc(length + 1);     /* a reader past its end is caught */

        memcpy(part + 1, file.data, length);
        if (flip)
            part[1 + i] = (char)~part[1 + i];
        uint32_t crc = decode_over(part + 1, length, 0x55);
        if (!CHECK(crc == decode_over(part + 1, length, 0xAA)))
            printf("  %s at byte %zu\n", name, i);
        decoded += crc != 0;
        free(part);
    }
    buffer_fini(&file);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    return decoded;
}

TEST(formats_refuse_files_that_are_cut_off)
{
    CHECK_INT(damage("bmp_24.bmp", false), 0);
    CHECK_INT(damage("bmp_16_fields.bmp", false), 0);
    CHECK_INT(damage("bmp_8_runs.bmp", false), 2);       /* its end may be missing */
    CHECK_INT(damage("webp_lossy.webp", false), 0);
    CHECK_INT(damage("webp_frames.webp", false), 0);
    CHECK_INT(damage("gif_plain.gif", false), 0);
    CHECK_INT(damage("tiff_rgb.tif", false), 0);
    CHECK_INT(damage("avif_420.avif", false), 0);
}

/* The least file of each kind, at every byte: an error that says what it is, or pixels
 * which are the same whatever memory held before.  JPEGs decode from their first scan on,
 * the rest in gray; of several frames or directories the first is enough. */
TEST(formats_of_every_kind_may_be_cut_off_anywhere)
{
    static const char *const never[] = {
        "rgb.png", "gray1.png", "palette.png", "rgba16.png", "interlaced.png", "turned.png",
        "webp_lossless.webp", "webp_alpha.webp", "bmp_1.bmp", "bmp_4.bmp", "bmp_8_core.bmp",
        "bmp_32_fields.bmp", "gif_interlaced.gif", "tiff_lzw.tif", "tiff_jpeg.tif",
        "tiff_tile.tif", "avif_alpha.avif", "avif_10.avif", "avif_444.avif",
    };
    static const char *const sometimes[] = {
        "baseline.jpg", "progressive.jpg", "restart.jpg", "gray.jpg", "cmyk.jpg",
        "arithmetic.jpg", "turned.jpg", "animated.png", "apart.png", "tiff_pack.tif",
        "tiff_big.tif",
    };

    for (size_t i = 0; i < COUNT_OF(never); i++) {
        if (!CHECK_INT(damage(never[i], false), 0))
            printf("  %s\n", never[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sometimes); i++) {
        if (!CHECK(damage(sometimes[i], false) > 0))
            printf("  %s\n", sometimes[i]);
    }
}

TEST(formats_decode_damage_to_defined_pixels_or_not_at_all)
{
    for (size_t i = 0; i < COUNT_OF(seeds); i++)
        CHECK(damage(seeds[i].name, true) < seeds[i].width * seeds[i].height * 100 + 1000);
}

/* ---- sizes are refused by the header --------------------------------------- */

/* Write `value` in `width` bytes at `at` of a seed and see what kind of error
 * the header alone gives. */
static void check_header(const char *name, size_t at, uint32_t value, int width, bool big,
                         ErrorKind kind)
{
    Buffer      file;
    ImageHeader header;
    Error       err = { 0 };

    buffer_init(&file, KIB(64));
    load_file(&file, name);
    for (int i = 0; i < width; i++)
        file.data[at + (size_t)i] = (char)(value >> 8 * (big ? width - 1 - i : i));
    CHECK(image_probe(file.data, file.length, &header, &err) == (kind == ERR_NONE));
    if (!CHECK_INT(err.kind, kind))
        printf("  %s: %s\n", name, err.text);
    buffer_fini(&file);
}

TEST(formats_apply_size_limits_by_the_header)
{
    check_header("bmp_8_runs.bmp", 18, LIMIT_IMAGE_SIDE, 4, false, ERR_NONE);
    check_header("bmp_8_runs.bmp", 18, LIMIT_IMAGE_SIDE + 1, 4, false, ERR_TOO_LARGE);
    check_header("bmp_8_runs.bmp", 18, 0x80000000, 4, false, ERR_INVALID);
    check_header("bmp_8_runs.bmp", 22, 0x80000000, 4, false, ERR_TOO_LARGE);
    check_header("bmp_8_runs.bmp", 22, 0, 4, false, ERR_INVALID);
    check_header("bmp_24.bmp", 22, 30000, 4, false, ERR_INVALID);      /* rows are missing */
    check_header("bmp_24.bmp", 10, 0xFFFFFFFF, 4, false, ERR_INVALID);
    check_header("bmp_24.bmp", 14, 0xFFFFFFFF, 4, false, ERR_INVALID);
    check_header("gif_plain.gif", 6, LIMIT_IMAGE_SIDE + 1, 2, false, ERR_TOO_LARGE);
    check_header("gif_plain.gif", 6, LIMIT_IMAGE_SIDE, 2, false, ERR_NONE);
    check_header("gif_plain.gif", 6, 0, 2, false, ERR_INVALID);
    check_header("gif_plain.gif", 11, 4, 1, false, ERR_INVALID);       /* no such background */
    check_header("webp_frames.webp", 24, 0xFFFFFF, 3, false, ERR_TOO_LARGE);
}

TEST(formats_charge_pixels_before_they_are_allocated)
{
    Buffer file;
    Error  err = { 0 };

    buffer_init(&file, KIB(64));
    load_file(&file, "bmp_8_runs.bmp");
    file.data[18] = 0;
    file.data[19] = 0x40;           /* 16384 wide */
    budget_set(&budget_pictures, KIB(64));
    Image *image = decode_file(&file, &err);
    budget_set(&budget_pictures, 0);
    CHECK(image == NULL);
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    image_unref(image);
    buffer_fini(&file);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

/* An animation of `count` frames of one pixel each. */
static void make_gif(Buffer *out, int count)
{
    static const char screen[] = "GIF89a\1\0\1\0\x80\0\0\1\2\3\4\5\6";
    static const char frame[]  = "\x2C\0\0\0\0\1\0\1\0\0\2\2\x44\1\0";

    buffer_clear(out);
    buffer_append(out, screen, sizeof screen - 1);
    for (int i = 0; i < count; i++)
        buffer_append(out, frame, sizeof frame - 1);
    buffer_char(out, 0x3B);
}

TEST(gif_has_a_limit_of_frames)
{
    Buffer file;

    buffer_init(&file, MIB(1));
    make_gif(&file, LIMIT_IMAGE_FRAMES - 1);
    check_kind(&file, ERR_NONE);
    make_gif(&file, LIMIT_IMAGE_FRAMES);
    check_kind(&file, ERR_NONE);
    make_gif(&file, LIMIT_IMAGE_FRAMES + 1);
    check_kind(&file, ERR_TOO_LARGE);
    make_gif(&file, 0);
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
}

TEST(codecs_tell_what_they_are_made_of)
{
    Error         err = { 0 };
    char          text[100] = "";
    const Codecs *codecs = codecs_open(&err);

    if (!CHECK(codecs != NULL))
        return;
    codecs->versions(text, sizeof text);
    CHECK(strncmp(text, "libtiff 4.", 10) == 0);
    CHECK(strstr(text, ", libavif ") != NULL);
}
