/*
 * test_label - plates and text lie where the reference puts them.
 */
#include <math.h>

#include "draw/label.h"
#include "draw/stroke.h"
#include "image/raster.h"
#include "test.h"

static Image *canvas(int width, int height)
{
    Error err = { 0 };

    return image_new(width, height, 3, TEXT("c"), &err);
}

static const uint8_t *pixel(const Image *image, int x, int y)
{
    return image_pixels(image) + (size_t)y * image_stride(image) + (size_t)x * 4;
}

/* The advances of the reference's font, as its metrics list them. */
TEST(label_text_sizes_are_the_reference_s)
{
    Size size = text_size(TEXT("cat"), 1.0, 1);

    CHECK_INT(size.width, (int)nearbyint(18 + 19 + 12 + 1));
    CHECK_INT(size.height, 22);
    size = text_size(TEXT("Wy 0"), 0.5, 2);
    CHECK_INT(size.width, (int)nearbyint(0.5 * (24 + 16 + 16 + 20) + 2));
    CHECK_INT(size.height, (int)nearbyint(0.5 * 21 + 1));
    CHECK_INT(text_size(TEXT(""), 1, 1).width, 1);
    CHECK_INT(text_size(TEXT("a\0b"), 1, 1).width, 19 + 1);         /* a NUL ends it */
    CHECK_INT(stroke_size(TEXT("\xC5\xBC"), 1, 1).width, 18 + 1);   /* one '?' */
}

TEST(label_plate_covers_its_rectangle_both_corners)
{
    Image     *image = canvas(200, 100);
    LabelStyle style = { 1.0, 1, 10, 0, { 255, 255, 255 } };
    Error      err   = { 0 };
    Size       size  = text_size(TEXT("ok"), 1.0, 1);

    CHECK(label_draw(image, TEXT("ok"), 20, 60, POSITION_TOP_LEFT, (Color){ 1, 2, 3 }, &style,
                     &err));
    CHECK_INT(pixel(image, 20, 60)[0], 1);
    CHECK_INT(pixel(image, 20, 60 - size.height - 20)[2], 3);
    CHECK_INT(pixel(image, 20 + size.width + 20, 60)[1], 2);
    CHECK_INT(pixel(image, 19, 60)[1], 0);
    CHECK_INT(pixel(image, 20 + size.width + 21, 60)[1], 0);
    CHECK_INT(pixel(image, 20, 61)[1], 0);
    image_unref(image);
}

/* Text is drawn inside its plate and is bright on it. */
TEST(label_text_stays_in_its_plate)
{
    Image     *image = canvas(400, 120);
    LabelStyle style = { 1.0, 1, 10, 0, { 255, 255, 255 } };
    Error      err   = { 0 };
    Size       size  = text_size(TEXT("loose-straw"), 1.0, 1);
    int        bright = 0, stray = 0;

    CHECK(label_draw(image, TEXT("loose-straw"), 30, 80, POSITION_TOP_LEFT, (Color){ 90, 10, 60 },
                     &style, &err));
    for (int y = 0; y < 120; y++) {
        for (int x = 0; x < 400; x++) {
            bool inside = x >= 30 + 8 && x <= 30 + size.width + 12 &&
                          y >= 80 - size.height - 12 && y <= 80;

            bright += pixel(image, x, y)[1] > 200;
            stray  += pixel(image, x, y)[1] > 10 && !inside;
        }
    }
    CHECK(bright > 150);
    CHECK_INT(stray, 0);
    image_unref(image);
}

/* Lines stand below each other with the padding between them; an empty one is as high
 * as any other. */
/* The whole picture, label drawn at (x, y) over a ground of that brightness. */
static Image *labelled(const char *text, const LabelStyle *style, Color plate, int x, int y,
                       int ground)
{
    Image *image = canvas(300, 120);
    Error  err   = { 0 };

    raster_fill(image, (Rect){ 0, 0, 299, 119 }, (uint8_t)ground, (uint8_t)ground,
                (uint8_t)ground);
    CHECK(label_draw(image, text_of(text), x, y, POSITION_TOP_LEFT, plate, style, &err));
    return image;
}

