/*
 * test_mask - polygons, outlines and run lengths against OpenCV's and COCO's.
 */
#include "test.h"

#include <string.h>

#include "value/mask.h"

/* Both tables are printed by tests/data/make_mask_cases.py. */
static const struct {
    int      reach;
    uint64_t hash;
} polygons[] = {
    {     0, 0x2A6B9BBFB2C58305 },
    {     3, 0xB17671A5DB7978C8 },
    {    20, 0x084C29B374995CC3 },
    {   300, 0xF1D36C84B8466B6E },
    { 20000, 0x5C9AF024C5318403 },
};

static const struct {
    int      percent;
    int      flags;
    uint64_t hash;
} bitmaps[] = {
    {  5, CONTOUR_TREE, 0xB6D6792E0A465EF3 },
    {  5, CONTOUR_OUTER, 0xB6D6792E0A465EF3 },
    {  5, CONTOUR_ALL, 0xDCA7F0F5C27511D3 },
    { 30, CONTOUR_TREE, 0x2FD152368E312AB3 },
    { 30, CONTOUR_OUTER, 0x5CEC33AF3D5546B6 },
    { 30, CONTOUR_ALL, 0x58CEDE3920EF3F0B },
    { 50, CONTOUR_TREE, 0x0AC26E402C2FF2A6 },
    { 50, CONTOUR_OUTER, 0x9B95030E2ED9AFED },
    { 50, CONTOUR_ALL, 0x11220B069EFE96C8 },
    { 70, CONTOUR_TREE, 0xC00B5CE694B6AC4C },
    { 70, CONTOUR_OUTER, 0xFBE49ADF9D0E29FA },
    { 70, CONTOUR_ALL, 0x96EC4E45A2C38C54 },
    { 95, CONTOUR_TREE, 0x68270DFA0A458D58 },
    { 95, CONTOUR_OUTER, 0x94C40BBECA850F53 },
    { 95, CONTOUR_ALL, 0xC5607A8EB7682934 },
};

enum { ROUNDS = 40 };

static int below(uint32_t *state, int limit)
{
    *state = *state * 1664525 + 1013904223;
    return (int)((*state >> 8) % (uint32_t)limit);
}

static void hash(uint64_t *value, int64_t number)
{
    *value = (*value ^ (uint32_t)number) * 0x100000001B3;
}

static uint64_t polygons_hash(Arena *arena, int reach)
{
    uint32_t state = (uint32_t)reach + 1;
    uint64_t value = 0xCBF29CE484222325;

    for (int round = 0; round < ROUNDS; round++) {
        int width = 1 + below(&state, 50), height = 1 + below(&state, 40);
        int count = 1 + below(&state, 10);
        MaskAllowance left = MASK_ALLOWANCE;
        ContourPoint  corners[10];
        Mask          mask;
        Error         err = { 0 };

        for (int i = 0; i < count; i++) {
            corners[i].x = below(&state, width + 2 * reach) - reach;
            corners[i].y = below(&state, height + 2 * reach) - reach;
        }
        CHECK(mask_from_polygon(arena, corners, count, width, height, &left, &mask, &err));
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                hash(&value, mask_at(&mask, x, y));
            }
        }
    }
    return value;
}

TEST(polygons_are_filled_as_opencv_fills_them)
{
    Arena arena;

    arena_init(&arena, MIB(16));
    for (size_t i = 0; i < COUNT_OF(polygons); i++) {
        if (!CHECK(polygons_hash(&arena, polygons[i].reach) == polygons[i].hash)) {
            printf("  corners up to %d outside\n", polygons[i].reach);
        }
    }
    arena_fini(&arena);
}

