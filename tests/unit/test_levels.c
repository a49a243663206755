/*
 * test_levels - what pictures become with every level of vectors.
 *
 * A hundred thousand small random inputs for each, of odd sizes and gaps between their
 * rows, in buffers that begin or end at memory that cannot be touched: first by scalars,
 * then by each level that this processor has.
 */
#include "test.h"
#include "fenced.h"

#include <math.h>

#include "base/base.h"
#include "image/blend.h"
#include "image/color.h"
#include "image/glow.h"
#include "image/match.h"
#include "image/morphology.h"
#include "image/simd.h"
#include "image/threshold.h"
#include "image/warp.h"
#include "model/preprocess.h"

enum { ROUNDS = FENCED_ROUNDS, LONGEST = 150 };

/* ---- a test at every level ------------------------------------------------------------ */

/* What stands in buffers 0 and 1 becomes something in `to`; the round is a random number. */
typedef void Change(Plane from, Plane part, Plane to, int round);

/* A size of planes and of templates, in pixels. */
typedef struct Sizes {
    int width, height, pixel;      /* at most; pixel 0: one or four bytes */
    int part;                      /* at most, on either side */
} Sizes;

static Size random_size(Fenced *f, int width, int height)
{
    return (Size){ fenced_below(f, width) + 1, fenced_below(f, height) + 1 };
}

static void try_levels(Fenced *f, Change *change, Sizes sizes, int round)
{
    int   pixel = sizes.pixel ? sizes.pixel : fenced_below(f, 3) ? 4 : 1;
    int   gap   = fenced_below(f, 2) ? fenced_below(f, 9) : 0;
    Size  size  = random_size(f, sizes.width, sizes.height);
    Size  small = random_size(f, MIN(size.width, sizes.part), MIN(size.height, sizes.part));
    Plane from  = fenced_plane(f, 0, size, pixel, gap);
    Plane part  = fenced_plane(f, 1, small, pixel, gap);
    Plane one   = fenced_plane(f, 2, size, pixel, fenced_below(f, 2) ? 0 : gap);
    Plane start = fenced_copy(f, 3, one);

    simd_limit(SIMD_PLAIN);
    change(from, part, one, round);
    for (int level = SIMD_128; level < SIMD_LEVELS; level++) {
        Plane other = fenced_copy(f, 4, start);

        simd_limit((SimdLevel)level);
        change(from, part, other, round);
        CHECK(planes_equal(one, other));
    }
}

static void check_levels(Change *change, Sizes sizes, int rounds)
{
    Fenced f;

    fenced_open(&f, 11 + (uint64_t)sizes.width);
    for (int round = 0; round < rounds; round++) {
        f.first = round % 2 == 0;
        try_levels(&f, change, sizes, fenced_below(&f, 1 << 20));
    }
    simd_limit(SIMD_256);
    fenced_close(&f);
}

static uint8_t *row_of(Plane plane, int y)
{
    return plane.at + (size_t)y * plane.stride;
}

/* ---- colours ---------------------------------------------------------------------------- */

static void recolor(Plane from, Plane part, Plane to, int round)
{
    (void)part;
    color_row(to.at, from.at, from.width, (ColorChange)(round % 4));
}

TEST(levels_of_colour_spaces_are_the_same)
{
    check_levels(recolor, (Sizes){ LONGEST, 1, 4, 1 }, ROUNDS);
}

static void map(Plane from, Plane part, Plane to, int round)
{
    uint8_t table[256];

    (void)part;
    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)(i * (round % 255 + 1) + round / 255);
    plane_map(from, to, from.pixel == 1 ? 1 : 3 + round % 2, table);
}

TEST(levels_of_tables_are_the_same)
{
    check_levels(map, (Sizes){ LONGEST, 2, 0, 1 }, ROUNDS);
}

