/*
 * test_bands - thick level and upright lines, which are painted as rectangles.
 *
 * They must be what thick lines are everywhere: a band that reaches (t + 1) / 2 pixels to
 * either side, and a disc at each end; on every kind of picture, and cut at its border.
 */
#include "image/raster.h"
#include "test.h"

enum { WIDTH = 61, HEIGHT = 47 };

static Image *picture(int channels)
{
    Image *image = image_new(WIDTH, HEIGHT, channels, TEXT("image"), NULL);
    int    bytes = image_pixel_bytes(image);

    for (int i = 0; i < WIDTH * HEIGHT * bytes; i++) {
        image_edit(image)[i] = (uint8_t)(channels == 3 && i % 4 == 3 ? 255 : i * 7 + i / 50);
    }
    return image;
}

static void put(Image *image, int x, int y, const uint8_t *ink)
{
    int bytes = image_pixel_bytes(image);

    if (x >= 0 && y >= 0 && x < WIDTH && y < HEIGHT) {
        memcpy(image_edit(image) + (size_t)y * image_stride(image) + (size_t)(x * bytes), ink,
               bytes == 1 ? 1 : 3);
    }
}

/* Pixel by pixel, with no thought of speed. */
static void draw_plainly(Image *image, const Pen *pen, const int at[4])
{
    const uint8_t ink[] = { pen->blue, pen->green, pen->red };
    bool          level = at[1] == at[3];
    int           r = (pen->thickness + 1) / 2;
    int           left = MIN(at[0], at[2]) - (level ? 0 : r);
    int           right = MAX(at[0], at[2]) + (level ? 0 : r);
    int           top = MIN(at[1], at[3]) - (level ? r : 0);
    int           bottom = MAX(at[1], at[3]) + (level ? r : 0);

    for (int y = -20; y < HEIGHT + 20; y++) {
        for (int x = -20; x < WIDTH + 20; x++) {
            if (x >= left && x <= right && y >= top && y <= bottom) {
                put(image, x, y, ink);
            }
        }
    }
    raster_disc(image, at[0], at[1], r, pen->blue, pen->green, pen->red);
    raster_disc(image, at[2], at[3], r, pen->blue, pen->green, pen->red);
}

static void check_line(int channels, int thickness, const int at[4])
{
    const Pen pen  = { .thickness = thickness, .blue = 9, .green = 200, .red = 77 };
    Image    *ours = picture(channels), *want = picture(channels);

    raster_line(ours, &pen, at[0], at[1], at[2], at[3]);
    draw_plainly(want, &pen, at);
    if (!CHECK(memcmp(image_pixels(ours), image_pixels(want),
                      image_stride(ours) * HEIGHT) == 0)) {
        fprintf(stderr, "%d channels, thickness %d, (%d, %d) to (%d, %d)\n", channels, thickness,
                at[0], at[1], at[2], at[3]);
    }
    image_unref(ours);
    image_unref(want);
}

TEST(level_and_upright_lines_are_bands_with_round_ends)
{
    static const int lines[][4] = {
        { 10, 20, 30, 20 },   { 30, 20, 10, 20 },    { 10, 5, 10, 40 },     { 10, 40, 10, 5 },
        { -9, 20, 99, 20 },   { 20, -1000, 20, 9 },  { -3, 4, -3, 30 },     { 5, -4, 50, -4 },
        { 60, 0, 60, 46 },    { 0, 46, 60, 46 },     { 63, 3, 63, 60 },     { 9, 50, 70, 50 },
        { -(1 << 29), 20, 1 << 29, 20 },             { 20, -(1 << 29), 20, 1 << 29 },
        { 1 << 29, 5, 1 << 29, 9 },                  { 7, 1 << 29, 9, 1 << 29 },
    };

    for (int channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
        for (int thickness = 2; thickness < 12; thickness++) {
            for (size_t i = 0; i < COUNT_OF(lines); i++) {
                check_line(channels, thickness, lines[i]);
            }
        }
    }
}