static uint64_t contours_hash(Arena *arena, int percent, int flags)
{
    uint32_t state = (uint32_t)percent;
    uint64_t value = 0xCBF29CE484222325;
    uint8_t  bits[24 * 24];

    for (int round = 0; round < ROUNDS; round++) {
        int      width = 1 + below(&state, 24), height = 1 + below(&state, 24);
        Contours found;
        Error    err = { 0 };

        for (int i = 0; i < width * height; i++) {
            bits[i] = below(&state, 100) < percent;
        }
        CHECK(contours_find(arena, bits, width, height, (size_t)width, flags, &found, &err));
        hash(&value, found.count);
        for (int i = 0; i < found.count; i++) {
            const Contour *contour = &found.items[i];

            hash(&value, contour->count);
            hash(&value, contour->next);
            hash(&value, contour->previous);
            hash(&value, contour->child);
            hash(&value, contour->parent);
            for (int k = 0; k < contour->count; k++) {
                hash(&value, contour->points[k].x);
                hash(&value, contour->points[k].y);
            }
        }
    }
    return value;
}

TEST(contours_are_those_of_opencv)
{
    Arena arena;

    arena_init(&arena, MIB(64));
    for (size_t i = 0; i < COUNT_OF(bitmaps); i++) {
        if (!CHECK(contours_hash(&arena, bitmaps[i].percent, bitmaps[i].flags) ==
                   bitmaps[i].hash)) {
            printf("  %d %% covered, flags %d\n", bitmaps[i].percent, bitmaps[i].flags);
        }
    }
    arena_fini(&arena);
}

TEST(contour_knows_holes_and_area)
{
    static const uint8_t ring[5 * 6] = {
        0, 0, 0, 0, 0, 0,
        0, 1, 1, 1, 1, 0,
        0, 1, 0, 0, 1, 0,
        0, 1, 1, 1, 1, 0,
        0, 0, 0, 0, 0, 0,
    };
    Arena    arena;
    Contours found;
    Error    err = { 0 };

    arena_init(&arena, MIB(1));
    CHECK(contours_find(&arena, ring, 6, 5, 6, CONTOUR_TREE, &found, &err));
    if (CHECK_INT(found.count, 2)) {
        CHECK(!found.items[0].hole && found.items[1].hole);
        CHECK_INT(found.items[1].parent, 0);
        CHECK_INT(found.items[0].child, 1);
        CHECK_NEAR(contour_area(&found.items[0]), 6, 0);
        CHECK(contours_largest(&found) == &found.items[0]);
    }
    CHECK(contours_find(&arena, ring, 6, 1, 6, CONTOUR_TREE, &found, &err));
    CHECK_INT(found.count, 0);
    CHECK(contours_largest(&found) == NULL);
    arena_fini(&arena);
}

/* ---- run lengths ---------------------------------------------------------------------- */

static const Json *parse(Arena *arena, const char *text)
{
    Error err = { 0 };

    return json_parse(arena, text_of(text), JSON_NAN, &err);
}

static Mask read(Arena *arena, const char *text, int width, int height, bool *valid)
{
    MaskAllowance left = MASK_ALLOWANCE;
    Mask          mask = { 0 };
    Error         err  = { 0 };

    CHECK(mask_from_rle(arena, parse(arena, text), width, height, &left, valid, &mask, &err));
    return mask;
}

TEST(rle_of_both_kinds_is_read)
{
    Arena arena;
    bool  valid;
    Mask  mask;

    arena_init(&arena, MIB(1));
    mask = read(&arena, "{\"size\": [24, 32], \"counts\": [100, 6, \"662\"]}", 32, 24, &valid);
    CHECK(valid);
    CHECK_INT(mask.x, 4);
    CHECK_INT(mask.y, 4);
    CHECK_INT(mask.width, 1);
    CHECK_INT(mask.height, 6);
    CHECK_INT(mask_area(&mask), 6);
    mask = read(&arena, "{\"size\": [24, 32], \"counts\": \"T36fd0\"}", 32, 24, &valid);
    CHECK(valid);
    CHECK_INT(mask_area(&mask), 6);
    CHECK(mask_at(&mask, 4, 4) && mask_at(&mask, 4, 9) && !mask_at(&mask, 4, 10));
    mask = read(&arena, "{\"size\": [12, 16], \"counts\": [100, 6, 86]}", 32, 24, &valid);
    CHECK(valid);
    CHECK_INT(mask_area(&mask), 24);
    CHECK_INT(mask.x, 16);
    arena_fini(&arena);
}

