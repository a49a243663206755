/*
 * test_proposal - boxes out of tensors, and which of them stay.
 */
#include <math.h>

#include "test.h"
#include "vision/box_layout.h"

static uint32_t seed;

static float draw(float most)
{
    seed = seed * 1664525 + 1013904223;
    return (float)(seed >> 8) / (float)(1 << 24) * most;
}

/* ---- suppression --------------------------------------------------------------------- */

static double overlap_of(const Proposal *a, const Proposal *b)
{
    double w = fmin((double)a->x2, (double)b->x2) - fmax((double)a->x1, (double)b->x1);
    double h = fmin((double)a->y2, (double)b->y2) - fmax((double)a->y1, (double)b->y1);
    double both = fmax(w, 0) * fmax(h, 0);
    double all  = ((double)a->x2 - (double)a->x1) * ((double)a->y2 - (double)a->y1) +
                  ((double)b->x2 - (double)b->x1) * ((double)b->y2 - (double)b->y1) - both;

    return both / all;
}

static int fill(Proposal *items, int count, int classes)
{
    for (int i = 0; i < count; i++) {
        float x = draw(100), y = draw(100);

        items[i] = (Proposal){ x, y, x + 5 + draw(30), y + 5 + draw(30), draw(1),
                               (int32_t)draw((float)classes), i };
    }
    return count;
}

TEST(suppression_keeps_what_no_better_box_covers)
{
    enum { MANY = 300 };
    Arena arena;
    Error err = { 0 };

    arena_init(&arena, MIB(4));
    for (seed = 1; seed < 40; seed++) {
        Proposal    before[MANY], items[MANY];
        Suppression how = { 0.1f + draw(0.8f), seed % 2 == 0, 1 + (int)draw(MANY) };
        int         count = fill(before, MANY, 3), kept, wanted = 0;

        memcpy(items, before, sizeof(items));
        proposals_sort(before, count);
        kept = proposals_suppress(&arena, items, count, &how, NULL, &err);
        CHECK(kept > 0 && kept <= how.most);
        for (int i = 0; i < count && wanted < how.most; i++) {       /* before[0 .. wanted) stay */
            bool stays = true;

            for (int k = 0; k < wanted; k++) {
                stays = stays && ((!how.agnostic && before[k].class_id != before[i].class_id) ||
                                  overlap_of(&before[k], &before[i]) <= (double)how.iou + 1e-6);
            }
            if (stays) {
                before[wanted++] = before[i];
            }
        }
        CHECK_INT(kept, wanted);
        for (int i = 0; i < MIN(kept, wanted); i++) {
            CHECK_INT(items[i].index, before[i].index);
        }
    }
    arena_fini(&arena);
}

TEST(suppression_of_odd_boxes)
{
    Proposal items[] = {
        { 0, 0, 10, 10, 0.9f, 0, 0 }, { NAN, 0, 10, 10, 0.8f, 0, 1 }, { 5, 5, 5, 5, 0.7f, 0, 2 },
        { 10, 10, 0, 0, 0.6f, 0, 3 }, { 0, 0, INFINITY, INFINITY, 0.5f, 0, 4 },
        { 0, 0, 10, 10, 0.9f, 0, 5 },
    };
    Suppression how = { 0.5f, false, 100 };
    Arena arena;
    Error err = { 0 };

    arena_init(&arena, MIB(1));
    CHECK(proposals_suppress(&arena, items, 6, &how, NULL, &err) >= 1);
    CHECK_INT(items[0].index, 0);                       /* of equal scores the earlier */
    CHECK_INT(proposals_suppress(&arena, items, 0, &how, NULL, &err), 0);
    how.most = 0;
    CHECK_INT(proposals_suppress(&arena, items, 6, &how, NULL, &err), 0);
    arena_fini(&arena);
}

/* More than one group of boxes is looked at together; none of them meets another. */
TEST(suppression_keeps_all_that_are_apart_in_order)
{
    enum { MANY = 1000 };
    static Proposal items[MANY];
    Suppression how = { 0, true, MANY };
    Arena       arena;
    Error       err = { 0 };

    arena_init(&arena, MIB(4));
    for (int i = 0; i < MANY; i++) {
        float x = (float)(i % 40 * 10 - 200), y = (float)(i / 40 * 10 - 100);

        /* They touch: an edge is no area. */
        items[i] = (Proposal){ x, y, x + 10, y + 10, (float)(MANY - i), i % 3, i };
    }
    CHECK_INT(proposals_suppress(&arena, items, MANY, &how, NULL, &err), MANY);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(items[i].index, i);
    }
    arena_fini(&arena);
}

/* ---- layouts --------------------------------------------------------------------------- */

static BoxLayout layout(int64_t rows, int64_t columns, int classes, const char *architecture)
{
    return box_layout_of(&(BoxTensor){ rows, columns, NULL, 0 }, 1, classes, 0, architecture);
}

