/*
 * test_font - text beyond ASCII has the stroke font's height and its own shapes.
 *
 * What needs a font of a script is only looked at where one is installed, which
 * `tools/bootstrap` sees to.
 */
#include <math.h>
#include <pthread.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"
#include "draw/font.h"
#include "draw/label.h"
#include "draw/stroke.h"
#include "test.h"

static const FontStyle plain = { .size = STROKE_CAPITAL, .of_capital = true };

static TextBounds measured(const char *text)
{
    TextBounds bounds;

    CHECK(font_measure(text_of(text), &plain, &bounds));
    return bounds;
}

/* A picture with the text in white on black. */
static Image *drawn(Text text, int x, int y, double scale, int64_t thickness)
{
    Error  err   = { 0 };
    Image *image = image_new(300, 80, 3, TEXT("t"), &err);

    CHECK(text_draw(image, text, x, y, scale, thickness, (Color){ 255, 255, 255 }, &err));
    return image;
}

static int64_t brightness(const Image *image)
{
    int64_t sum = 0;

    for (int y = 0; y < image_height(image); y++) {
        for (int x = 0; x < image_width(image); x++) {
            sum += image_pixels(image)[(size_t)y * image_stride(image) + (size_t)x * 4];
        }
    }
    return sum;
}

static int64_t ink_of(const char *text)
{
    Image  *image = drawn(text_of(text), 10, 50, 1, 1);
    int64_t ink   = brightness(image);

    image_unref(image);
    return ink;
}

static bool same_picture(const char *a, const char *b)
{
    Image *x = drawn(text_of(a), 10, 50, 1, 1), *y = drawn(text_of(b), 10, 50, 1, 1);
    bool   same = true;

    for (int row = 0; row < image_height(x); row++) {
        same = same && memcmp(image_pixels(x) + (size_t)row * image_stride(x),
                              image_pixels(y) + (size_t)row * image_stride(y),
                              (size_t)image_width(x) * 4) == 0;
    }
    image_unref(x);
    image_unref(y);
    return same;
}

TEST(font_module_is_there)
{
    char  text[300];
    Error err = { 0 };

    CHECK(font_describe(text, sizeof(text), &err));
    CHECK(strstr(text, "HarfBuzz"));
}

TEST(font_capitals_are_as_high_as_the_stroke_font_s)
{
    TextBounds h = measured("H");

    CHECK(fabs(h.top + STROKE_CAPITAL) <= 1);
    CHECK(fabs(h.bottom) <= 1);
    CHECK(text_size(TEXT("\u00dcbung"), 1, 1).height == text_size(TEXT("Ubung"), 1, 1).height);
    CHECK(text_size(TEXT("\u00dcbung"), 2, 1).width >
          1.9 * text_size(TEXT("\u00dcbung"), 1, 1).width);
}

TEST(font_draws_every_script_bootstrap_brings)
{
    static const char *const texts[] = {
        "\u00c9", "\u03a9", "\u0416", "\u4e2d", "\u0645", "\u0905", "\U0001f600",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CHECK(ink_of(texts[i]) > 500);
        /* The mark for what no font has comes from the same font. */
        CHECK(!same_picture(texts[i], "\U000e0fff"));
    }
}

TEST(font_shapes_text)
{
    /* Letters that join are narrower than each on its own. */
    CHECK(!same_picture("\u0645\u0631", "\u0631\u0645"));
    CHECK(measured("\u0628\u0628\u0628").advance < 3 * measured("\u0628").advance);
    /* A mark sits on its letter and takes no room. */
    CHECK(fabs(measured("e\u0301").advance - measured("e").advance) < 1);
}

TEST(font_thicker_strokes_show_more_ink)
{
    Image *thin = drawn(TEXT("\u00c4\u00d6"), 10, 50, 1, 1);
    Image *wide = drawn(TEXT("\u00c4\u00d6"), 10, 50, 1, 4);

    CHECK(brightness(wide) > brightness(thin) * 5 / 4);
    image_unref(thin);
    image_unref(wide);
}

/* What is broken or meant to break: no crash, and bounded in time and size. */
TEST(font_survives_hostile_text)
{
    static const char *const pieces[] = {
        "\u0301", "\xff", "\xed\xa0\x80", "\u202e", "\u200d", "\u2067", "\ufe0f", "\x01",
        "\u0928\u094d",
        "\ufffd", "\U0010ffff", "\u200f", "\U0001f468\u200d", "\u1160", "\u0e33",
    };
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        Buffer text;
        Image *image;

        buffer_init(&text, MIB(2));
        buffer_text(&text, TEXT("\u00e4"));
        for (int n = 0; n < 100000; n++) {
            buffer_text(&text, text_of(pieces[i]));
        }
        image = drawn((Text){ text.data, text.length }, 10, 50, 1, 1);
        CHECK(text_size((Text){ text.data, text.length }, 1, 1).width <= 1000000);
        image_unref(image);
        buffer_fini(&text);
    }
}

TEST(font_survives_any_size_and_place)
{
    static const double scales[] = { -1, 0, 1e-9, 0.01, 3, 40, 1e9, 1e300 };
    static const int    places[] = { -1000000000, -50, 0, 70, 1000000000 };

    for (size_t i = 0; i < COUNT_OF(scales); i++) {
        for (size_t k = 0; k < COUNT_OF(places); k++) {
            image_unref(drawn(TEXT("\u00e4 \U0001f600 \u4e2d"), places[k], places[k] / 2, scales[i],
                              100000 >> (4 * k)));
        }
    }
}

static void *draw_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 60; i++) {
        image_unref(drawn(TEXT("\u00e4\u03a9\u4e2d\u0645\u0905"), 10, 50, 0.3 + i % 13 * 0.1, 1));
    }
    return NULL;
}

TEST(font_is_for_many_threads)
{
    pthread_t threads[4];
    int64_t   before = ink_of("\u00e4\u03a9\u4e2d");

    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        CHECK(pthread_create(&threads[i], NULL, draw_often, NULL) == 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_INT(ink_of("\u00e4\u03a9\u4e2d"), before);
}

TEST(font_families_have_a_stand_in)
{
    char found[100];

    CHECK(font_family("DejaVu Sans", found, sizeof(found)));
    CHECK_STR(found, "DejaVu Sans");
    CHECK(font_family("No Such Font", found, sizeof(found)));
    CHECK(found[0] != '\0' && strcmp(found, "No Such Font") != 0);
}