/* What the name of a threshold says; `above` the level or not. */
static int parted(Threshold how, int value, int level, int most)
{
    bool above = value > level;

    switch (how) {
    case THRESHOLD_BINARY:         return above ? most : 0;
    case THRESHOLD_BINARY_INVERSE: return above ? 0 : most;
    case THRESHOLD_TRUNCATE:       return above ? MAX(level, 0) : value;
    case THRESHOLD_TO_ZERO:        return above ? value : 0;
    default:                       return above ? 0 : value;
    }
}

static void part_by_level(Plane from, Plane part, Plane to, int round)
{
    Threshold how   = (Threshold)(round % 5);
    int       level = round / 5 % 262 - 3, most = round / 1310 % 256;
    int       channels = from.pixel == 1 ? 1 : 3 + round / 5 % 2;
    bool      equal = true;

    (void)part;
    plane_threshold(from, to, channels, how, level + 0.5, most);
    for (int y = 0; y < to.height; y++) {
        for (int x = 0; x < to.width * to.pixel; x++) {
            int  value = row_of(from, y)[x];
            bool stays = channels == 3 && x % 4 == 3;

            equal = equal && row_of(to, y)[x] == (stays ? value : parted(how, value, level, most));
        }
    }
    CHECK(equal);
}

TEST(levels_of_thresholds_are_what_they_say)
{
    check_levels(part_by_level, (Sizes){ LONGEST, 2, 0, 1 }, ROUNDS / 2);
}

/* ---- neighbours ------------------------------------------------------------------------- */

/* The extreme of all of a square that lies inside. */
static int extreme_at(Plane from, int x, int y, int c, int size, bool dilate)
{
    int most = dilate ? 0 : 255;

    for (int v = MAX(0, y - size / 2); v < MIN(from.height, y - size / 2 + size); v++) {
        for (int u = MAX(0, x - size / 2); u < MIN(from.width, x - size / 2 + size); u++) {
            int value = row_of(from, v)[u * from.pixel + c];

            most = dilate ? MAX(most, value) : MIN(most, value);
        }
    }
    return most;
}

static bool is_morphed(Plane from, Plane to, int size, bool dilate)
{
    bool equal = true;

    for (int y = 0; y < to.height; y++) {
        for (int i = 0; i < to.width * to.pixel; i++) {
            equal = equal && row_of(to, y)[i] == extreme_at(from, i / to.pixel, y, i % to.pixel,
                                                            size, dilate);
        }
    }
    return equal;
}

static void square(Plane from, Plane to, int size, bool dilate)
{
    for (int y = 0; y < to.height; y++)
        memcpy(row_of(to, y), row_of(from, y), (size_t)to.width * (size_t)to.pixel);
    CHECK(plane_morph(to, size, dilate, NULL, NULL));
}

static void morph(Plane from, Plane part, Plane to, int round)
{
    int  size   = round % 13 + 1;
    bool dilate = round % 2 == 0;

    (void)part;
    if (from.pixel == 1 && round % 5 == 0) {
        CHECK(plane_morph_ellipse(from, to, size, dilate, NULL, NULL));
        return;
    }
    square(from, to, size, dilate);
    if (round / 16 % 64 == 0)
        CHECK(is_morphed(from, to, size, dilate));
}

TEST(levels_of_morphology_are_the_same)
{
    check_levels(morph, (Sizes){ 90, 5, 0, 1 }, ROUNDS);
}

/* Windows that roll, and larger ones. */
static void morph_tall(Plane from, Plane part, Plane to, int round)
{
    int size = round / 2 % 60 + 1;

    (void)part;
    square(from, to, size, round % 2 == 0);
    CHECK(is_morphed(from, to, size, round % 2 == 0));
}

TEST(levels_of_tall_morphology_are_the_extremes)
{
    check_levels(morph_tall, (Sizes){ 13, 60, 0, 1 }, ROUNDS / 400);
}

typedef struct Likes {
    uint8_t *at;
    size_t   bytes, count;
} Likes;