TEST(rle_that_does_not_fill_its_picture_is_none)
{
    static const char *const wrong[] = {
        "null", "[]", "{}", "{\"size\": [24, 32]}", "{\"size\": [24, 32], \"counts\": 768}",
        "{\"size\": [24, 32], \"counts\": [100, 6, 661]}",
        "{\"size\": [24, 32], \"counts\": [100, 6, 663]}",
        "{\"size\": [24, 32], \"counts\": [774, -6]}",
        "{\"size\": [24, 32], \"counts\": [1e300]}",
        "{\"size\": [24, 32], \"counts\": [null, 768]}",
        "{\"size\": [24, 32], \"counts\": \"\"}",
        "{\"size\": [24, 32], \"counts\": \"T\"}",
        "{\"size\": [24, 32], \"counts\": \"ooooooooooooooooooooooooooooo0\"}",
        "{\"size\": [24, -32], \"counts\": []}", "{\"size\": [24.0, 32], \"counts\": [768]}",
        "{\"size\": [4000000000, 4000000000], \"counts\": [768]}",
    };
    Arena arena;

    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        bool valid = true;
        Mask mask  = read(&arena, wrong[i], 32, 24, &valid);

        CHECK(!valid && mask.width == 0);
        CHECK(!mask_rle_valid(parse(&arena, wrong[i])));
    }
    arena_fini(&arena);
}

TEST(rle_survives_being_written_and_read)
{
    uint32_t state = 11;
    Arena    arena;

    arena_init(&arena, MIB(64));
    for (int round = 0; round < 500; round++) {
        int     width = 1 + below(&state, 30), height = 1 + below(&state, 30);
        int     percent = below(&state, 101);
        Mask    mask = { .width = 1 + below(&state, width), .height = 1 + below(&state, height) };
        uint8_t bits[900];
        bool    valid = false;
        Buffer  text;
        JsonWriter w;
        Mask    again;

        mask.x    = below(&state, width - mask.width + 1);
        mask.y    = below(&state, height - mask.height + 1);
        mask.bits = bits;
        for (int i = 0; i < mask.width * mask.height; i++) {
            bits[i] = below(&state, 100) < percent;
        }
        buffer_init(&text, MIB(1));
        w = json_writer(&text);
        mask_write_rle(&w, &mask, width, height);
        again = read(&arena, text.data, width, height, &valid);
        CHECK(valid);
        for (int i = 0; i < width * height; i++) {
            CHECK(mask_at(&mask, i % width, i / width) == mask_at(&again, i % width, i / width));
        }
        buffer_fini(&text);
    }
    arena_fini(&arena);
}

TEST(masks_of_a_set_have_an_allowance)
{
    static const ContourPoint square[] = { { 0, 0 }, { 9, 0 }, { 9, 9 }, { 0, 9 } };
    MaskAllowance bytes = { 199, 1000 }, edges = { 1000, 20 };
    Arena         arena;
    Mask          mask;
    Error         err = { 0 };

    arena_init(&arena, MIB(1));
    CHECK(mask_from_polygon(&arena, square, 4, 10, 10, &bytes, &mask, &err));
    CHECK(!mask_from_polygon(&arena, square, 4, 10, 10, &bytes, &mask, &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    CHECK(!mask_from_polygon(&arena, square, 4, 10, 10, &edges, &mask, &err));
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    arena_fini(&arena);
}

TEST(mask_moves_and_is_cut_to_its_picture)
{
    static const uint8_t bits[6] = { 1, 0, 1, 0, 1, 1 };
    Mask  mask = { 2, 3, 3, 2, bits };
    Arena arena;
    Mask  moved;

    arena_init(&arena, MIB(1));
    moved = mask_moved(&arena, &mask, 1, -1, 100, 100);
    CHECK(moved.x == 3 && moved.y == 2 && mask_area(&moved) == 4 && mask_at(&moved, 3, 2));
    moved = mask_moved(&arena, &mask, -3, -4, 100, 100);
    CHECK(moved.x == 0 && moved.y == 0 && moved.width == 2 && moved.height == 1);
    CHECK_INT(mask_area(&moved), 2);
    moved = mask_moved(&arena, &mask, -1000000000000, 0, 100, 100);
    CHECK_INT(moved.width, 0);
    arena_fini(&arena);
}
