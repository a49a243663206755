/*
 * test_raster - outlines and polygons are those of OpenCV 4.12.
 *
 * The small pictures were drawn by OpenCV with the arguments that stand here.
 */
#include "image/raster.h"
#include "test.h"

enum { WIDTH = 20, HEIGHT = 14 };

static Image *canvas(int width, int height, int channels)
{
    Error err = { 0 };

    return image_new(width, height, channels, TEXT("c"), &err);
}

/* The picture as text: '#' where something was drawn. */
static void check_rows(Image *image, const char *const rows[HEIGHT])
{
    for (int y = 0; y < HEIGHT; y++) {
        char row[WIDTH + 1] = { 0 };

        for (int x = 0; x < WIDTH; x++) {
            row[x] = image_pixels(image)[(size_t)y * image_stride(image) + (size_t)x] ? '#' : '.';
        }
        CHECK_STR(row, rows[y]);
    }
    image_unref(image);
}

TEST(raster_line_enters_from_outside)
{
    static const char *const rows[] = {
        "....................",
        "....................",
        "....................",
        "....................",
        "##..................",
        "..##................",
        "....###.............",
        ".......###..........",
        "..........##........",
        "............###.....",
        "...............##...",
        ".................##.",
        "....................",
        "....................",
    };
    Pen    pen   = { .thickness = 1, .blue = 1 };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    raster_line(image, &pen, -7, 2, 18, 11);
    check_rows(image, rows);
}

TEST(raster_four_connected_line_has_no_diagonal_steps)
{
    static const char *const rows[] = {
        "....................",
        "....................",
        "....................",
        "................##..",
        "..............###...",
        "............###.....",
        "..........###.......",
        "........###.........",
        "......###...........",
        "....###.............",
        "...##...............",
        "..##................",
        "....................",
        "....................",
    };
    Pen    pen   = { .thickness = 1, .blue = 1, .four_connected = true };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    raster_line(image, &pen, 2, 11, 17, 3);
    check_rows(image, rows);
}

TEST(raster_thick_line_has_round_ends)
{
    static const char *const rows[] = {
        "....................",
        "...##...............",
        "..#####.............",
        ".#########..........",
        "..##########........",
        "..############......",
        "....############....",
        "......############..",
        "........##########..",
        "..........#########.",
        ".............#####..",
        "...............##...",
        "....................",
        "....................",
    };
    Pen    pen   = { .thickness = 4, .blue = 1 };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    raster_line(image, &pen, 3, 3, 16, 9);
    check_rows(image, rows);
}

TEST(raster_thick_rectangle_has_round_corners)
{
    static const char *const rows[] = {
        "....................",
        "....#############...",
        "...###############..",
        "..#################.",
        "..#################.",
        "..#################.",
        "..#####.......#####.",
        "..#####.......#####.",
        "..#################.",
        "..#################.",
        "..#################.",
        "...###############..",
        "....#############...",
        "....................",
    };
    Pen    pen   = { .thickness = 3, .blue = 1 };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    raster_rectangle(image, &pen, 16, 10, 4, 3);
    check_rows(image, rows);
}

TEST(raster_thin_circle_is_the_midpoint_circle)
{
    static const char *const rows[] = {
        "....................",
        ".........#..........",
        "......###.###.......",
        ".....#.......#......",
        ".....#.......#......",
        ".....#.......#......",
        "....#.........#.....",
        ".....#.......#......",
        ".....#.......#......",
        ".....#.......#......",
        "......###.###.......",
        ".........#..........",
        "....................",
        "....................",
    };
    Pen    pen   = { .thickness = 1, .blue = 1 };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    raster_circle(image, &pen, 9, 6, 5);
    check_rows(image, rows);
}

TEST(raster_thick_circle_is_a_polygon)
{
    static const char *const rows[] = {
        ".......####.........",
        "......#######.......",
        ".....#########......",
        "....####...####.....",
        "...####.....####....",
        "...###.......###....",
        "...###.......###....",
        "...###.......###....",
        "...####.....####....",
        "....####...####.....",
        ".....#########......",
        "......#######.......",
        ".......####.........",
        "....................",
    };
    Pen    pen   = { .thickness = 2, .blue = 1 };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    raster_circle(image, &pen, 9, 6, 5);
    check_rows(image, rows);
}

