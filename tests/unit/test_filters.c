/*
 * test_filters - thresholds, morphology, turns, templates and hulls against OpenCV.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "image/match.h"
#include "image/morphology.h"
#include "image/threshold.h"
#include "image/warp.h"
#include "vision/min_rect.h"

enum { ERODE, DILATE, ERODE_ELLIPSE, DILATE_ELLIPSE, TURN, AROUND, AROUND_WEIGHTED, OTSU };

/* The rows are printed by tests/data/make_filter_cases.py. */
static const struct {
    int      kind, channels, width, height, number;
    uint64_t hash;
} cases[] = {
    { ERODE, 1,  70, 41,   1, 0x8049A2526CFA2ADF },
    { ERODE, 3,  19, 23,   1, 0xE34AE3B4304E2A1E },
    { ERODE, 1,  19, 23,   2, 0xB6122A9998514FBF },
    { ERODE, 3, 111, 64,   2, 0x04AA1C711B1EA390 },
    { ERODE, 1, 111, 64,   3, 0x6A21664ED31D1E14 },
    { ERODE, 3,  33,  8,   3, 0x029B62A67F44D08B },
    { ERODE, 1,  33,  8,   8, 0x5B4AC098E70DB0A1 },
    { ERODE, 3,   1,  7,   8, 0xC1AD4732AA7F29A5 },
    { ERODE, 1,   1,  7,  31, 0xEFE4ABFAF60AC94B },
    { ERODE, 3,  70, 41,  31, 0x35702B9CA819AF64 },
    { ERODE, 1,  70, 41, 300, 0x49C1FFFCF55C72FD },
    { ERODE, 3,  19, 23, 300, 0xFF271B6AAE679B47 },
    { DILATE, 1,  70, 41,   1, 0x8049A2526CFA2ADF },
    { DILATE, 3,  19, 23,   1, 0xE34AE3B4304E2A1E },
    { DILATE, 1,  19, 23,   2, 0x5B8EE613909FF273 },
    { DILATE, 3, 111, 64,   2, 0x81927C9947A9DD6D },
    { DILATE, 1, 111, 64,   3, 0x858AAD5B8D598993 },
    { DILATE, 3,  33,  8,   3, 0x2D61ED9ADB509536 },
    { DILATE, 1,  33,  8,   8, 0x9C90691762A4D055 },
    { DILATE, 3,   1,  7,   8, 0xA2BFFCC159282EB5 },
    { DILATE, 1,   1,  7,  31, 0x80AD6320ACB055E1 },
    { DILATE, 3,  70, 41,  31, 0xDA9F65F5A89729EC },
    { DILATE, 1,  70, 41, 300, 0xC3FC2F6A0636827F },
    { DILATE, 3,  19, 23, 300, 0xBB14FBF10F17D818 },
    { ERODE_ELLIPSE, 1,  70, 41,   1, 0x8049A2526CFA2ADF },
    { ERODE_ELLIPSE, 1,  19, 23,   2, 0x2D12071F68097EEF },
    { ERODE_ELLIPSE, 1, 111, 64,   3, 0xED0A801312CF57B3 },
    { ERODE_ELLIPSE, 1,  33,  8,   8, 0xF7A799A1E0E0700C },
    { ERODE_ELLIPSE, 1,   1,  7,  31, 0xEFE4ABFAF60AC94B },
    { DILATE_ELLIPSE, 1,  70, 41,   1, 0x8049A2526CFA2ADF },
    { DILATE_ELLIPSE, 1,  19, 23,   2, 0xF421549327CBC950 },
    { DILATE_ELLIPSE, 1, 111, 64,   3, 0xB52220C9988B93D6 },
    { DILATE_ELLIPSE, 1,  33,  8,   8, 0x318B6AE7DAF62671 },
    { DILATE_ELLIPSE, 1,   1,  7,  31, 0x80AD6320ACB055E1 },
    { TURN, 1,  70, 41,   0, 0x4ED7C45574D22607 },
    { TURN, 3,  19, 23,   0, 0x972342A10236D232 },
    { TURN, 1,  19, 23,  30, 0x0217CE70CCBCDB9E },
    { TURN, 3, 111, 64,  30, 0x4FBA5D0085265F47 },
    { TURN, 1, 111, 64,  90, 0x7F69A2F02AFD3F5C },
    { TURN, 3,  33,  8,  90, 0x6608F50029E79F82 },
    { TURN, 1,  33,  8, -17, 0x247869E052A71D8F },
    { TURN, 3,   1,  7, -17, 0x79B8FEAB4B6D52DD },
    { TURN, 1,   1,  7, 180, 0xE05CF540E6D196FF },
    { TURN, 3,  70, 41, 180, 0x89B92C28240BB493 },
    { TURN, 1,  70, 41, 271, 0x00668D72C3284002 },
    { TURN, 3,  19, 23, 271, 0xFB02750060D72E8B },
    { AROUND, 1,  70, 41,   0, 0xFDD5A9E849A9AFDC },
    { AROUND, 1,  19, 23,   0, 0x714902E48BB04E8C },
    { AROUND, 1, 111, 64,   0, 0x60900234D9F40021 },
    { AROUND, 1,  33,  8,   0, 0x00CFAF04DBAD7058 },
    { AROUND_WEIGHTED, 1,  70, 41,   0, 0xFFA9F043407F7327 },
    { AROUND_WEIGHTED, 1,  19, 23,   0, 0x7B30D6101EA9D912 },
    { AROUND_WEIGHTED, 1, 111, 64,   0, 0xD4C9C8B4B1852DC9 },
    { AROUND_WEIGHTED, 1,  33,  8,   0, 0x99C8697434BD4ED2 },
    { OTSU, 1,  70, 41,   0, 0xDB973461B7BB6648 },
    { OTSU, 1,  19, 23,   0, 0xCE2101F46F049327 },
    { OTSU, 1, 111, 64,   0, 0x8B1B14E2FF47066A },
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 24;
}

