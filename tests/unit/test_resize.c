/*
 * test_resize - the kernels against OpenCV's bytes and against each other.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/kernels.h"

enum { LINEAR = INTERPOLATE_LINEAR, AREA = INTERPOLATE_AREA, NEAREST = INTERPOLATE_NEAREST };

/* The rows are printed by tests/data/make_resize_cases.py. */
static const struct {
    int      how;
    int      pixel, width, height, to_width, to_height;
    uint64_t hash;
} cases[] = {
    { LINEAR, 4,   1,  1,  1,  1, 0xE2BF0219EBE413CA },
    { LINEAR, 4,   1,  1,  5,  3, 0x4C57E0C5F55C3E76 },
    { LINEAR, 1,   2,  1,  7,  2, 0x4ECA0878E0AE9067 },
    { LINEAR, 4,   1,  9,  3,  4, 0x1EE8B5C9AE3A951B },
    { LINEAR, 4,   8,  6,  4,  3, 0xD69873D4359F0E77 },
    { LINEAR, 1,  30, 20, 10,  4, 0x3BFACD841C588BCD },
    { LINEAR, 4,  64, 48, 32, 24, 0xEE10901F939CDB44 },
    { LINEAR, 4,  49, 98,  1,  2, 0x13056A4008EDC337 },
    { LINEAR, 1,  17, 11, 13,  7, 0xC158A09A243D08AD },
    { LINEAR, 4,  40, 31, 39, 30, 0xC279767F225C85E5 },
    { LINEAR, 4,  64, 36, 21, 12, 0x74AC6C3A0CBDF9EC },
    { LINEAR, 1,  33, 47, 70, 20, 0x1491064498E24268 },
    { LINEAR, 4,  19, 23, 64, 64, 0x5393D20DD815337F },
    { LINEAR, 4,  57,  3,  5,  3, 0xB31DE440590BD605 },
    { LINEAR, 1, 100, 60, 37, 41, 0x6F8963290D3625E5 },
    { AREA, 4,   1,  1,  1,  1, 0xE2BF0219EBE413CA },
    { AREA, 4,   1,  1,  5,  3, 0x4C57E0C5F55C3E76 },
    { AREA, 1,   2,  1,  7,  2, 0x7E27D22DC4FF22CF },
    { AREA, 4,   1,  9,  3,  4, 0xDD079D12DCC76406 },
    { AREA, 4,   8,  6,  4,  3, 0xD69873D4359F0E77 },
    { AREA, 1,  30, 20, 10,  4, 0x398AB738EC348E25 },
    { AREA, 4,  64, 48, 32, 24, 0xEE10901F939CDB44 },
    { AREA, 4,  49, 98,  1,  2, 0x2A0A94DD4B7D9D7F },
    { AREA, 1,  17, 11, 13,  7, 0x146E378C13362587 },
    { AREA, 4,  40, 31, 39, 30, 0x44051BC10BC06CB0 },
    { AREA, 4,  64, 36, 21, 12, 0x3D4C26DF0124F7E4 },
    { AREA, 1,  33, 47, 70, 20, 0xEB13D9153C95B8D8 },
    { AREA, 4,  19, 23, 64, 64, 0x192FDE1FBDD78B15 },
    { AREA, 4,  57,  3,  5,  3, 0x6626E2EB0C3F1AE0 },
    { AREA, 1, 100, 60, 37, 41, 0x5AD26F8710BB2683 },
    { NEAREST, 4,   1,  1,  1,  1, 0xE2BF0219EBE413CA },
    { NEAREST, 4,   1,  1,  5,  3, 0x4C57E0C5F55C3E76 },
    { NEAREST, 1,   2,  1,  7,  2, 0xAED189EAC9A554BD },
    { NEAREST, 4,   1,  9,  3,  4, 0xC84DFF68483472C4 },
    { NEAREST, 4,   8,  6,  4,  3, 0x14AABEF1FED3DDEB },
    { NEAREST, 1,  30, 20, 10,  4, 0xCA4E55A41DB83B16 },
    { NEAREST, 4,  64, 48, 32, 24, 0xA1B83B3CDA98DC9F },
    { NEAREST, 4,  49, 98,  1,  2, 0xB16E8CBB48668125 },
    { NEAREST, 1,  17, 11, 13,  7, 0xA97970F03B1AE50C },
    { NEAREST, 4,  40, 31, 39, 30, 0x9EEAD03CA452D177 },
    { NEAREST, 4,  64, 36, 21, 12, 0xDC100B87D95927C7 },
    { NEAREST, 1,  33, 47, 70, 20, 0xE629D36D3748B5DE },
    { NEAREST, 4,  19, 23, 64, 64, 0xE4C494205FAB4945 },
    { NEAREST, 4,  57,  3,  5,  3, 0x72D585C83ECEDB00 },
    { NEAREST, 1, 100, 60, 37, 41, 0x560A3978AD542EC4 },
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 24;
}