/* Whatever differs in a likeness shows in some byte. */
static bool keep(void *context, int x, int y, float likeness)
{
    Likes  *likes = context;
    uint8_t bytes[4];

    memcpy(bytes, &likeness, 4);
    for (int i = 0; i < 4; i++)
        likes->at[likes->count % likes->bytes] ^= (uint8_t)(bytes[i] * (2 * i + 1) + x + y);
    likes->count++;
    return true;
}

static void match(Plane from, Plane part, Plane to, int round)
{
    Likes likes = { to.at, (size_t)to.width, 0 };

    (void)round;
    CHECK(plane_match(from, part, keep, &likes, NULL, NULL));
}

TEST(levels_of_templates_are_the_same)
{
    check_levels(match, (Sizes){ 80, 6, 1, 20 }, ROUNDS);
}

static void surround(Plane from, Plane part, Plane to, int round)
{
    (void)part;
    CHECK(plane_surroundings(from, to, round % 2 == 0, NULL, NULL));
    plane_adapt(from, to, round % 7, round % 256);
}

TEST(levels_of_surroundings_are_the_same)
{
    check_levels(surround, (Sizes){ 40, 4, 1, 1 }, ROUNDS / 4);
}

/* ---- places ----------------------------------------------------------------------------- */

/* A number of 1/1024, half to even. */
static int64_t fine(double v)
{
    return llrint(v * 1024);
}

static int64_t value_at(Plane from, int64_t x, int64_t y, int c)
{
    bool inside = x >= 0 && y >= 0 && x < from.width && y < from.height;

    return inside ? row_of(from, (int)y)[x * from.pixel + c] : 0;
}

/* Channel c of what comes from a place in 1/32. */
static int64_t mixed(Plane from, int64_t x32, int64_t y32, int c)
{
    int64_t x = x32 >> 5, y = y32 >> 5, right = x32 & 31, under = y32 & 31;
    int64_t upper = (32 - right) * value_at(from, x, y, c) + right * value_at(from, x + 1, y, c);
    int64_t lower = (32 - right) * value_at(from, x, y + 1, c) +
                    right * value_at(from, x + 1, y + 1, c);

    return ((32 - under) * upper + under * lower + 512) >> 10;
}

static bool is_turned(Plane from, Plane to, const double m[6], bool opaque)
{
    double a = m[4], b = -m[1], c = -m[3], d = m[0], by = 1 / (d * a - m[1] * m[3]);
    bool   equal = true;

    a *= by, b *= by, c *= by, d *= by;
    for (int y = 0; y < to.height; y++) {
        int64_t x0 = fine(b * y + (-a * m[2] - b * m[5]));
        int64_t y0 = fine(d * y + (-c * m[2] - d * m[5]));

        for (int x = 0; x < to.width; x++) {
            int64_t x32 = (x0 + fine(a * x) + 16) >> 5, y32 = (y0 + fine(c * x) + 16) >> 5;

            for (int k = 0; k < to.pixel; k++) {
                int64_t value = k == 3 && opaque ? 255 : mixed(from, x32, y32, k);

                equal = equal && row_of(to, y)[x * to.pixel + k] == value;
            }
        }
    }
    return equal;
}

static void turn(Plane from, Plane part, Plane to, int round)
{
    Affine where  = affine_turn(round % 3600 / 10.0, from.width / 2.0, from.height / 2.0);
    bool   opaque = round % 2 == 0;

    (void)part;
    where.m[2] += round % 7 == 0 ? round % 31 - 15 : 0;
    CHECK(plane_warp(from, to, &where, opaque, NULL, NULL));
    if (round / 16 % 8 == 0)
        CHECK(is_turned(from, to, where.m, opaque));
}

TEST(levels_of_turning_are_the_same)
{
    check_levels(turn, (Sizes){ 40, 12, 0, 1 }, ROUNDS);
}

/* The part is what the picture is shrunk to. */
static void shrink(Plane from, Plane part, Plane to, int round)
{
    Plane small = part;

    (void)round;
    small.at     = to.at;
    small.stride = to.stride;
    CHECK(plane_resize(from, small, INTERPOLATE_AREA, NULL));
}

