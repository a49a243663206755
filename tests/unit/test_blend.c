/*
 * test_blend - mixing against OpenCV's bytes, vectors against scalars, and growing masks.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "image/blend_kernels.h"
#include "image/glow.h"
#include "image/spread.h"

/* The rows of these tables are printed by tests/data/make_blend_cases.py. */
static const struct {
    double   opacity;
    uint64_t hash;
} weighted[] = {
    { 0, 0x1EC0DB407F352325 },
    { 0.05, 0x5384207560D3997B },
    { 0.1, 0xCFB458A785E4529B },
    { 0.3, 0x2D24C3141DFB4F06 },
    { 0.33, 0x367071DD468D379B },
    { 0.5, 0xFB36DDC1D975C725 },
    { 0.62, 0x524393E469650956 },
    { 0.7, 0xB1A75C99BA0C6BD1 },
    { 0.85, 0x23EE45CB82F7D964 },
    { 0.9, 0xD7B5CE0BFCF96F81 },
    { 1, 0x9E731E58B77CA325 },
};

static const struct {
    int      width, height, radius;
    uint64_t hash;
} dilated[] = {
    { 1, 1, 1, 0xAF63BD4C8601B7DF },
    { 9, 7, 1, 0xF0E8392995AAEEB1 },
    { 20, 15, 2, 0x3C213F6002D52CA7 },
    { 40, 30, 5, 0x41A5C89F270ADF71 },
    { 33, 50, 12, 0xD5D32A97F2592D27 },
    { 30, 20, 40, 0xFC28B4C6CA3FFDDD },
};

static const struct {
    int      width, height, size, pixel, to_width, to_height;
    uint64_t hash;
} shrunk[] = {
    { 8, 6, 2, 4, 4, 3, 0xD69873D4359F0E77 },
    { 9, 7, 2, 4, 4, 4, 0x71CA90531A9542E4 },
    { 15, 11, 2, 1, 8, 6, 0x8515283BA86E392E },
    { 50, 30, 20, 4, 2, 2, 0x2BA09B0060D7E50E },
    { 70, 33, 20, 1, 4, 2, 0xB010EA00806F3E0B },
    { 41, 29, 3, 4, 14, 10, 0x2BE05EF5573CDFD3 },
    { 12, 12, 12, 4, 1, 1, 0x0CF8A8C268AE9CFF },
    { 31, 77, 7, 4, 4, 11, 0xDF8BCD42401BF416 },
    { 20, 20, 1, 4, 20, 20, 0x5CA5E4FA715CC0EB },
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 24;
}

static uint64_t fnv(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0xCBF29CE484222325;

    for (size_t i = 0; i < length; i++) {
        value = (value ^ bytes[i]) * 0x100000001B3;
    }
    return value;
}

static void fill(uint8_t *bytes, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)next_random(&seed);
    }
}

/* ---- numbers ------------------------------------------------------------------------- */

/* Every pair of bytes. */
static void check_weighted(BlendKernels kernels)
{
    static uint8_t a[65536], b[65536];

    for (size_t i = 0; i < COUNT_OF(weighted); i++) {
        for (int k = 0; k < 65536; k++) {
            a[k] = (uint8_t)(k / 256);
            b[k] = (uint8_t)k;
        }
        kernels.mix(a, b, (float)weighted[i].opacity, (float)(1 - weighted[i].opacity), 65536);
        CHECK_INT((intmax_t)fnv(a, 65536), (intmax_t)weighted[i].hash);
    }
}

TEST(blend_weighs_as_opencv_does)
{
    for (int level = 0; level <= (int)simd_level(); level++) {
        check_weighted(blend_kernels((SimdLevel)level));
    }
}

