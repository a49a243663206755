/*
 * test_kernels - the kernels of all levels of vectors against their scalar twins.
 *
 * A hundred thousand random rows, of all lengths around those of vectors, in buffers that
 * begin or end at memory that cannot be touched.  test_resize.c and test_blur.c do the same
 * with larger planes, test_levels.c with what is asked of by its whole function.
 */
#include "test.h"
#include "fenced.h"

#include "base/base.h"
#include "image/blend_kernels.h"
#include "image/blur_kernels.h"
#include "image/kernels.h"

enum { ROUNDS = FENCED_ROUNDS, LONGEST = 150 };

/* ---- resizing -------------------------------------------------------------- */

static void try_linear(Fenced *f, const LinearKernels *fast)
{
    int      pixel = fenced_below(f, 4) ? 4 : 1, count = fenced_below(f, LONGEST) + 1;
    int      from  = fenced_below(f, 99) + 2;
    size_t   values = (size_t)count * (size_t)pixel;
    int32_t *at = fenced(f, 0, (size_t)count * sizeof *at);
    int16_t *weights = fenced(f, 1, 2 * values * sizeof *weights);
    uint8_t *row = fenced(f, 2, (size_t)from * (size_t)pixel);
    int16_t *a = fenced(f, 3, 2 * values), *b = fenced(f, 4, 2 * values);
    Columns  columns = { count, pixel, pixel, at, weights };

    for (int x = 0; x < count; x++) {
        int16_t first = (int16_t)fenced_below(f, 2049);

        at[x] = x * (from - 1) / count * pixel;         /* columns never go back */
        for (int k = 0; k < pixel; k++) {
            weights[(x * pixel + k) * 2]     = first;
            weights[(x * pixel + k) * 2 + 1] = (int16_t)(2048 - first);
        }
    }
    linear_scalar.across(a, row, &columns);
    (pixel == 4 ? fast->across_colour : fast->across)(b, row, &columns);
    CHECK(memcmp(a, b, 2 * values) == 0);

    int      w0 = fenced_below(f, 2050), w1 = 2048 - MIN(w0, 2048);
    uint8_t *one = fenced(f, 5, values), *other = fenced(f, 6, values);
    linear_scalar.down(one, a, b, w0, w1, (int)values);
    fast->down(other, a, b, w0, w1, (int)values);
    CHECK(memcmp(one, other, values) == 0);
}

static void random_weights(Fenced *f, int16_t weights[4])
{
    weights[0] = (int16_t)-fenced_below(f, 300);
    weights[1] = (int16_t)fenced_below(f, 2049);
    weights[3] = (int16_t)-fenced_below(f, 300);
    weights[2] = (int16_t)(2048 - weights[0] - weights[1] - weights[3]);
}

static void try_cubic(Fenced *f, const CubicKernels *fast)
{
    int          pixel = fenced_below(f, 3) ? 4 : 1, count = fenced_below(f, LONGEST) + 1;
    int          from = fenced_below(f, 99) + 4;
    size_t       values = (size_t)count * (size_t)pixel;
    int32_t     *at = fenced(f, 0, (size_t)count * sizeof *at);
    float       *rows[4];
    int16_t     *first = fenced(f, 1, (size_t)count * 2 * sizeof *first), weights[4];
    int16_t     *last = fenced(f, 2, (size_t)count * 2 * sizeof *last);
    CubicColumns columns = { count, pixel, at, first, last };

    for (int x = 0; x < count; x++) {
        random_weights(f, weights);
        at[x] = fenced_below(f, from - 3) * pixel;
        memcpy(first + 2 * x, weights, 4);
        memcpy(last + 2 * x, weights + 2, 4);
    }
    for (int k = 0; k < 4; k++) {
        const uint8_t *row   = fenced(f, 3, (size_t)from * (size_t)pixel);
        float         *check = fenced(f, 4, 4 * values);

        rows[k] = fenced(f, 5 + k, 4 * values);
        cubic_scalar.across(check, row, &columns);
        (pixel == 4 ? fast->across_colour : fast->across)(rows[k], row, &columns);
        CHECK(memcmp(check, rows[k], 4 * values) == 0);
    }
    random_weights(f, weights);

    uint32_t           ones    = pixel == 4 && fenced_below(f, 2) ? 0xFF000000 : 0;
    const float *const four[4] = { rows[0], rows[1], rows[2], rows[3] };
    uint8_t *one = fenced(f, 0, values), *other = fenced(f, 1, values);
    cubic_scalar.down(one, four, weights, ones, (int)values);
    fast->down(other, four, weights, ones, (int)values);
    CHECK(memcmp(one, other, values) == 0);
}

/* Levels above the scalars, one round each in turn. */
static SimdLevel level_of(int round)
{
    return (SimdLevel)(1 + round % (int)simd_level());
}