static uint64_t fnv(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0xCBF29CE484222325;

    for (size_t i = 0; i < length; i++)
        value = (value ^ bytes[i]) * 0x100000001B3;
    return value;
}

static Plane plane_open(int width, int height, int pixel)
{
    size_t stride = (size_t)width * (size_t)pixel;

    return (Plane){ calloc((size_t)height, stride), stride, width, height, pixel };
}

static size_t plane_bytes(Plane plane)
{
    return plane.stride * (size_t)plane.height;
}

static void fill(Plane plane, uint32_t seed)
{
    for (size_t i = 0; i < plane_bytes(plane); i++)
        plane.at[i] = (uint8_t)next_random(&seed);
}

TEST(resize_gives_the_bytes_of_opencv)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Plane from = plane_open(cases[i].width, cases[i].height, cases[i].pixel);
        Plane to   = plane_open(cases[i].to_width, cases[i].to_height, cases[i].pixel);

        fill(from, 1);
        CHECK(plane_resize(from, to, (Interpolation)cases[i].how, NULL));
        if (!CHECK(fnv(to.at, plane_bytes(to)) == cases[i].hash))
            printf("  case %zu: %d x %d to %d x %d\n", i, from.width, from.height, to.width,
                   to.height);
        free(from.at);
        free(to.at);
    }
}

/* Sizes around those where vectors begin and end, and others. */
static int random_side(uint32_t *state)
{
    int side = (int)next_random(state) % 20;

    return side < 8 ? side + 1 : (int)next_random(state) % 90 + 1;
}

TEST(resize_by_vectors_and_by_scalars_is_the_same)
{
    uint32_t state = 7;

    if (!linear_avx2())
        SKIP("no AVX2 here");
    for (int round = 0; round < 4000; round++) {
        int   pixel = next_random(&state) % 4 ? 4 : 1;
        Plane from  = plane_open(random_side(&state), random_side(&state), pixel);
        Plane a     = plane_open(random_side(&state), random_side(&state), pixel);
        Plane b     = plane_open(a.width, a.height, pixel);
        bool  spread = next_random(&state) % 3 == 0;

        fill(from, (uint32_t)round);
        CHECK(resize_linear(&linear_scalar, from, a, spread, NULL));
        CHECK(resize_linear(linear_avx2(), from, b, spread, NULL));
        CHECK(memcmp(a.at, b.at, plane_bytes(a)) == 0);
        free(from.at);
        free(a.at);
        free(b.at);
    }
}

/* A plane whose last byte is followed by memory that cannot be touched. */
static Plane plane_guarded(int width, int height, int pixel, uint8_t **pages, size_t *length)
{
    size_t page  = (size_t)sysconf(_SC_PAGESIZE), stride = (size_t)width * (size_t)pixel;
    size_t bytes = stride * (size_t)height, body = (bytes + page - 1) / page * page;

    *length = body + page;
    *pages  = mmap(NULL, *length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*pages == MAP_FAILED || mprotect(*pages + body, page, PROT_NONE) != 0)
        abort();
    return (Plane){ *pages + body - bytes, stride, width, height, pixel };
}

TEST(resize_reads_and_writes_nothing_past_the_end)
{
    uint32_t state = 3;

    for (int round = 0; round < 300; round++) {
        uint8_t *pages[2];
        size_t   lengths[2];
        int      pixel = next_random(&state) % 4 ? 4 : 1;
        Plane    from  = plane_guarded(random_side(&state), random_side(&state), pixel, &pages[0],
                                       &lengths[0]);
        Plane    to    = plane_guarded(random_side(&state), random_side(&state), pixel, &pages[1],
                                       &lengths[1]);

        for (int how = LINEAR; how <= NEAREST; how++)
            CHECK(plane_resize(from, to, (Interpolation)how, NULL));
        munmap(pages[0], lengths[0]);
        munmap(pages[1], lengths[1]);
    }
}