/* A picture of the same bytes as the script's. */
static Image *picture(int width, int height, int channels)
{
    Error    err   = { 0 };
    Image   *image = image_new(width, height, channels, TEXT("image"), &err);
    uint8_t *at    = image_edit(image);
    uint32_t state = 1;
    int      pixel = image_pixel_bytes(image);

    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *to = at + (size_t)y * image_stride(image) + (size_t)x * (size_t)pixel;

            memset(to, 255, (size_t)pixel);
            for (int c = 0; c < channels; c++) {
                to[c] = (uint8_t)next_random(&state);
            }
        }
    }
    return image;
}

static uint64_t fnv(const Image *image)
{
    uint64_t value = 0xCBF29CE484222325;
    int      pixel = image_pixel_bytes(image);

    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *row = image_pixels(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < image_width(image); x++) {
            for (int c = 0; c < image_channels(image); c++) {
                value = (value ^ row[(size_t)x * (size_t)pixel + (size_t)c]) * 0x100000001B3;
            }
        }
    }
    return value;
}

static Plane writable(Image *image)
{
    Plane plane = image_plane(image);

    plane.at = image_edit(image);
    return plane;
}

static void around(Plane from, Plane to, bool weighted)
{
    CHECK(plane_surroundings(from, to, weighted, NULL, NULL));
    plane_adapt(from, to, 2, 255);
}

static void otsu(Plane from, Plane to)
{
    plane_threshold(from, to, 1, THRESHOLD_BINARY, threshold_otsu(from), 255);
}

static Image *filtered(const Image *from, int kind, int number)
{
    Error  err  = { 0 };
    Image *made = kind == TURN ? image_turn(from, number, NULL, &err) : image_copy(from, &err);
    Plane  in   = image_plane(from), out = writable(made);

    switch (kind) {
    case ERODE:
    case DILATE:
        CHECK(plane_morph(out, number, kind == DILATE, NULL, NULL));
        break;
    case ERODE_ELLIPSE:
    case DILATE_ELLIPSE:
        CHECK(plane_morph_ellipse(in, out, number, kind == DILATE_ELLIPSE, NULL, NULL));
        break;
    case AROUND:
    case AROUND_WEIGHTED:
        around(in, out, kind == AROUND_WEIGHTED);
        break;
    case OTSU:
        otsu(in, out);
        break;
    default:
        break;
    }
    return made;
}