TEST(levels_of_shrinking_by_area_are_the_same)
{
    check_levels(shrink, (Sizes){ 90, 8, 0, 45 }, ROUNDS);
}

/* ---- pictures --------------------------------------------------------------------------- */

static Image *random_image(Fenced *f, Size size, int channels)
{
    Image *image = image_new(size.width, size.height, channels, TEXT("test"), NULL);
    size_t bytes = (size_t)size.width * (size_t)image_pixel_bytes(image);

    for (int y = 0; y < size.height; y++)
        memcpy(image_edit(image) + (size_t)y * image_stride(image), fenced(f, 9, bytes), bytes);
    return image;
}

static bool images_equal(const Image *a, const Image *b)
{
    size_t bytes = (size_t)image_width(a) * (size_t)image_pixel_bytes(a);
    bool   equal = true;

    for (int y = 0; y < image_height(a); y++)
        equal = equal && memcmp(image_pixels(a) + (size_t)y * image_stride(a),
                                image_pixels(b) + (size_t)y * image_stride(b), bytes) == 0;
    return equal;
}

/* ---- combinations of morphology --------------------------------------------------------- */

static Plane editable(Image *image)
{
    Plane plane = image_plane(image);

    plane.at = image_edit(image);
    return plane;
}

static Image *passes(const Image *image, int size, bool first, bool second)
{
    Image *made = image_copy(image, NULL);

    CHECK(plane_morph(editable(made), size, first, NULL, NULL));
    if (second != first)
        CHECK(plane_morph(editable(made), size, second, NULL, NULL));
    return made;
}

/* Bytes of the one less those of the other, alpha as in `image`. */
static bool is_difference(const Image *image, const Image *made, const Image *more,
                          const Image *less)
{
    bool equal = true;

    for (int y = 0; y < image_height(image); y++) {
        for (int i = 0; i < image_width(image) * image_pixel_bytes(image); i++) {
            int  a    = row_of(image_plane(more), y)[i], b = row_of(image_plane(less), y)[i];
            bool kept = image_channels(image) == 4 && i % 4 == 3;
            int  was  = row_of(image_plane(image), y)[i];

            equal = equal && row_of(image_plane(made), y)[i] == (kept ? was : MAX(a - b, 0));
        }
    }
    return equal;
}

static void try_differences(Fenced *f, SimdLevel level)
{
    Size   size  = random_size(f, 60, 34);
    Image *image = random_image(f, size, fenced_below(f, 2) ? 4 : 1);
    int    side  = fenced_below(f, 4) ? 2 * fenced_below(f, 4) + 1 : fenced_below(f, 40) + 1;

    simd_limit(SIMD_PLAIN);
    Image *most   = passes(image, side, true, true), *least = passes(image, side, false, false);
    Image *closed = passes(image, side, true, false), *open = passes(image, side, false, true);

    simd_limit(level);
    Image *gradient = image_morph(image, MORPH_GRADIENT, side, NULL, NULL);
    Image *top      = image_morph(image, MORPH_TOP_HAT, side, NULL, NULL);
    Image *black    = image_morph(image, MORPH_BLACK_HAT, side, NULL, NULL);
    CHECK(is_difference(image, gradient, most, least));
    CHECK(is_difference(image, top, image, open));
    CHECK(is_difference(image, black, closed, image));

    Image *all[] = { image, most, least, closed, open, gradient, top, black };
    for (size_t i = 0; i < COUNT_OF(all); i++)
        image_unref(all[i]);
}

TEST(levels_of_gradients_and_hats_are_differences)
{
    Fenced f;

    fenced_open(&f, 14);
    for (int round = 0; round < ROUNDS / 200; round++)
        try_differences(&f, (SimdLevel)(round % SIMD_LEVELS));
    simd_limit(SIMD_256);
    fenced_close(&f);
}

/* ---- light ------------------------------------------------------------------------------ */