TEST(resize_keeps_to_its_rows)
{
    Plane canvas = plane_open(40, 20, 4), from = plane_open(33, 17, 4);

    fill(from, 5);
    for (int how = LINEAR; how <= NEAREST; how++) {
        Plane part = { canvas.at + 4 * 4, canvas.stride, 11, 20, 4 };

        memset(canvas.at, 77, plane_bytes(canvas));
        CHECK(plane_resize(from, part, (Interpolation)how, NULL));
        for (int y = 0; y < canvas.height; y++) {
            const uint8_t *row = canvas.at + (size_t)y * canvas.stride;

            for (int x = 0; x < 4 * canvas.width; x++)
                CHECK((x >= 16 && x < 16 + 44) || row[x] == 77);
        }
    }
    free(canvas.at);
    free(from.at);
}

TEST(resize_of_white_is_white_and_of_black_black)
{
    for (int how = LINEAR; how <= NEAREST; how++) {
        for (int value = 0; value < 256; value += 255) {
            Plane from = plane_open(37, 29, 4), to = plane_open(16, 50, 4);

            memset(from.at, value, plane_bytes(from));
            CHECK(plane_resize(from, to, (Interpolation)how, NULL));
            for (size_t i = 0; i < plane_bytes(to); i++)
                CHECK_INT(to.at[i], value);
            free(from.at);
            free(to.at);
        }
    }
}

/* A cell of more bytes than 31 bits can sum up. */
TEST(resize_area_takes_the_mean_of_a_very_large_cell)
{
    Plane from = plane_open(8192, 2048, 1), to = plane_open(1, 1, 1);

    memset(from.at, 200, plane_bytes(from));
    CHECK(plane_resize(from, to, INTERPOLATE_AREA, NULL));
    CHECK_NEAR(to.at[0], 200, 1);
    free(from.at);
    free(to.at);
}

TEST(image_resize_keeps_lineage_and_channels)
{
    Image *image = image_new(20, 10, 1, TEXT("input"), NULL);
    Image *small = image_resize(image, 5, 4, INTERPOLATE_AREA, NULL);

    CHECK_INT(image_width(small), 5);
    CHECK_INT(image_height(small), 4);
    CHECK_INT(image_channels(small), 1);
    CHECK(text_is(image_lineage(small)->root_id, "input"));
    CHECK_INT(image_lineage(small)->root.width, 20);

    Image *large = image_resize(image, 40000, 4, INTERPOLATE_AREA, NULL);
    CHECK(large == NULL);
    image_unref(small);
    image_unref(image);
}

TEST(letterbox_splits_the_border_with_the_smaller_half_first)
{
    Letterbox box = letterbox_fit((Size){ 1920, 1080 }, (Size){ 640, 640 });

    CHECK_INT(box.width, 640);
    CHECK_INT(box.height, 360);
    CHECK_INT(box.left, 0);
    CHECK_INT(box.top, 140);

    box = letterbox_fit((Size){ 3, 2 }, (Size){ 10, 10 });
    CHECK_INT(box.height, 6);
    CHECK_INT(box.top, 2);

    box = letterbox_fit((Size){ 4, 1000 }, (Size){ 100, 101 });
    CHECK_INT(box.width, 1);
    CHECK_INT(box.left, 49);
    CHECK_NEAR(box.scale, 0.101, 1e-12);

    box = letterbox_fit((Size){ 1, 5000 }, (Size){ 64, 64 });
    CHECK_INT(box.width, 1);      /* not none */
}

TEST(gray_follows_opencv)
{
    CHECK_INT(gray_of(0, 0, 0), 0);
    CHECK_INT(gray_of(255, 255, 255), 255);
    CHECK_INT(gray_of(255, 0, 0), 29);
    CHECK_INT(gray_of(0, 255, 0), 150);
    CHECK_INT(gray_of(0, 0, 255), 76);
    CHECK_INT(gray_of(12, 200, 99), 148);
}