TEST(filters_give_the_bytes_of_opencv)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Image *from = picture(cases[i].width, cases[i].height, cases[i].channels);
        Image *made = filtered(from, cases[i].kind, cases[i].number);

        if (!CHECK(fnv(made) == cases[i].hash)) {
            printf("  case %zu: kind %d, number %d, %d x %d\n", i, cases[i].kind, cases[i].number,
                   cases[i].width, cases[i].height);
        }
        image_unref(made);
        image_unref(from);
    }
}

TEST(morphology_combines_erosion_and_dilation)
{
    Error  err   = { 0 };
    Image *image = picture(20, 15, 4), *opened, *both, *closed, *gradient, *hat;

    opened   = image_morph(image, MORPH_OPEN, 3, NULL, &err);
    both     = image_morph(image, MORPH_OPEN_CLOSE, 3, NULL, &err);
    closed   = image_morph(opened, MORPH_CLOSE, 3, NULL, &err);
    gradient = image_morph(image, MORPH_GRADIENT, 1, NULL, &err);
    hat      = image_morph(image, MORPH_TOP_HAT, 3, NULL, &err);
    CHECK(fnv(both) == fnv(closed));
    for (int y = 0; y < 15; y++) {
        for (int x = 0; x < 20; x++) {
            size_t at = (size_t)y * image_stride(image) + (size_t)x * 4;
            const uint8_t *a = image_pixels(image) + at, *b = image_pixels(opened) + at;

            CHECK(b[0] <= a[0] && b[3] == a[3]);
            CHECK(image_pixels(gradient)[at] == 0 && image_pixels(gradient)[at + 3] == a[3]);
            CHECK(image_pixels(hat)[at] == a[0] - b[0]);
        }
    }
    image_unref(image);
    image_unref(opened);
    image_unref(both);
    image_unref(closed);
    image_unref(gradient);
    image_unref(hat);
}

/* What becomes of every byte. */
static void threshold(Threshold how, double level, double most, uint8_t out[256])
{
    uint8_t every[256];
    Plane   from = { every, 256, 256, 1, 1 }, to = from;

    for (int i = 0; i < 256; i++) {
        every[i] = (uint8_t)i;
    }
    to.at = out;
    plane_threshold(from, to, 1, how, level, most);
}

TEST(threshold_takes_any_number)
{
    uint8_t out[256];

    threshold(THRESHOLD_BINARY, 100, 300, out);
    CHECK(out[100] == 0 && out[101] == 255);
    threshold(THRESHOLD_BINARY, -1, 9, out);
    CHECK(out[0] == 9 && out[255] == 9);
    threshold(THRESHOLD_BINARY, 255, 9, out);
    CHECK(out[0] == 0 && out[255] == 0);
    threshold(THRESHOLD_BINARY_INVERSE, -5, 9, out);
    CHECK(out[0] == 0 && out[255] == 0);
    threshold(THRESHOLD_TRUNCATE, -5, 0, out);
    CHECK(out[0] == 0 && out[255] == 0);
    threshold(THRESHOLD_TRUNCATE, 300, 0, out);
    CHECK(out[0] == 0 && out[255] == 255);
    threshold(THRESHOLD_TO_ZERO, 200, 0, out);
    CHECK(out[200] == 0 && out[201] == 201);
    threshold(THRESHOLD_TO_ZERO_INVERSE, 200, 0, out);
    CHECK(out[200] == 200 && out[201] == 0);
    threshold(THRESHOLD_BINARY, 1e300, NAN, out);      /* OpenCV's: above all is below */
    CHECK(out[0] == 0 && out[255] == 0);
    threshold(THRESHOLD_BINARY, 1e300, 7, out);
    CHECK(out[0] == 7);
}

/* ---- templates --------------------------------------------------------------------------- */

typedef struct Best {
    int   x, y, visits;
    float likeness;
} Best;

