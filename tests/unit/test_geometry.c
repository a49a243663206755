/*
 * test_geometry - areas that polygons share, and turned rectangles.
 */
#include "test.h"

#include <math.h>

#include "vision/min_rect.h"
#include "vision/polygon_area.h"

static const Corner square[] = { { 0, 0 }, { 4, 0 }, { 4, 4 }, { 0, 4 } };

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

TEST(polygons_share_what_both_cover)
{
    static const Corner backwards[] = { { 2, 6 }, { 6, 6 }, { 6, 2 }, { 2, 2 } };
    static const Corner diamond[]   = { { 2, -1 }, { 5, 2 }, { 2, 5 }, { -1, 2 } };
    static const Corner far[]       = { { 9, 9 }, { 10, 9 }, { 10, 10 } };
    static const Corner beside[]    = { { 4, 0 }, { 8, 0 }, { 8, 4 }, { 4, 4 } };

    CHECK(near(polygon_area(square, 4), 16));
    CHECK(near(polygon_area(diamond, 4), 18));
    CHECK(near(polygon_area(square, 2), 0));
    CHECK(near(polygons_shared_area(square, 4, square, 4), 16));
    CHECK(near(polygons_shared_area(square, 4, backwards, 4), 4));
    CHECK(near(polygons_shared_area(square, 4, diamond, 4), 14));
    CHECK(near(polygons_shared_area(diamond, 4, square, 4), 14));
    CHECK(near(polygons_shared_area(square, 4, far, 3), 0));
    CHECK(near(polygons_shared_area(square, 4, beside, 4), 0));
}

TEST(polygons_with_dents_share_only_what_they_cover)
{
    static const Corner dented[] = { { 0, 0 }, { 4, 0 }, { 4, 4 }, { 2, 1 }, { 0, 4 } };

    CHECK(near(polygon_area(dented, 5), 10));
    CHECK(near(polygons_shared_area(dented, 5, square, 4), 10));
    CHECK(near(polygons_shared_area(dented, 5, dented, 5), 10));
}

/* The answers are those of the reference's minAreaRect(). */
TEST(min_rect_turns_with_the_points)
{
    static const ContourPoint upright[] = { { 10, 10 }, { 60, 10 }, { 60, 40 }, { 10, 40 } };
    static const ContourPoint turned[]  = { { 100, 50 }, { 150, 100 }, { 100, 150 }, { 50, 100 } };
    static const ContourPoint line[]    = { { 1, 1 }, { 5, 5 }, { 3, 3 } };
    static const ContourPoint point[]   = { { 7, 8 }, { 7, 8 }, { 7, 8 } };
    Arena      arena;
    Error      err = { 0 };
    TurnedRect rect;
    float      corners[4][2];

    arena_init(&arena, MIB(1));
    CHECK(min_rect(&arena, upright, 4, &rect, &err));
    CHECK(near(rect.angle, 90) && near(rect.width, 30) && near(rect.height, 50));
    CHECK(near(rect.x, 35) && near(rect.y, 25));
    turned_corners(&rect, corners);
    CHECK(fabsf(corners[0][0] - 10) < 1e-3f && fabsf(corners[0][1] - 10) < 1e-3f);
    CHECK(fabsf(corners[2][0] - 60) < 1e-3f && fabsf(corners[2][1] - 40) < 1e-3f);
    CHECK(min_rect(&arena, turned, 4, &rect, &err));
    CHECK(near(rect.angle, 45) && near(rect.width, hypot(50, 50)));
    CHECK(min_rect(&arena, line, 3, &rect, &err));
    CHECK(near(rect.width * rect.height, 0) && near(rect.width + rect.height, hypot(4, 4)));
    CHECK(min_rect(&arena, point, 3, &rect, &err));
    CHECK(near(rect.x, 7) && near(rect.y, 8) && near(rect.width, 0) && near(rect.height, 0));
    arena_fini(&arena);
}

TEST(min_rect_survives_the_farthest_points)
{
    static const ContourPoint far[] = { { INT32_MIN, INT32_MIN }, { INT32_MAX, INT32_MIN },
                                        { INT32_MAX, INT32_MAX } };
    Arena      arena;
    Error      err = { 0 };
    TurnedRect rect;

    arena_init(&arena, MIB(1));
    CHECK(min_rect(&arena, far, 3, &rect, &err));
    CHECK(rect.width * rect.height > 0x1p63);
    arena_fini(&arena);
}