/* A tint is the weighted sum of a picture of one colour and another one, in either order. */
static void check_tint(BlendKernels kernels)
{
    uint8_t under[256], out[256];

    for (size_t i = 0; i < COUNT_OF(weighted); i++) {
        float alpha = (float)weighted[i].opacity, beta = (float)(1 - weighted[i].opacity);

        for (int color = 0; color < 256; color++) {
            uint8_t c    = (uint8_t)color;
            Tint    tint = { c, c, c, weighted[i].opacity, false };
            Mix     mix  = mix_of(tint, 1);
            uint8_t want[256], other[256];

            memset(want, color, sizeof want);
            memset(other, color, sizeof other);
            for (int k = 0; k < 256; k++) {
                under[k] = (uint8_t)k;
            }
            kernels.mix(want, under, alpha, beta, 256);
            kernels.tint(out, under, NULL, &mix, 256);
            CHECK(memcmp(out, want, 256) == 0);
            mix.last = true;
            kernels.tint(out, under, NULL, &mix, 256);
            kernels.mix(under, other, beta, alpha, 256);
            CHECK(memcmp(out, under, 256) == 0);
        }
    }
}

TEST(blend_tints_as_it_weighs)
{
    for (int level = 0; level <= (int)simd_level(); level++) {
        check_tint(blend_kernels((SimdLevel)level));
    }
}

enum { LONGEST = 300 };

TEST(blend_by_vectors_and_by_scalars_is_the_same)
{
    BlendKernels plain = blend_kernels(SIMD_PLAIN);
    uint32_t     state = 3;

    if (simd_level() == SIMD_PLAIN) {
        SKIP("no vectors for this processor");
    }
    for (int round = 0; round < 3000; round++) {
        uint8_t under[4 * LONGEST], a[4 * LONGEST], b[4 * LONGEST], bits[LONGEST];
        int     pixel = next_random(&state) % 4 ? 4 : 1, count = (int)next_random(&state);
        int     rare  = 1 << next_random(&state) % 7;
        BlendKernels fast = blend_kernels((SimdLevel)(1 + round % (int)simd_level()));
        bool    whole = next_random(&state) % 4 == 0;
        Tint    tint  = { (uint8_t)next_random(&state), (uint8_t)next_random(&state),
                          (uint8_t)next_random(&state), next_random(&state) / 255.0,
                          next_random(&state) % 2 == 0 };
        Mix     mix   = mix_of(tint, pixel);

        fill(under, sizeof under, (uint32_t)round);
        fill(a, sizeof a, (uint32_t)round + 9);
        memcpy(b, a, sizeof b);
        for (int i = 0; i < LONGEST; i++) {
            bits[i] = next_random(&state) % (uint32_t)rare == 0;
        }
        plain.tint(a, under, whole ? NULL : bits, &mix, count);
        fast.tint(b, under, whole ? NULL : bits, &mix, count);
        CHECK(memcmp(a, b, sizeof a) == 0);
        plain.copy(a, under, whole ? NULL : bits, count, pixel);
        fast.copy(b, under, whole ? NULL : bits, count, pixel);
        CHECK(memcmp(a, b, sizeof a) == 0);
    }
}

/* ---- regions ------------------------------------------------------------------------- */

static Image *random_image(int width, int height, int channels, uint32_t seed)
{
    Image *image = image_new(width, height, channels, TEXT("test"), NULL);

    fill(image_edit(image), image_stride(image) * (size_t)height, seed);
    return image;
}

static const uint8_t *pixel_at(const Image *image, int x, int y)
{
    return image_pixels(image) + (size_t)y * image_stride(image) +
           (size_t)x * (size_t)image_pixel_bytes(image);
}

static bool inside(const Region *region, int x, int y)
{
    return x >= region->rect.x && x < region->rect.x + region->rect.width && y >= region->rect.y &&
           y < region->rect.y + region->rect.height &&
           (!region->bits || region_bit(region, x, y));
}

