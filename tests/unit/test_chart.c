/*
 * test_chart - charts hold what they show, whatever the numbers.
 *
 * With OCELLUS_CHARTS=FOLDER the pictures are written there, to be looked at.
 */
#include "draw/chart.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "draw/chart_paper.h"
#include "image/encode.h"
#include "test.h"

static void keep(const Image *image, const char *name)
{
    const char *folder = getenv("OCELLUS_CHARTS");
    char        path[512];
    Error       err = { 0 };
    Buffer      png;

    if (!folder || !image) {
        return;
    }
    buffer_init(&png, MIB(64));
    snprintf(path, sizeof(path), "%s/%s.png", folder, name);
    CHECK(image_encode(image, as_png(), &png, &err) &&
          file_write(path, png.data, png.length, &err));
    buffer_fini(&png);
}

/* How many pixels are of exactly this colour. */
static int64_t count_color(const Image *image, Color color)
{
    int64_t count = 0;

    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *row = image_pixels(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < image_width(image); x++, row += 4) {
            count += row[0] == color.blue && row[1] == color.green && row[2] == color.red;
        }
    }
    return count;
}

static const Color first_line = { 180, 119, 31 }, second_line = { 14, 107, 235 };

static void check_ticks(double low, double high, const char *expected)
{
    Tick   ticks[TICKS];
    char   text[400] = "";
    size_t length    = 0;
    int    count     = ticks_make(low, high, 6, ticks);

    for (int i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", i ? " " : "",
                                   ticks[i].text);
    }
    CHECK_STR(text, expected);
}

TEST(chart_ticks_are_round_numbers)
{
    check_ticks(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0");
    check_ticks(-3, 9.5, "-2 0 2 4 6 8");
    check_ticks(0, 48211, "0 10000 20000 30000 40000");
    check_ticks(0.00012, 0.00055, "0.0002 0.0003 0.0004 0.0005");
    check_ticks(1e9, 1.004e9, "1e+09 1.001e+09 1.002e+09 1.003e+09 1.004e+09");
    check_ticks(-1e300, 1e300, "-1e+300 -5e+299 0 5e+299 1e+300");
    check_ticks(1, 1, "");
    check_ticks(NAN, 1, "");
    check_ticks(0, INFINITY, "");
    check_ticks(1, 1 + 1e-15, "");
}

/* ---- lines ----------------------------------------------------------------------------- */

static Image *one_line(const double *x, const double *y, size_t count)
{
    ChartLine  line  = { "line", x, y, count };
    ChartPanel panel = { "title", "x", "y", NAN, NAN, &line, 1 };
    Error      err   = { 0 };

    return chart_lines(&panel, 1, &err);
}

TEST(chart_draws_several_panels)
{
    double     x[100], up[100], down[100], wave[100];
    ChartLine  losses[] = { { "train loss", x, down, 100 }, { "valid loss", x, wave, 100 } };
    ChartLine  accuracy = { "top-1 accuracy", x, up, 100 };
    ChartPanel panels[5];
    Error      err = { 0 };
    Image     *image;

    for (int i = 0; i < 100; i++) {
        x[i]    = i + 1;
        up[i]   = 1 - exp(-i / 20.0);
        down[i] = 2.5 * exp(-i / 15.0);
        wave[i] = 2.5 * exp(-i / 25.0) + 0.1 * sin(i);
    }
    wave[50] = NAN;
    for (int i = 0; i < 5; i++) {
        panels[i] = (ChartPanel){ "loss", "epoch", "cross entropy", NAN, NAN, losses, 2 };
    }
    panels[1] = (ChartPanel){ "accuracy", "epoch", NULL, 0, 1, &accuracy, 1 };
    image     = chart_lines(panels, 5, &err);
    if (!CHECK(image != NULL)) {
        return;
    }
    keep(image, "panels");
    CHECK_INT(image_width(image), 4 * 560);
    CHECK_INT(image_height(image), 2 * 420);
    CHECK(count_color(image, first_line) > 5 * 100);
    CHECK(count_color(image, second_line) > 4 * 100);
    image_unref(image);
}

/* A gap is a gap: without it the line would cross the middle. */
TEST(chart_leaves_gaps_at_nan)
{
    double x[] = { 0, 1, 2, 3 }, y[] = { 0, 0, 1, 1 }, gap_y[] = { 0, NAN, INFINITY, 1 };
    Image *whole = one_line(x, y, 4), *gaps = one_line(x, gap_y, 4);

    if (CHECK(whole && gaps)) {
        CHECK(count_color(whole, first_line) > 3 * count_color(gaps, first_line));
        CHECK(count_color(gaps, first_line) > 20);
        keep(gaps, "gaps");
    }
    image_unref(whole);
    image_unref(gaps);
}

TEST(chart_takes_any_numbers)
{
    static const double x[][4] = { { 5 }, { 0, 1, 2, 3 }, { NAN, NAN, NAN, NAN },
                                   { -1.7e308, 1.7e308, 0, 1 }, { 1e-310, 2e-310, 0, 0 },
                                   { 0, INFINITY, -INFINITY, 1 }, { 1e15, 1e15 + 1, 1e15, 1e15 } };
    static const double y[][4] = { { 7 }, { 3, 3, 3, 3 }, { 1, 2, 3, 4 },
                                   { 1.7e308, -1.7e308, 0, 1 }, { 0, 0, 0, 0 },
                                   { 1, 1, NAN, -0.0 }, { 1e15, 1e15, 1e15, 1e15 } };
    Image *image;

    for (size_t i = 0; i < COUNT_OF(x); i++) {
        image = one_line(x[i], y[i], i == 0 ? 1 : 4);
        CHECK(image != NULL);
        CHECK(i == 2 || count_color(image, first_line) > 60);
        image_unref(image);
    }
    image = one_line(NULL, NULL, 0);
    CHECK(image != NULL);
    keep(image, "nothing");
    image_unref(image);
}

TEST(chart_takes_a_hundred_thousand_points)
{
    enum { POINTS = 100000 };
    double  *x = malloc(POINTS * sizeof(double)), *y = malloc(POINTS * sizeof(double));
    uint32_t state = 1;
    Image   *image;

    if (!CHECK(x && y)) {
        free(x);
        free(y);
        return;
    }
    for (int i = 0; i < POINTS; i++) {
        state = state * 1664525u + 1013904223u;
        x[i]  = i;
        y[i]  = sin(i / 9000.0) + (double)(state >> 8) / (1 << 24) * 0.3;
    }
    image = one_line(x, y, POINTS);
    CHECK(image != NULL);
    keep(image, "many");
    image_unref(image);
    for (int i = 0; i < POINTS; i++) {
        state = state * 1664525u + 1013904223u;
        x[i]  = state >> 8;
    }
    image = one_line(x, y, POINTS);
    CHECK(image != NULL);
    image_unref(image);
    free(x);
    free(y);
}

TEST(chart_lines_without_names_are_pale_and_legends_are_cut)
{
    double     x[] = { 0, 1 }, y[40][2];
    ChartLine  lines[40];
    ChartPanel panel = { "PR", "recall", "precision", 0, 1, lines, 40 };
    Error      err = { 0 };
    Image     *image;

    for (int i = 0; i < 40; i++) {
        y[i][0]  = 1 - i / 100.0;
        y[i][1]  = i / 40.0;
        lines[i] = (ChartLine){ i < 20 ? NULL : "a class of a very long name, which is cut", x,
                                y[i], 2 };
    }
    image = chart_lines(&panel, 1, &err);
    if (CHECK(image != NULL)) {
        CHECK(count_color(image, first_line) > 2 * 22 * 3);
        keep(image, "legend");
    }
    image_unref(image);
    CHECK(chart_lines(&panel, 0, &err) == NULL);
    CHECK_INT(err.kind, ERR_INVALID);
}

/* ---- matrices -------------------------------------------------------------------------- */

static Image *matrix_of(int classes, bool background, bool normalized, int64_t scale)
{
    int         count  = classes + background;
    int64_t    *counts = calloc((size_t)count * (size_t)count, sizeof(int64_t));
    Text       *names  = calloc((size_t)classes, sizeof(Text));
    char      (*texts)[64] = calloc((size_t)classes, sizeof *texts);
    ChartMatrix matrix = { "Confusion matrix", names, classes, counts, background, normalized };
    Error       err    = { 0 };
    Image      *image  = NULL;

    if (CHECK(counts && names && texts)) {
        for (int i = 0; i < classes; i++) {
            snprintf(texts[i], 64, i % 7 == 3 ? "a much longer name number %d" : "class %d", i);
            names[i] = text_of(texts[i]);
        }
        for (int i = 0; i < count; i++) {
            counts[i * count + i]               = scale * (i + 1);
            counts[i * count + (i * 7 + 1) % count] += scale / 3;
        }
        image = chart_matrix(&matrix, &err);
        CHECK(image != NULL);
    }
    free(counts);
    free(names);
    free(texts);
    return image;
}

TEST(chart_matrix_of_any_number_of_classes)
{
    static const int classes[] = { 1, 2, 5, 20, 60, 61, 300, 3400, 3500 };

    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        Image *image = matrix_of(classes[i], i % 2 == 0, i % 3 == 0, i == 2 ? 60000 : 9);
        char   name[32];

        if (!image) {
            continue;
        }
        snprintf(name, sizeof(name), "matrix-%d", classes[i]);
        keep(image, name);
        CHECK(image_width(image) <= CHART_SIDE);
        CHECK(image_height(image) <= CHART_SIDE);
        image_unref(image);
    }
}

