/*
 * test_resize - the kernels against OpenCV's bytes and against each other.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/kernels.h"

enum { LINEAR = INTERPOLATE_LINEAR, AREA = INTERPOLATE_AREA, NEAREST = INTERPOLATE_NEAREST,
       CUBIC = INTERPOLATE_CUBIC };

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

static const struct {
    int      channels, width, height, to_width, to_height;
    uint64_t hash;
} cubic[] = {
    { 1,   1,  1,  1,  1, 0xAF63B14C8601A37B },
    { 1,   1,  1,  5,  3, 0xAF8ABF2B4A26F7FB },
    { 1,   2,  1,  7,  2, 0xF87B5CC0C45EE899 },
    { 1,   1,  9,  3,  4, 0x362979ED14F96B63 },
    { 1,   8,  6,  4,  3, 0x4AB9733486B93BCA },
    { 1,  30, 20, 10,  4, 0x3BFACD841C588BCD },
    { 1,  64, 48, 32, 24, 0x627D1684F0F44225 },
    { 1,  49, 98,  1,  2, 0x0A412107B6AAB415 },
    { 1,  17, 11, 13,  7, 0xD8B2D63843F5F2B8 },
    { 1,  40, 31, 39, 30, 0x022400A998FF13F0 },
    { 1,  64, 36, 21, 12, 0x8887F918CC7F23E5 },
    { 1,  33, 47, 70, 20, 0x4542C00DBC9E893C },
    { 1,  19, 23, 64, 64, 0x69208152242D6127 },
    { 1,  57,  3,  5,  3, 0x05DAD33E3CB9A707 },
    { 1, 100, 60, 37, 41, 0x1A65F63A1D821237 },
    { 3,   1,  1,  1,  1, 0x70368918303614BA },
    { 3,   1,  1,  5,  3, 0x929E83B30F584778 },
    { 3,   2,  1,  7,  2, 0x950FF2A53AE71A63 },
    { 3,   1,  9,  3,  4, 0x740004DDE696B049 },
    { 3,   8,  6,  4,  3, 0x8337FC13D6DF865A },
    { 3,  30, 20, 10,  4, 0x1C200E404473515C },
    { 3,  64, 48, 32, 24, 0xB012E163EA97BD6F },
    { 3,  49, 98,  1,  2, 0xADE2CF01CA107E36 },
    { 3,  17, 11, 13,  7, 0xED565ECFB92FD127 },
    { 3,  40, 31, 39, 30, 0x354B95C1E0D55CF7 },
    { 3,  64, 36, 21, 12, 0xE321750C14DCB0AE },
    { 3,  33, 47, 70, 20, 0x45494301E60ABAE9 },
    { 3,  19, 23, 64, 64, 0xEDFD5098AF1CDDCF },
    { 3,  57,  3,  5,  3, 0x3ABC3A9063DF8FD4 },
    { 3, 100, 60, 37, 41, 0x3AB272FDE0324132 },
    { 4,   1,  1,  1,  1, 0xE2BF0219EBE413CA },
    { 4,   1,  1,  5,  3, 0x4C57E0C5F55C3E76 },
    { 4,   2,  1,  7,  2, 0xFB4BB70447F646C9 },
    { 4,   1,  9,  3,  4, 0x6B371F03611C6334 },
    { 4,   8,  6,  4,  3, 0xCD729D20FEC140F5 },
    { 4,  30, 20, 10,  4, 0x454521A163453417 },
    { 4,  64, 48, 32, 24, 0xAA45EC672037D1F5 },
    { 4,  49, 98,  1,  2, 0x13056A4008EDC337 },
    { 4,  17, 11, 13,  7, 0xE1C7B7D392B116D8 },
    { 4,  40, 31, 39, 30, 0x8D7C5818056818F5 },
    { 4,  64, 36, 21, 12, 0x1980B234E00C6B66 },
    { 4,  33, 47, 70, 20, 0x021DBEBC72FE3B8E },
    { 4,  19, 23, 64, 64, 0x841434F7180F36D7 },
    { 4,  57,  3,  5,  3, 0x670222B8440B5696 },
    { 4, 100, 60, 37, 41, 0x43EBBCDFDAD64CA2 },
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

/* The bytes that OpenCV has: of three channels our fourth byte is not among them. */
static uint64_t hash_of(Plane plane, int channels)
{
    uint8_t *bytes = malloc(plane_bytes(plane));
    size_t   count = 0;

    for (size_t i = 0; i < plane_bytes(plane); i++) {
        if (channels != 3 || i % 4 != 3)
            bytes[count++] = plane.at[i];
        else
            CHECK_INT(plane.at[i], 255);
    }
    uint64_t hash = fnv(bytes, count);
    free(bytes);
    return hash;
}

TEST(resize_by_cubics_gives_the_bytes_of_opencv)
{
    for (size_t i = 0; i < COUNT_OF(cubic); i++) {
        int      channels = cubic[i].channels, pixel = channels == 1 ? 1 : 4;
        Plane    from = plane_open(cubic[i].width, cubic[i].height, pixel);
        Plane    to   = plane_open(cubic[i].to_width, cubic[i].to_height, pixel);
        uint32_t seed = 1;

        for (size_t k = 0; k < plane_bytes(from); k++)
            from.at[k] = channels == 3 && k % 4 == 3 ? 255 : (uint8_t)next_random(&seed);
        for (int level = 0; level <= (int)simd_level(); level++) {
            if (from.width == to.width && from.height == to.height)
                CHECK(plane_resize(from, to, INTERPOLATE_CUBIC, NULL));
            else
                CHECK(resize_cubic(cubic_kernels((SimdLevel)level), from, to, channels, NULL));
            if (!CHECK(hash_of(to, channels) == cubic[i].hash))
                printf("  case %zu, level %d\n", i, level);
        }
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

    if (simd_level() == SIMD_PLAIN)
        SKIP("no vectors for this processor");
    for (int round = 0; round < 4000; round++) {
        int   pixel = next_random(&state) % 4 ? 4 : 1;
        Plane from  = plane_open(random_side(&state), random_side(&state), pixel);
        Plane a     = plane_open(random_side(&state), random_side(&state), pixel);
        Plane b     = plane_open(a.width, a.height, pixel);
        bool  spread = next_random(&state) % 3 == 0;

        fill(from, (uint32_t)round);
        CHECK(resize_linear(&linear_scalar, from, a, spread, NULL));
        SimdLevel level = (SimdLevel)(1 + round % (int)simd_level());
        CHECK(resize_linear(linear_kernels(level), from, b, spread, NULL));
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

        for (int how = LINEAR; how <= CUBIC; how++)
            CHECK(plane_resize(from, to, (Interpolation)how, NULL));
        munmap(pages[0], lengths[0]);
        munmap(pages[1], lengths[1]);
    }
}

TEST(resize_keeps_to_its_rows)
{
    Plane canvas = plane_open(40, 20, 4), from = plane_open(33, 17, 4);

    fill(from, 5);
    for (int how = LINEAR; how <= CUBIC; how++) {
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
    for (int how = LINEAR; how <= CUBIC; how++) {
        for (int value = 0; value < 256; value += 255) {
            Plane from = plane_open(37, 29, 4), to = plane_open(16, 50, 4);

            memset(from.at, value, plane_bytes(from));
            CHECK(plane_resize(from, to, (Interpolation)how, NULL));
            for (size_t i = 0; i < plane_bytes(to); i++)
                CHECK_INT(to.at[i], how == CUBIC && i % 4 == 3 ? 255 : value);
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
