/*
 * test_levels - what pictures become with every level of vectors.
 *
 * A hundred thousand small random inputs for each, of odd sizes and gaps between their
 * rows, in buffers that begin or end at memory that cannot be touched: first by scalars,
 * then by each level that this processor has.
 */
#include "test.h"
#include "fenced.h"

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

/* ---- neighbours ------------------------------------------------------------------------- */

static void morph(Plane from, Plane part, Plane to, int round)
{
    int size = round % 13 + 1;

    (void)part;
    if (from.pixel == 1 && round % 5 == 0) {
        CHECK(plane_morph_ellipse(from, to, size, round % 2 == 0, NULL, NULL));
        return;
    }
    for (int y = 0; y < to.height; y++)
        memcpy(row_of(to, y), row_of(from, y), (size_t)to.width * (size_t)to.pixel);
    CHECK(plane_morph(to, size, round % 2 == 0, NULL, NULL));
}

TEST(levels_of_morphology_are_the_same)
{
    check_levels(morph, (Sizes){ 90, 5, 0, 1 }, ROUNDS);
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

static void turn(Plane from, Plane part, Plane to, int round)
{
    Affine where = affine_turn(round % 3600 / 10.0, from.width / 2.0, from.height / 2.0);

    (void)part;
    CHECK(plane_warp(from, to, &where, round % 2 == 0, NULL, NULL));
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
