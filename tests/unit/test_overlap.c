/*
 * test_overlap - areas, unions and groups of boxes and masks.
 */
#include "test.h"

#include <math.h>
#include <string.h>

#include "vision/overlap.h"

static const Box unit = { 0, 0, 4, 4 };

TEST(box_areas_are_never_negative)
{
    CHECK(box_area(unit) == 16);
    CHECK(box_area((Box){ 4, 0, 0, 4 }) == 0);
    CHECK(box_area((Box){ 4, 4, 0, 0 }) == 0);
    CHECK(box_area((Box){ 0, 0, NAN, 4 }) == 0);
}

TEST(box_iou_is_what_is_shared_of_the_union)
{
    CHECK(box_iou(unit, unit) == 1);
    CHECK(box_iou(unit, (Box){ 2, 0, 6, 4 }) == 8.0 / 24);
    CHECK(box_iou(unit, (Box){ 1, 1, 3, 3 }) == 4.0 / 16);
    CHECK(box_iou(unit, (Box){ 4, 0, 8, 4 }) == 0);
    CHECK(box_iou(unit, (Box){ 3, 5, 8, 9 }) == 0);
    CHECK(box_iou((Box){ 1, 1, 1, 1 }, (Box){ 1, 1, 1, 1 }) == 0);
    CHECK(box_iou(unit, (Box){ NAN, 0, 4, 4 }) == 0);
    CHECK(box_iou((Box){ -INFINITY, 0, 2, 4 }, unit) == 0);
}

/* ---- masks --------------------------------------------------------------------------- */

