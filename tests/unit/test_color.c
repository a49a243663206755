/*
 * test_color - colour spaces against OpenCV's bytes.
 */
#include "test.h"

#include <zlib.h>

#include "image/color.h"
#include "image/simd.h"

/* The rows are printed by tests/data/make_color_cases.py. */
static const struct {
    ColorChange how;
    uint32_t    all, rows;
} cases[] = {
    { COLOR_BGR_TO_HSV, 0x3F78E2E0, 0xB1C079DC },
    { COLOR_HSV_TO_BGR, 0x1857CFBD, 0x34681F46 },
    { COLOR_BGR_TO_LAB, 0x3410FC4B, 0xA3381D8C },
    { COLOR_LAB_TO_BGR, 0x06EE83B9, 0x2C3FBCFB },
};

static uint32_t add(uint32_t crc, const uint8_t *pixels, int count)
{
    uint8_t bytes[3 * 256];

    for (int i = 0; i < count; i++) {
        memcpy(bytes + 3 * i, pixels + 4 * i, 3);
        CHECK_INT(pixels[4 * i + 3], 255);
    }
    return (uint32_t)crc32(crc, bytes, (uInt)(3 * count));
}

static void check_every_colour(void)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t crc = 0;

        for (int row = 0; row < 256 * 256; row++) {
            uint8_t pixels[4 * 256];

            for (int x = 0; x < 256; x++)
                memcpy(pixels + 4 * x, (uint8_t[]){ (uint8_t)row, (uint8_t)x,
                                                    (uint8_t)(row >> 8), 0 }, 4);
            color_row(pixels, pixels, 256, cases[i].how);
            crc = add(crc, pixels, 256);
        }
        if (!CHECK(crc == cases[i].all))
            printf("  case %zu\n", i);
    }
}

TEST(color_of_every_colour_is_that_of_opencv)
{
    for (int level = (int)simd_level(); level >= 0; level--) {
        simd_limit((SimdLevel)level);
        check_every_colour();
    }
    simd_limit(SIMD_256);
}

TEST(color_of_short_rows_is_that_of_opencv)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t crc = 0;

        for (int length = 1; length <= 70; length++) {
            uint8_t pixels[4 * 70];

            for (int k = 0; k < 3 * length; k++)
                pixels[k / 3 * 4 + k % 3] = (uint8_t)((k * 7919 + length * 31) % 251);
            color_row(pixels, pixels, length, cases[i].how);
            crc = add(crc, pixels, length);
        }
        if (!CHECK(crc == cases[i].rows))
            printf("  case %zu\n", i);
    }
}

TEST(color_of_a_picture_keeps_its_lineage)
{
    Image *image = image_new(5, 3, 4, TEXT("input"), NULL);

    image_edit(image)[2] = 255;             /* red */
    Image *lab = image_recolor(image, COLOR_BGR_TO_LAB, NULL);
    Image *back = image_recolor(lab, COLOR_LAB_TO_BGR, NULL);
    CHECK_INT(image_channels(lab), 3);
    CHECK(text_is(image_lineage(lab)->root_id, "input"));
    CHECK_INT(image_pixels(lab)[0], 136);
    CHECK_INT(image_pixels(lab)[1], 208);
    CHECK_INT(image_pixels(lab)[2], 195);
    CHECK_NEAR(image_pixels(back)[0], 0, 1);
    CHECK_NEAR(image_pixels(back)[2], 255, 1);
    image_unref(image);
    image_unref(lab);
    image_unref(back);
}