TEST(layouts_are_told_by_shape_classes_and_name)
{
    const BoxTensor queries[] = { { 300, 4, NULL, 0 }, { 300, 91, NULL, 0 } };

    CHECK_INT(layout(84, 8400, 80, NULL), BOXES_COLUMNS);
    CHECK_INT(layout(8400, 84, 80, NULL), BOXES_ROWS);
    CHECK_INT(layout(25200, 85, 80, NULL), BOXES_OBJECTNESS);
    CHECK_INT(layout(300, 6, 80, NULL), BOXES_FINISHED);
    CHECK_INT(layout(300, 6, 1, NULL), BOXES_FINISHED);
    CHECK_INT(layout(25200, 6, 1, NULL), BOXES_OBJECTNESS);
    CHECK_INT(layout(300, 6, 1, "yolov5s"), BOXES_OBJECTNESS);
    CHECK_INT(layout(2000, 6, 1, "yolo26n"), BOXES_FINISHED);
    CHECK_INT(layout(5, 8400, 1, "yolov8n"), BOXES_COLUMNS);
    CHECK_INT(layout(8400, 6, 2, NULL), BOXES_FINISHED);
    CHECK_INT(layout(7, 8400, 3, NULL), BOXES_COLUMNS);
    CHECK_INT(layout(10, 20, 80, NULL), BOXES_UNKNOWN);
    CHECK_INT(box_layout_of(queries, 2, 90, 0, "rfdetr"), BOXES_QUERIES);
}

/* Two boxes of two classes in every layout that holds middles and sizes. */
static void check_two(const Proposal *found, int count)
{
    CHECK_INT(count, 2);
    CHECK(found[0].x1 == 5 && found[0].y1 == 15 && found[0].x2 == 15 && found[0].y2 == 25);
    CHECK_INT(found[0].class_id, 1);
    CHECK(fabsf(found[0].score - 0.9f) < 1e-6f);
    CHECK(found[1].x1 == 28 && found[1].x2 == 32);
    CHECK_INT(found[1].class_id, 0);
    CHECK_INT(found[1].index, 2);
}

TEST(boxes_are_read_from_columns_and_rows)
{
    static const float columns[6][3] = {
        { 10, 50, 30 }, { 20, 50, 40 }, { 10, 2, 4 }, { 10, 2, 8 },
        { 0.1f, 0.2f, 0.5f }, { 0.9f, 0.25f, 0.4f },
    };
    float      rows[3][6], objects[3][7];
    BoxReading how = { BOXES_COLUMNS, 2, 64, 64, 0.25f, 0 };
    Arena      arena;
    Error      err = { 0 };
    int        count = 0;
    Proposal  *found;

    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 6; k++) {
            rows[i][k]                   = columns[k][i];
            objects[i][k + (k >= 4)]     = columns[k][i];
        }
        objects[i][4] = 1;
    }
    arena_init(&arena, MIB(1));
    found = box_layout_read(&arena, &how, &(BoxTensor){ 6, 3, columns[0], 0 }, &count, &err);
    check_two(found, count);
    how.layout = BOXES_ROWS;
    found = box_layout_read(&arena, &how, &(BoxTensor){ 3, 6, rows[0], 0 }, &count, &err);
    check_two(found, count);
    how.layout = BOXES_OBJECTNESS;
    found = box_layout_read(&arena, &how, &(BoxTensor){ 3, 7, objects[0], 0 }, &count, &err);
    check_two(found, count);
    objects[0][4] = 0.1f;
    found = box_layout_read(&arena, &how, &(BoxTensor){ 3, 7, objects[0], 0 }, &count, &err);
    CHECK_INT(count, 1);
    arena_fini(&arena);
}

TEST(boxes_are_read_finished_and_from_queries)
{
    static const float finished[3][6] = {
        { 1, 2, 3, 4, 0.5f, 1 }, { 1, 2, 3, 4, 0.25f, 0 }, { 0, 0, 0, 0, 0.9f, 7 },
    };
    static const float boxes[2][4] = { { 0.5f, 0.5f, 0.25f, 0.5f }, { 0.25f, 0.25f, 0.5f, 0.5f } };
    static const float logits[2][3] = { { -4, 2, -4 }, { 3, -4, NAN } };
    BoxReading how = { BOXES_FINISHED, 2, 64, 32, 0.25f, 0 };
    BoxTensor  both[2] = { { 2, 4, boxes[0], 0 }, { 2, 3, logits[0], 0 } };
    Arena      arena;
    Error      err = { 0 };
    int        count = 0;
    Proposal  *found;

    arena_init(&arena, MIB(1));
    found = box_layout_read(&arena, &how, &(BoxTensor){ 3, 6, finished[0], 0 }, &count, &err);
    CHECK_INT(count, 2);                                 /* at the threshold; no class 7 */
    CHECK_INT(found[0].class_id, 1);
    how = (BoxReading){ BOXES_QUERIES, 3, 64, 32, 0.5f, 0 };
    found = box_layout_read(&arena, &how, both, &count, &err);
    CHECK_INT(count, 2);
    CHECK_INT(found[0].class_id, 0);                     /* the better one first */
    CHECK(found[0].x1 == 0 && found[0].x2 == 32 && found[0].y2 == 16);
    CHECK_INT(found[1].class_id, 1);
    CHECK(found[1].x1 == 24 && found[1].x2 == 40 && found[1].y1 == 8);
    arena_fini(&arena);
}