static void shine(Image *out, const Image *layer, int round)
{
    double opacity = round % 100 / 100.0;

    if (round % 3 == 2)
        blend_add(out, layer, opacity);
    else
        glow_blend(out, layer, 0, 0, round % 3 ? GLOW_ADD : GLOW_MIX, opacity,
                   glow_most(layer));
}

static void try_glow(Fenced *f, int round)
{
    Size   size  = random_size(f, LONGEST, 2);
    int    kind  = fenced_below(f, 3) ? 3 : 1;
    Image *layer = random_image(f, size, kind), *start = random_image(f, size, kind);
    Image *one   = image_copy(start, NULL);

    simd_limit(SIMD_PLAIN);
    if (glow_most(layer) == 0)
        image_edit(layer)[0] = 255;
    shine(one, layer, round);
    for (int level = SIMD_128; level < SIMD_LEVELS; level++) {
        Image *other = image_copy(start, NULL);

        simd_limit((SimdLevel)level);
        shine(other, layer, round);
        CHECK(images_equal(one, other));
        image_unref(other);
    }
    image_unref(layer);
    image_unref(start);
    image_unref(one);
}

TEST(levels_of_glowing_are_the_same)
{
    Fenced f;

    fenced_open(&f, 12);
    for (int round = 0; round < ROUNDS / 2; round++)
        try_glow(&f, fenced_below(&f, 1 << 20));
    simd_limit(SIMD_256);
    fenced_close(&f);
}

/* Every number that a network gets is that of its pixel in the table. */
static void check_tensor(const Lookup *lookup, bool rgb, const Image *image, const float *out)
{
    size_t area = (size_t)image_width(image) * (size_t)image_height(image);
    int    pixel = image_pixel_bytes(image);
    bool   equal = true;

    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *row = image_pixels(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < image_width(image); x++, out++) {
            for (int c = 0; c < 3; c++) {
                int value = pixel == 1 ? row[x] : row[4 * x + (rgb ? 2 - c : c)];

                equal = equal && out[(size_t)c * area] == lookup->value[c][value];
            }
        }
    }
    CHECK(equal);
}

static void try_tensor(Fenced *f)
{
    Size       size  = random_size(f, 70, 4);
    Preprocess how   = { .width = size.width, .height = size.height,
                         .rgb = fenced_below(f, 2), .has_scale = fenced_below(f, 3),
                         .scale = fenced_below(f, 2) ? 255 : 1 + fenced_below(f, 300) / 7.0,
                         .has_normalization = fenced_below(f, 2),
                         .mean = { 0.485, 0.456, fenced_below(f, 256) },
                         .std  = { 0.229, 0.224, 1 + fenced_below(f, 256) } };
    Image     *image = random_image(f, size, fenced_below(f, 4) ? 3 : 1);
    size_t     bytes = 3 * sizeof(float) * (size_t)size.width * (size_t)size.height;
    float     *out   = fenced(f, 0, bytes);
    Lookup     lookup;

    lookup_make(&lookup, &how);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        simd_limit((SimdLevel)level);
        memset(out, 0, bytes);
        CHECK(preprocess_picture(&how, &lookup, false, image, (PreprocessOff){ 0 }, size, out,
                                 NULL));
        check_tensor(&lookup, how.rgb, image, out);
    }
    image_unref(image);
}

TEST(levels_of_tensors_are_the_table)
{
    Fenced f;

    fenced_open(&f, 13);
    for (int round = 0; round < ROUNDS / 2; round++) {
        f.first = round % 2 == 0;
        try_tensor(&f);
    }
    simd_limit(SIMD_256);
    fenced_close(&f);
}

TEST(levels_end_at_the_limit)
{
    SimdLevel here = simd_level();

    for (int level = SIMD_PLAIN; level < SIMD_LEVELS; level++) {
        simd_limit((SimdLevel)level);
        CHECK_INT(simd_level(), MIN(level, (int)here));
    }
    simd_limit(SIMD_256);
    CHECK_INT(simd_level(), here);
}