/* Only pixels of the region change, and their alpha does not. */
static void check_region(Region region, int channels)
{
    Image *under = random_image(40, 30, channels, 1), *out = random_image(40, 30, channels, 2);
    Image *before = random_image(40, 30, channels, 2), *all = random_image(40, 30, channels, 1);
    int    bytes = image_pixel_bytes(out), colors = bytes == 1 ? 1 : 3;
    Tint   tint  = { 10, 200, 90, 0.3, true };

    blend_tint(out, under, region, tint);
    blend_tint(all, under, blend_whole(all), tint);
    for (int y = 0; y < 30; y++) {
        for (int x = 0; x < 40; x++) {
            const Image *want = inside(&region, x, y) ? all : before;

            CHECK(memcmp(pixel_at(out, x, y), pixel_at(want, x, y), (size_t)colors) == 0);
        }
    }
    blend_fill(before, region, tint);
    for (int y = 0; y < 30; y++) {
        for (int x = 0; x < 40; x++) {
            const uint8_t color[] = { 10, 200, 90, 255 };

            CHECK(!inside(&region, x, y) ||
                  memcmp(pixel_at(before, x, y), color, (size_t)bytes) == 0);
        }
    }
    blend_patch(all, under, 0, 0, blend_whole(all));
    CHECK(memcmp(image_pixels(all), image_pixels(under), 40 * 30 * (size_t)bytes) == 0);
    image_unref(under);
    image_unref(out);
    image_unref(before);
    image_unref(all);
}

TEST(blend_stays_in_its_region)
{
    uint8_t    bits[50 * 40];
    const Rect rects[] = {
        { 3, 4, 5, 6 },    { -10, -5, 50, 40 }, { 38, 28, 50, 40 },   { 40, 0, 5, 5 },
        { -5, -5, 5, 5 },  { 0, 0, 40, 30 },    { 5, 5, 0, 0 },       { 39, 0, 1, 30 },
        { INT32_MAX, INT32_MAX, 50, 40 },       { INT32_MIN, INT32_MIN, 50, 40 },
    };

    fill(bits, sizeof bits, 5);
    for (size_t i = 0; i < sizeof bits; i++) {
        bits[i] &= 1;
    }
    for (size_t i = 0; i < COUNT_OF(rects); i++) {
        for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
            check_region((Region){ rects[i], NULL }, channels);
            check_region((Region){ rects[i], bits }, channels);
        }
    }
}

TEST(blend_patch_lies_where_it_is_put)
{
    Image *out = random_image(20, 10, 3, 1), *patch = random_image(6, 5, 3, 2);
    Image *was = random_image(20, 10, 3, 1);

    blend_patch(out, patch, -2, 7, blend_whole(out));
    for (int y = 0; y < 10; y++) {
        for (int x = 0; x < 20; x++) {
            bool           on   = x < 4 && y >= 7;
            const uint8_t *want = on ? pixel_at(patch, x + 2, y - 7) : pixel_at(was, x, y);

            CHECK(memcmp(pixel_at(out, x, y), want, 4) == 0);
        }
    }
    image_unref(out);
    image_unref(patch);
    image_unref(was);
}

TEST(blend_icon_mixes_by_alpha_and_clips)
{
    Image  *out  = image_new(4, 3, 3, TEXT("test"), NULL);
    Image  *icon = image_new(2, 2, 4, TEXT("icon"), NULL);
    uint8_t pixels[] = { 255, 100, 0, 255, 255, 100, 0, 128, 9, 9, 9, 0, 200, 201, 202, 51 };

    memset(image_edit(out), 40, image_stride(out) * 3);
    memcpy(image_edit(icon), pixels, sizeof pixels);
    blend_icon(out, icon, 1, 1);
    CHECK_INT(pixel_at(out, 1, 1)[0], 255);
    CHECK_INT(pixel_at(out, 2, 1)[0], 147);       /* 40 * 127/255 + 255 * 128/255 = 147.9 */
    CHECK_INT(pixel_at(out, 2, 1)[2], 19);
    CHECK_INT(pixel_at(out, 1, 2)[0], 40);
    CHECK_INT(pixel_at(out, 2, 2)[0], 72);
    CHECK_INT(pixel_at(out, 2, 2)[3], 40);
    blend_icon(out, icon, -1, -1);
    CHECK_INT(pixel_at(out, 0, 0)[0], 72);
    blend_icon(out, icon, INT32_MAX, INT32_MIN);
    CHECK_INT(pixel_at(out, 3, 0)[0], 40);
    image_unref(out);
    image_unref(icon);
}

/* ---- masks --------------------------------------------------------------------------- */