/* YOLOX on 64 x 32: 8 x 4 cells of 8 pixels, 4 x 2 of 16, 2 x 1 of 32. */
TEST(boxes_are_read_from_a_grid)
{
    enum { CELLS = 32 + 8 + 2 };
    float      cells[CELLS][6] = { { 0 } };
    BoxReading how = { BOXES_CELLS, 1, 64, 32, 0.5f, 0 };
    Arena      arena;
    Error      err = { 0 };
    int        count = 0;
    Proposal  *found;

    cells[9][4] = cells[9][5] = cells[32 + 5][4] = cells[32 + 5][5] = cells[41][4] =
        cells[41][5] = 1;
    cells[9][0] = 0.5f;
    arena_init(&arena, MIB(1));
    found = box_layout_read(&arena, &how, &(BoxTensor){ CELLS, 6, cells[0], 0 }, &count, &err);
    CHECK_INT(count, 3);
    CHECK(found[0].x1 == 12 - 4 && found[0].x2 == 12 + 4 && found[0].y1 == 8 - 4);
    CHECK(found[1].x1 == 16 - 8 && found[1].y1 == 16 - 8);
    CHECK(found[2].x1 == 32 - 16 && found[2].y2 == 16);
    arena_fini(&arena);
}

/* Shares of a background and two classes; corners are fractions of 64 x 32. */
TEST(boxes_are_read_from_corners)
{
    static const float boxes[3][4] = { { 0.25f, 0.5f, 0.5f, 1 }, { 0, 0, 1, 1 }, { 0, 0, 1, 1 } };
    static const float shares[3][3] = { { 0.1f, 0.2f, 0.7f }, { 0.9f, 0.06f, 0.04f },
                                        { NAN, NAN, NAN } };
    BoxReading how = { BOXES_CORNERS, 2, 64, 32, 0.25f, 0 };
    BoxTensor  both[2] = { { 3, 4, boxes[0], 0 }, { 3, 3, shares[0], 0 } };
    Arena      arena;
    Error      err = { 0 };
    int        count = 0;

    arena_init(&arena, MIB(1));
    Proposal *found = box_layout_read(&arena, &how, both, &count, &err);
    CHECK_INT(count, 1);
    CHECK_INT(found[0].class_id, 1);
    CHECK(found[0].x1 == 16 && found[0].y1 == 16 && found[0].x2 == 32 && found[0].y2 == 32);
    how.classes = 3;                                     /* no background */
    found = box_layout_read(&arena, &how, both, &count, &err);
    CHECK_INT(count, 2);
    CHECK_INT(found[1].class_id, 0);
    arena_fini(&arena);
}

/* FastestDet on 64 x 32: 4 x 2 cells; objectness 0.5, a class of 0.25. */
TEST(boxes_are_read_from_a_map)
{
    float      map[7][8] = { { 0 } };
    BoxReading how = { BOXES_MAP, 2, 64, 32, 0.3f, 0 };
    Arena      arena;
    Error      err = { 0 };
    int        count = 0;

    map[0][5] = 0.5f;
    map[6][5] = 0.25f;
    map[0][2] = NAN;
    map[6][2] = 1;
    map[0][3] = -1;
    map[6][3] = 1;
    arena_init(&arena, MIB(1));
    Proposal *found = box_layout_read(&arena, &how, &(BoxTensor){ 7, 8, map[0], 4 }, &count, &err);
    CHECK_INT(count, 1);
    CHECK_INT(found[0].class_id, 1);
    CHECK_NEAR((double)found[0].score, pow(0.5, 0.6) * pow(0.25, 0.4), 1e-6);
    CHECK_NEAR((double)found[0].x1, 16 - 16, 1e-4);      /* half the input wide and high */
    CHECK_NEAR((double)found[0].x2, 16 + 16, 1e-4);
    CHECK_NEAR((double)found[0].y1, 16 - 8, 1e-4);
    CHECK_NEAR((double)found[0].y2, 16 + 8, 1e-4);
    arena_fini(&arena);
}

TEST(scores_that_are_no_number_never_count)
{
    float      columns[5][4] = { { 0 } };
    BoxReading how = { BOXES_COLUMNS, 1, 64, 64, 0, 0 };
    Arena      arena;
    Error      err = { 0 };
    int        count = -1;

    columns[4][0] = NAN;
    columns[4][1] = INFINITY;
    columns[4][2] = -INFINITY;
    arena_init(&arena, MIB(1));
    CHECK(box_layout_read(&arena, &how, &(BoxTensor){ 5, 4, columns[0], 0 }, &count, &err));
    CHECK_INT(count, 1);
    arena_fini(&arena);
}