/* A picture is enough to tell: over black and over white, and moved by a pixel, the same
 * label must have the same pixels, be it drawn or copied. */
TEST(labels_drawn_again_are_the_same)
{
    static const char *const texts[] = { "gjpqy 0.87", "|[]{}()_,;@", "Wide", "\xC5\xBC", "a",
                                         "two\nlines" };
    static const LabelStyle styles[] = {
        { 1, 1, 10, 0, { 255, 255, 255 } }, { 0.5, 1, 10, 0, { 0, 0, 0 } },
        { 0.5, 2, 2, 0, { 9, 9, 200 } }, { 1, 3, 14, 0, { 255, 255, 255 } },
        { 1, 1, 10, 6, { 255, 255, 255 } }, { 1, 1, 0, 0, { 255, 255, 255 } },
    };

    for (size_t s = 0; s < COUNT_OF(styles); s++) {
        for (size_t t = 0; t < COUNT_OF(texts); t++) {
            Color  plate = { 10, 20, (uint8_t)(30 + s) };
            Image *first = labelled(texts[t], &styles[s], plate, 20, 90, 0);
            Image *again = labelled(texts[t], &styles[s], plate, 20, 90, 0);
            Image *moved = labelled(texts[t], &styles[s], plate, 21, 91, 0);
            Image *other = labelled(texts[t], &styles[s], (Color){ 200, 20, 30 }, 20, 90, 0);
            int    apart = 0, shifted = 0, same = 0;

            for (int y = 0; y < 119; y++) {
                for (int x = 0; x < 299; x++) {
                    apart   += memcmp(pixel(first, x, y), pixel(again, x, y), 3) != 0;
                    shifted += memcmp(pixel(first, x, y), pixel(moved, x + 1, y + 1), 3) != 0;
                    same    += memcmp(pixel(other, x, y), pixel(first, x, y), 3) == 0;
                }
            }
            CHECK_INT(apart, 0);
            CHECK_INT(shifted, 0);
            CHECK(same < 299 * 119);
            image_unref(first);
            image_unref(again);
            image_unref(moved);
            image_unref(other);
        }
    }
}

TEST(label_lines_stack)
{
    Image     *image = canvas(200, 200);
    LabelStyle style = { 1.0, 1, 3, 0, { 255, 255, 255 } };
    Error      err   = { 0 };
    int        wide  = text_size(TEXT("abc"), 1, 1).width + 6, high = 3 * 22 + 4 * 3;

    CHECK(label_draw(image, TEXT("a\n\nabc\n"), 20, 20, POSITION_BOTTOM_LEFT,
                     (Color){ 1, 2, 3 }, &style, &err));
    CHECK_INT(pixel(image, 20, 20)[0], 1);
    CHECK_INT(pixel(image, 20 + wide, 20 + high)[0], 1);
    CHECK_INT(pixel(image, 20 + wide + 1, 20 + high)[0], 0);
    CHECK_INT(pixel(image, 20 + wide, 20 + high + 1)[0], 0);
    image_unref(image);
}

TEST(label_splits_lines_as_python_does)
{
    static const char *const want[] = { "a", "b", "", "c", "d", "e" };
    Text                     left   = TEXT("a\r\nb\n\rc\x0b" "d\xe2\x80\xa8" "e\n"), line;
    size_t                   count  = 0;

    while (text_next_line(&left, &line)) {
        CHECK(count < COUNT_OF(want) && text_is(line, want[count]));
        count++;
    }
    CHECK(count == COUNT_OF(want));
}