TEST(spread_grows_as_opencv_dilates)
{
    for (size_t i = 0; i < COUNT_OF(dilated); i++) {
        int      width = dilated[i].width, height = dilated[i].height;
        size_t   count = (size_t)width * (size_t)height;
        uint8_t *bits  = malloc(count), *out = calloc(count, 1);
        Rect     rect  = { 7, 3, width, height };

        fill(bits, count, 1);
        for (size_t k = 0; k < count; k++) {
            bits[k] = bits[k] > 250;
        }
        CHECK(spread_disc((Region){ rect, bits }, rect, dilated[i].radius, out, NULL, NULL));
        CHECK_INT((intmax_t)fnv(out, count), (intmax_t)dilated[i].hash);
        free(bits);
        free(out);
    }
}

TEST(region_bounds_are_tight)
{
    uint8_t bits[6 * 5] = { 0 };
    Region  region = { { 10, 20, 6, 5 }, bits };
    Rect    bounds = region_bounds(region);

    CHECK_INT(bounds.width, 0);
    bits[1 * 6 + 4] = bits[3 * 6 + 2] = 1;
    bounds = region_bounds(region);
    CHECK_INT(bounds.x, 12);
    CHECK_INT(bounds.y, 21);
    CHECK_INT(bounds.width, 3);
    CHECK_INT(bounds.height, 3);
}

TEST(rects_unite_and_clip)
{
    Rect both = rect_union((Rect){ 1, 2, 3, 4 }, (Rect){ 10, 0, 1, 1 });

    CHECK_INT(both.x, 1);
    CHECK_INT(both.y, 0);
    CHECK_INT(both.width, 10);
    CHECK_INT(both.height, 6);
    CHECK_INT(rect_union((Rect){ 0 }, (Rect){ 5, 6, 7, 8 }).width, 7);
    CHECK_INT(rect_inside((Rect){ INT32_MAX, 0, INT32_MAX, 1 }, 5, 5).width, 0);
    CHECK_INT(rect_inside((Rect){ -3, 0, INT32_MAX, 1 }, 5, 5).width, 5);
}

/* ---- resizing by a factor ------------------------------------------------------------ */

TEST(shrinking_by_a_factor_gives_the_bytes_of_opencv)
{
    for (size_t i = 0; i < COUNT_OF(shrunk); i++) {
        int    pixel = shrunk[i].pixel, width = shrunk[i].width, height = shrunk[i].height;
        Image *from  = random_image(width, height, pixel, 1);
        Image *to    = image_new(shrunk[i].to_width, shrunk[i].to_height, pixel, TEXT("t"), NULL);
        Plane  plane = image_plane(to);

        plane.at = image_edit(to);
        CHECK(plane_shrink(image_plane(from), plane, 1.0 / shrunk[i].size, NULL));
        CHECK_INT((intmax_t)fnv(plane.at, plane.stride * (size_t)plane.height),
                  (intmax_t)shrunk[i].hash);
        image_unref(from);
        image_unref(to);
    }
}

/* ---- glow ---------------------------------------------------------------------------- */

TEST(glow_mixes_by_gray_and_may_wrap)
{
    Image  *out = image_new(3, 1, 3, TEXT("t"), NULL), *layer = image_new(2, 1, 3, TEXT("l"), NULL);
    uint8_t light[] = { 200, 200, 200, 255, 0, 0, 0, 255 };

    memset(image_edit(out), 250, 12);
    memcpy(image_edit(layer), light, sizeof light);
    CHECK_INT(glow_most(layer), 200);
    glow_blend(out, layer, 1, 0, GLOW_MIX, 0.5, 200);
    CHECK_INT(pixel_at(out, 0, 0)[0], 250);
    CHECK_INT(pixel_at(out, 1, 0)[0], 225);
    CHECK_INT(pixel_at(out, 1, 0)[3], 250);
    CHECK_INT(pixel_at(out, 2, 0)[0], 250);
    glow_blend(out, layer, 0, 0, GLOW_ADD, 0.4, 250);
    CHECK_INT(pixel_at(out, 0, 0)[0], (int)(250 * (1 - 0.4 * 200 / 250) + 200 * 0.4) % 256);
    image_unref(out);
    image_unref(layer);
}