/* The darkest cell is the greatest, and an empty one is white. */
TEST(chart_matrix_shades_by_count)
{
    Text          names[]  = { TEXT("cat"), TEXT("dog") };
    int64_t       counts[] = { 0, 200, 0, 0 };
    ChartMatrix   matrix   = { NULL, names, 2, counts, false, false };
    Error         err      = { 0 };
    Image        *image    = chart_matrix(&matrix, &err);
    const Color   darkest  = { 90, 40, 8 };
    const int64_t side     = 80 - 1;

    if (CHECK(image != NULL)) {
        int64_t dark = count_color(image, darkest);

        CHECK(dark > side * side * 8 / 10 && dark < side * side + 100);
    }
    image_unref(image);
    counts[1] = -5;                        /* what cannot be counts as nothing */
    image     = chart_matrix(&matrix, &err);
    CHECK(image != NULL);
    CHECK(!image || count_color(image, darkest) < 100);
    image_unref(image);
}

TEST(chart_matrix_takes_any_name)
{
    static char long_name[10000];
    Text        names[]  = { { long_name, sizeof(long_name) }, TEXT("\xff\xfe\n\t"), TEXT(""),
                             TEXT("\xC5\xBC\xC3\xB3\xC5\x82w"), TEXT("a\0b") };
    int64_t     counts[36] = { INT64_MAX, 1, 2 };
    ChartMatrix matrix   = { "t", names, 5, counts, true, false };
    Error       err      = { 0 };
    Image      *image;

    memset(long_name, 'w', sizeof(long_name));
    image = chart_matrix(&matrix, &err);
    CHECK(image != NULL);
    keep(image, "names");
    image_unref(image);
    matrix.class_count = 0;
    CHECK(chart_matrix(&matrix, &err) == NULL);
}