static bool keep_best(void *context, int x, int y, float likeness)
{
    Best *best = context;

    best->visits++;
    if (likeness > best->likeness) {
        *best = (Best){ x, y, best->visits, likeness };
    }
    return true;
}

TEST(match_finds_a_part_where_it_was_cut)
{
    Error  err   = { 0 };
    Image *image = picture(60, 40, 1);
    Image *part  = image_crop(image, (Rect){ 17, 9, 23, 11 }, TEXT("part"), false, &err);
    Best   best  = { .likeness = -2 };

    CHECK(plane_match(image_plane(image), image_plane(part), keep_best, &best, NULL, &err));
    CHECK(best.x == 17 && best.y == 9 && best.likeness == 1.0f);
    CHECK(best.visits == (60 - 23 + 1) * (40 - 11 + 1));
    image_unref(part);
    image_unref(image);
}

TEST(match_knows_flat_pictures)
{
    Error  err     = { 0 };
    Image *image   = picture(9, 8, 1), *black = image_new(9, 8, 1, TEXT("image"), &err);
    Rect   all     = { 0, 0, 9, 8 };
    Image *corner  = image_crop(black, (Rect){ 0, 0, 3, 2 }, TEXT("part"), false, &err);
    Image *pattern = image_crop(image, all, TEXT("part"), false, &err);
    Best   best    = { .likeness = -2 };

    CHECK(plane_match(image_plane(image), image_plane(corner), keep_best, &best, NULL, &err));
    CHECK(best.likeness == 1.0f);                  /* a flat template is everywhere */
    best = (Best){ .likeness = -2 };
    CHECK(plane_match(image_plane(black), image_plane(pattern), keep_best, &best, NULL, &err));
    CHECK(best.likeness == 0.0f && best.visits == 1);
    image_unref(corner);
    image_unref(pattern);
    image_unref(image);
    image_unref(black);
}

/* ---- smallest rectangles ----------------------------------------------------------------- */

static TurnedRect rectangle_of(const ContourPoint *points, int count)
{
    Arena      arena;
    TurnedRect out;

    arena_init(&arena, MIB(16));
    CHECK(min_rect(&arena, points, count, &out, NULL));
    arena_fini(&arena);
    return out;
}

TEST(rectangles_have_the_sides_of_opencv)
{
    static const ContourPoint turned[] = { { 60, 20 }, { 120, 60 }, { 100, 90 }, { 40, 50 } };
    static const ContourPoint cloud[] = { { 0, 0 }, { 10, 3 }, { 4, 9 }, { 5, 5 }, { 7, 1 },
                                          { 2, 8 }, { 9, 9 } };
    static const ContourPoint line[] = { { 1, 1 }, { 2, 2 }, { 5, 5 }, { 5, 5 } };
    const int far = 1 << 29;
    const ContourPoint wide[] = { { -far, -far }, { far, -far }, { far, far }, { -far, far } };
    TurnedRect t = rectangle_of(turned, 4), c = rectangle_of(cloud, 7), w = rectangle_of(wide, 4);

    CHECK(fabs(fmax(t.width, t.height) - 72.111026) < 1e-3);
    CHECK(fabs(fmin(t.width, t.height) - 36.055513) < 1e-3);
    CHECK(fabs(c.width * c.height - 86.14001673918938) < 1e-3);
    CHECK(w.width == 2.0 * far && w.height == 2.0 * far);
    CHECK(rectangle_of(line, 4).width * rectangle_of(line, 4).height < 1e-9);
    CHECK(rectangle_of(line, 1).width == 0);
}

TEST(rectangles_of_many_corners_take_no_time)
{
    enum { COUNT = 200000 };
    ContourPoint *points = calloc(COUNT, sizeof *points);
    TurnedRect    t;

    for (int i = 0; i < COUNT; i++) {
        points[i].x = (int32_t)lrint(5e8 * cos(i * (2 * M_PI / COUNT)));
        points[i].y = (int32_t)lrint(5e8 * sin(i * (2 * M_PI / COUNT)));
    }
    t = rectangle_of(points, COUNT);
    CHECK(fabs(t.width - 1e9) < 10 && fabs(t.height - 1e9) < 10);
    free(points);
}