static const uint8_t ones[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

TEST(masks_share_pixels)
{
    Mask a = { 0, 0, 4, 4, ones }, b = { 2, 2, 4, 4, ones }, c = { 4, 0, 2, 2, ones };

    CHECK(mask_intersection(&a, &b) == 4 && masks_meet(&a, &b));
    CHECK(mask_intersection(&a, &a) == 16 && masks_meet(&a, &a));
    CHECK(mask_intersection(&a, &c) == 0 && !masks_meet(&a, &c));
    CHECK(mask_intersection(&a, &(Mask){ 0 }) == 0 && !masks_meet(&(Mask){ 0 }, &a));
}

/* Rows longer than what eight counters of a byte can take. */
TEST(masks_share_long_rows)
{
    enum { WIDTH = 5003 };
    static uint8_t left[2 * WIDTH], right[2 * WIDTH];
    Mask    a = { 10, 5, WIDTH, 2, left }, b = { 7, 6, WIDTH, 2, right };
    int64_t shared = 0;

    for (int x = 0; x < 2 * WIDTH; x++) {
        left[x]  = x % 7 != 0;
        right[x] = x % 5 != 0;
    }
    for (int x = 0; x < 2 * WIDTH; x++) {
        shared += mask_at(&a, x, 6) && mask_at(&b, x, 6);
    }
    CHECK(shared > 3000 && mask_intersection(&a, &b) == shared && masks_meet(&a, &b));
    memset(right, 0, sizeof(right));
    CHECK(!masks_meet(&a, &b));
    right[WIDTH - 1] = 1;                     /* (5009, 6): the pixel of `left` must decide */
    CHECK(masks_meet(&a, &b) == mask_at(&a, 7 + WIDTH - 1, 6));
    CHECK(mask_intersection(&a, &b) == mask_at(&a, 7 + WIDTH - 1, 6));
}

static const uint8_t spot[6] = { 0, 0, 0, 0, 1, 1 };

TEST(masks_unite_in_the_rectangle_around_them)
{
    Arena         arena;
    Mask          a = { 0, 0, 2, 2, ones }, b = { 3, 1, 1, 4, ones }, none = { 0 }, out;
    const Mask   *all[] = { &none, &a, &b };
    Box           box;
    MaskAllowance left = MASK_ALLOWANCE, tight = { 19, 0 };
    Error         err = { 0 };

    arena_init(&arena, MIB(1));
    CHECK(masks_unite(&arena, all, 3, &left, &out, &err));
    CHECK(out.x == 0 && out.y == 0 && out.width == 4 && out.height == 5);
    CHECK(mask_area(&out) == 8);
    CHECK(mask_at(&out, 1, 1) && mask_at(&out, 3, 4) && !mask_at(&out, 2, 1));
    CHECK(masks_unite(&arena, all, 2, &tight, &out, &err));
    CHECK(out.bits == ones && out.width == 2);
    CHECK(masks_unite(&arena, all, 1, &tight, &out, &err) && out.width == 0);
    CHECK(mask_bounds(&a, &box) && box.x1 == 0 && box.x2 == 2 && box.y2 == 2);
    CHECK(mask_bounds(&(Mask){ 5, 6, 3, 2, spot }, &box));
    CHECK(box.x1 == 6 && box.y1 == 7 && box.x2 == 8 && box.y2 == 8);
    CHECK(!mask_bounds(&none, &box) && !mask_bounds(&(Mask){ 5, 6, 3, 1, spot }, &box));
    CHECK(!masks_unite(&arena, all, 3, &tight, &out, &err) && err.kind == ERR_TOO_LARGE);
    arena_fini(&arena);
}

/* ---- groups -------------------------------------------------------------------------- */

static bool overlap(void *context, int a, int b)
{
    const Box *boxes = context;

    return box_iou(boxes[a], boxes[b]) > 0;
}

TEST(sweeping_joins_chains)
{
    Box boxes[] = {
        { 20, 0, 25, 5 }, { 0, 0, 5, 5 }, { 8, 0, 12, 5 }, { NAN, 0, 5, 5 }, { 4, 4, 9, 9 },
        { 25, 0, 30, 5 },
    };
    const int  expected[] = { 0, 1, 2, 4, 3, 5 };
    const int *order;
    Arena      arena;
    Groups     groups;
    Error      err = { 0 };

    arena_init(&arena, MIB(1));
    CHECK(groups_open(&arena, 6, &groups));
    CHECK(groups_sweep(&arena, boxes, &groups, overlap, boxes, NULL, &err));
    CHECK(groups_leader(&groups, 4) == 1 && groups_leader(&groups, 2) == 1);
    CHECK(groups_leader(&groups, 3) == 3 && groups_leader(&groups, 5) == 5);
    order = groups_order(&arena, &groups);
    for (int i = 0; order && i < 6; i++) {
        CHECK(order[i] == expected[i]);
    }
    CHECK(order != NULL);
    arena_fini(&arena);
}

/* Random boxes: the sweep must find what comparing all pairs finds. */
TEST(sweeping_finds_what_comparing_all_finds)
{
    enum { COUNT = 300 };
    Box      boxes[COUNT];
    Arena    arena;
    Groups   swept, compared;
    Error    err = { 0 };
    uint32_t state = 7;

    for (int i = 0; i < COUNT; i++) {
        double at[4];

        for (int k = 0; k < 4; k++) {
            state = state * 1664525 + 1013904223;
            at[k] = (state >> 8) % (k < 2 ? 400 : 20);
        }
        boxes[i] = (Box){ at[0], at[1], at[0] + at[2], at[1] + at[3] };
    }
    arena_init(&arena, MIB(1));
    CHECK(groups_open(&arena, COUNT, &swept) && groups_open(&arena, COUNT, &compared));
    CHECK(groups_sweep(&arena, boxes, &swept, overlap, boxes, NULL, &err));
    for (int a = 0; a < COUNT; a++) {
        for (int b = 0; b < a; b++) {
            if (overlap(boxes, a, b)) {
                groups_join(&compared, a, b);
            }
        }
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(groups_leader(&swept, i) == groups_leader(&compared, i));
    }
    arena_fini(&arena);
}