TEST(raster_arc_of_an_ellipse)
{
    static const char *const rows[] = {
        "....................",
        "....................",
        "...##..........##...",
        "..##............##..",
        ".##..............#..",
        ".#...............#..",
        ".##..............#..",
        "..##............##..",
        "...##.......#####...",
        "....#########.......",
        "....................",
        "....................",
        "....................",
        "....................",
    };
    Pen    pen   = { .thickness = 1, .blue = 1, .four_connected = true };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    CHECK(raster_ellipse(image, &pen, 9, 5, (Size){ 8, 4 }, (Arc){ 0, -45, 235 }, NULL));
    check_rows(image, rows);
}

TEST(raster_overlap_of_polygons_is_a_hole)
{
    static const char *const rows[] = {
        "....................",
        "..###...............",
        "..########..........",
        "...############.....",
        "...###.....#######..",
        "...####....######...",
        "....###...#####.....",
        "....####.#####......",
        ".....###.####.......",
        ".....######.........",
        ".....#####..........",
        "......###...........",
        "......#.............",
        "....................",
    };
    static const ContourPoint outer[] = { { 2, 1 }, { 17, 4 }, { 6, 12 } };
    static const ContourPoint inner[] = { { 5, 3 }, { 12, 3 }, { 8, 9 } };
    Polygon polygons[] = { { outer, 3 }, { inner, 3 } };
    Image *image = canvas(WIDTH, HEIGHT, 1);

    CHECK(raster_polygons(image, polygons, 2, 1, 0, 0, NULL));
    check_rows(image, rows);
}

static int64_t painted(const Image *image)
{
    int64_t count = 0;

    for (int y = 0; y < image_height(image); y++) {
        for (int x = 0; x < image_width(image); x++) {
            count += image_pixels(image)[(size_t)y * image_stride(image) + (size_t)x] != 0;
        }
    }
    return count;
}

/* Far coordinates must neither overflow nor take long: a test would not end. */
TEST(raster_far_shapes_cover_what_they_cross)
{
    const int     far       = 1 << 30;
    ContourPoint  corners[] = { { -far, -far }, { far, -far }, { far, far }, { -far, far } };
    Polygon       all       = { corners, 4 };
    Pen           pen       = { .thickness = INT16_MAX, .blue = 1 };
    Image        *image     = canvas(60, 40, 1);

    raster_line(image, &pen, -far, 20, far, 20);
    CHECK_INT(painted(image), 60 * 40);
    image_unref(image);
    image = canvas(60, 40, 1);
    CHECK(raster_polygons(image, &all, 1, 1, 0, 0, NULL));
    CHECK_INT(painted(image), 60 * 40);
    image_unref(image);
    image = canvas(60, 40, 1);
    raster_disc(image, 30, 20, far, 1, 0, 0);
    CHECK_INT(painted(image), 60 * 40);
    image_unref(image);
    image         = canvas(60, 40, 1);
    pen.thickness = 1;
    raster_circle(image, &pen, 30 - far, 20, far);
    CHECK_INT(painted(image), 40);
    image_unref(image);
}

/* Whatever is drawn with several channels leaves the fourth byte alone. */
TEST(raster_takes_the_first_channel_for_gray)
{
    Pen    pen  = { .thickness = 1, .blue = 7, .green = 8, .red = 9 };
    Image *gray = canvas(3, 1, 1), *color = canvas(3, 1, 3);

    raster_line(gray, &pen, 1, 0, 1, 0);
    raster_line(color, &pen, 1, 0, 1, 0);
    CHECK_INT(image_pixels(gray)[1], 7);
    CHECK_INT(image_pixels(color)[4], 7);
    CHECK_INT(image_pixels(color)[6], 9);
    CHECK_INT(image_pixels(color)[7], 0);
    image_unref(gray);
    image_unref(color);
}