/* Very long text, with strokes as wide as may be. */
TEST(label_of_endless_text_ends_soon)
{
    static const double scales[] = { 0, 1e-6, 0.02, 0.3, 4, -1, 1e6 };
    size_t              length   = 1000000;
    char               *text     = malloc(length);
    LabelStyle          style    = { .padding = 10, .radius = 5 };
    Image              *image    = canvas(300, 200);
    Error               err      = { 0 };

    memset(text, 'W', length);
    for (size_t i = 0; i < COUNT_OF(scales); i++) {
        for (int64_t wide = 0; wide < 100000; wide = wide * 50 + 1) {
            style.thickness = wide;
            style.scale = scales[i];
            CHECK(label_draw(image, (Text){ text, length }, 5, 100, POSITION_TOP_LEFT,
                             (Color){ 9, 9, 9 }, &style, &err));
        }
    }
    for (size_t i = 0; i < length; i += 2) {
        text[i] = '\n';
    }
    CHECK(label_draw(image, (Text){ text, length }, 5, 100, POSITION_CENTER, (Color){ 9, 9, 9 },
                     &style, &err));
    image_unref(image);
    free(text);
}

TEST(label_survives_any_place)
{
    static const double places[] = { -1e9, -5, 0, 7, 1e9 };
    LabelStyle          style    = { 2.5, 3, 10, 8, { 255, 255, 255 } };
    Error               err      = { 0 };

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        for (int position = POSITION_TOP_LEFT; position <= POSITION_BOTTOM_RIGHT; position++) {
            Image *image = canvas(9, 4);

            CHECK(label_draw(image, TEXT("x"), places[i], places[i] / 2, (Position)position,
                             (Color){ 9, 9, 9 }, &style, &err));
            image_unref(image);
        }
    }
}

/* Row lengths of a disc from the middle out, as measured of OpenCV. */
TEST(raster_discs_are_opencv_s)
{
    static const int widths[][9] = {
        [1] = { 3, 1 }, [2] = { 5, 3, 1 }, [3] = { 7, 5, 5, 1 }, [4] = { 9, 7, 7, 5, 1 },
        [5] = { 11, 9, 9, 9, 7, 1 }, [8] = { 17, 15, 15, 15, 13, 13, 11, 7, 1 },
    };
    for (int r = 1; r <= 8; r++) {
        Image *image = canvas(40, 40);

        raster_disc(image, 20, 20, r, 255, 255, 255);
        for (int dy = 0; widths[r][0] && dy <= r; dy++) {
            int width = 0;

            for (int x = 0; x < 40; x++) {
                width += pixel(image, x, 20 + dy)[0] == 255;
            }
            CHECK_INT(width, widths[r][dy]);
        }
        image_unref(image);
    }
}

TEST(colors_are_read_in_every_form)
{
    Color color;
    Error err = { 0 };

    CHECK(color_parse(TEXT("#1A2b3C"), &color, &err) && color.red == 0x1a && color.blue == 0x3c);
    CHECK(color_parse(TEXT("#abc"), &color, &err) && color.red == 0xaa && color.blue == 0xcc);
    CHECK(color_parse(TEXT("rgb(1, 2, 3)"), &color, &err) && color.red == 1 && color.blue == 3);
    CHECK(color_parse(TEXT("bgr(1,2,3)"), &color, &err) && color.red == 3 && color.blue == 1);
    CHECK(color_parse(TEXT("white"), &color, &err) && color.green == 255);
    CHECK(!color_parse(TEXT("rgb(1, 2, 300)"), &color, &err));
    CHECK(!color_parse(TEXT("#12345"), &color, &err));
    CHECK(!color_parse(TEXT("mauve"), &color, &err));
}

TEST(palettes_sample_their_maps)
{
    Arena   arena;
    Palette palette;
    Error   err = { 0 };

    arena_init(&arena, MIB(1));
    CHECK(palette_make(&arena, TEXT("Matplotlib Set2"), 4, NULL, 0, &palette, &err));
    CHECK_INT(palette.count, 4);
    CHECK(palette_make(&arena, TEXT("DEFAULT"), 10, NULL, 0, &palette, &err));
    CHECK_INT(palette_color(&palette, 0).red, 0xa3);
    CHECK_INT(palette_color(&palette, 21).red, 0xa3);
    CHECK_INT(palette_color(&palette, -1).red, 128);
    CHECK(!palette_make(&arena, TEXT("Matplotlib Viridis"), 0, NULL, 0, &palette, &err));
    CHECK(!palette_make(&arena, TEXT("NOSUCH"), 3, NULL, 0, &palette, &err));
    arena_fini(&arena);
}