TEST(kernels_of_resizing_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (simd_level() == SIMD_PLAIN)
        SKIP("no vectors for this processor");
    fenced_open(&f, 7);
    for (int round = 0; round < 2 * ROUNDS; round++) {
        f.first = round % 4 < 2;
        if (round % 8 < 4)
            try_linear(&f, linear_kernels(level_of(round)));
        else
            try_cubic(&f, cubic_kernels(level_of(round)));
    }
    fenced_close(&f);
}

/* ---- colours --------------------------------------------------------------- */

TEST(kernels_of_gray_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (simd_level() == SIMD_PLAIN)
        SKIP("no vectors for this processor");
    fenced_open(&f, 8);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 2 == 0;

        size_t         count = (size_t)fenced_below(&f, LONGEST) + 1;
        const uint8_t *in    = fenced(&f, 0, 4 * count);
        uint8_t       *one   = fenced(&f, 1, count), *other = fenced(&f, 2, count);

        gray_kernel(SIMD_PLAIN)(one, in, (int)count);
        for (int level = SIMD_128; level <= (int)simd_level(); level++) {
            gray_kernel((SimdLevel)level)(other, in, (int)count);
            CHECK(memcmp(one, other, count) == 0);
        }
    }
    fenced_close(&f);
}

static void try_blend(Fenced *f, BlendKernels fast)
{
    BlendKernels   plain = blend_kernels(SIMD_PLAIN);
    int            pixel = fenced_below(f, 4) ? 4 : 1, count = fenced_below(f, LONGEST) + 1;
    size_t         bytes = (size_t)count * (size_t)pixel;
    const uint8_t *under = fenced(f, 0, bytes);
    uint8_t       *a = fenced(f, 1, bytes), *b = fenced(f, 2, bytes);
    uint8_t       *bits = fenced(f, 3, (size_t)count);
    Tint           tint = { (uint8_t)fenced_below(f, 256), (uint8_t)fenced_below(f, 256),
                            (uint8_t)fenced_below(f, 256), fenced_below(f, 256) / 255.0,
                            fenced_below(f, 2) == 0 };
    Mix            mix = mix_of(tint, pixel);
    int            rare = 1 << fenced_below(f, 7);

    memcpy(b, a, bytes);
    for (int i = 0; i < count; i++)
        bits[i] = fenced_below(f, rare) == 0;
    if (fenced_below(f, 4) == 0)
        bits = NULL;
    plain.tint(a, under, bits, &mix, count);
    fast.tint(b, under, bits, &mix, count);
    CHECK(memcmp(a, b, bytes) == 0);
    plain.mix(a, under, mix.alpha[0], mix.beta[0], (int)bytes);
    fast.mix(b, under, mix.alpha[0], mix.beta[0], (int)bytes);
    CHECK(memcmp(a, b, bytes) == 0);
    plain.copy(a, under, bits, count, pixel);
    fast.copy(b, under, bits, count, pixel);
    CHECK(memcmp(a, b, bytes) == 0);
}

TEST(kernels_of_blending_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (simd_level() == SIMD_PLAIN)
        SKIP("no vectors for this processor");
    fenced_open(&f, 9);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 2 == 0;
        try_blend(&f, blend_kernels(level_of(round / 2)));
    }
    fenced_close(&f);
}

/* ---- blurs ------------------------------------------------------------------- */

static bool blur_by(const BlurJob *job, int kind)
{
    switch (kind) {
    case 0:  return blur_average(job, NULL);
    case 1:  return blur_gaussian(job, NULL);
    case 2:  return blur_median(job, NULL);
    default: return blur_bilateral(job, 75, 75, NULL);
    }
}

/* The fourth bytes are 255. */
static void make_opaque(Plane plane)
{
    for (int y = 0; plane.pixel == 4 && y < plane.height; y++) {
        for (int x = 0; x < plane.width; x++)
            plane.at[(size_t)y * plane.stride + 4 * (size_t)x + 3] = 255;
    }
}

TEST(kernels_of_blurs_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (simd_level() == SIMD_PLAIN)
        SKIP("no vectors for this processor");
    fenced_open(&f, 10);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 8 < 4;

        int   kind = round % 4, channels = fenced_below(&f, 3) ? 3 : 1;
        int   pixel = channels == 1 ? 1 : 4, gap = fenced_below(&f, 4) ? 0 : fenced_below(&f, 9);
        Size  size = { fenced_below(&f, 40) + 1, fenced_below(&f, 5) + 1 };
        Plane from = fenced_plane(&f, 0, size, pixel, gap);
        Plane one = fenced_plane(&f, 1, size, pixel, gap), other = fenced_copy(&f, 2, one);
        int   most = kind == 3 ? 4 : 12;
        int   wide = (fenced_below(&f, most) + 2) | (kind == 1 || kind == 2);

        make_opaque(from);

        BlurJob plain = { .from = from, .to = one, .channels = channels, .size = wide };
        BlurJob fast  = { from, other, channels, wide, level_of(round / 8), NULL };
        CHECK(blur_by(&plain, kind) && blur_by(&fast, kind));
        CHECK(planes_equal(one, other));
    }
    fenced_close(&f);
}
