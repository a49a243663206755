/*
 * test_match - templates found by Fourier transforms.
 *
 * Transforms against the sum that defines them, what is multiplied by them against sums of
 * whole numbers, and likenesses against the formula, all at every level of vectors.
 */
#include "test.h"
#include "fenced.h"

#include <math.h>

#include "base/cancel.h"
#include "image/fourier.h"
#include "image/match.h"
#include "image/match_fourier.h"
#include "image/simd.h"

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
enum { ROUNDS = 60, LARGEST = 256 };
#else
enum { ROUNDS = 1000, LARGEST = FOURIER_MOST };
#endif

/* ---- transforms -------------------------------------------------------------------------- */

/* Element k of transform i. */
static void put(Waves *at, int k, int i, double re, double im)
{
    at[k].re[i] = re;
    at[k].im[i] = im;
}

/* Where each frequency comes out: of waves with one frequency, all else is nothing. */
static void find_order(const Fourier *f, Waves *at, int *order)
{
    int size = f->size;

    for (int k = 0; k < size; k += LANES) {
        for (int n = 0; n < size; n++)
            for (int i = 0; i < LANES; i++) {
                double angle = 2 * M_PI * (n * (k + i) % size) / size;

                put(at, n, i, cos(angle), sin(angle));
            }
        fourier_forward(f, at);
        for (int i = 0; i < LANES; i++) {
            order[k + i] = -1;
            for (int n = 0; n < size; n++) {
                bool here = fabs(at[n].re[i] - size) < 1e-6 && fabs(at[n].im[i]) < 1e-6;

                CHECK(here || hypot(at[n].re[i], at[n].im[i]) < 1e-6);
                if (here)
                    order[k + i] = n;
            }
            CHECK(order[k + i] >= 0);
        }
    }
}

/* The sum that defines frequency k of transform i; `turns` are cosines, then sines. */
static bool is_sum(const Waves *in, const Waves *out, const double *turns, int size, int k, int i)
{
    double re = 0, im = 0;

    for (int n = 0; n < size; n++) {
        double c = turns[(int64_t)n * k % size], s = -turns[size + (int64_t)n * k % size];

        re += in[n].re[i] * c - in[n].im[i] * s;
        im += in[n].im[i] * c + in[n].re[i] * s;
    }
    return fabs(re - out->re[i]) < 1e-10 * size && fabs(im - out->im[i]) < 1e-10 * size;
}

static void check_sums(const Waves *in, const Waves *out, const int *order, int size)
{
    double *turns = malloc(2 * (size_t)size * sizeof *turns);
    bool    right = true;

    for (int n = 0; n < size; n++) {
        turns[n]        = cos(2 * M_PI * n / size);
        turns[size + n] = sin(2 * M_PI * n / size);
    }
    for (int k = 0; k < size; k++)
        for (int i = 0; i < LANES; i++)
            right = right && is_sum(in, &out[order[k]], turns, size, k, i);
    CHECK(right);
    free(turns);
}

static bool back_again(const Fourier *f, const Waves *in, Waves *out)
{
    bool right = true;

    fourier_back(f, out);
    for (int n = 0; n < f->size; n++)
        for (int i = 0; i < LANES; i++)
            right = right && fabs(out[n].re[i] / f->size - in[n].re[i]) < 1e-12 &&
                 fabs(out[n].im[i] / f->size - in[n].im[i]) < 1e-12;
    return right;
}

static void check_transform(int size)
{
    size_t  bytes = (size_t)size * sizeof(Waves);
    Waves  *in = aligned_alloc(64, bytes), *out = aligned_alloc(64, bytes);
    Waves  *first = aligned_alloc(64, bytes);
    int    *order = malloc((size_t)size * sizeof *order);
    Fourier f;

    CHECK(fourier_open(&f, size, NULL));
    find_order(&f, out, order);
    for (int n = 0; n < size; n++)
        for (int i = 0; i < LANES; i++)
            put(in, n, i, sin(n * n * 0.7 + i), cos(n * 1.3 * (i + 1)));
    for (int level = 0; level < SIMD_LEVELS; level++) {
        simd_limit((SimdLevel)level);
        memcpy(out, in, bytes);
        fourier_forward(&f, out);
        if (level == SIMD_PLAIN) {
            check_sums(in, out, order, size);
            memcpy(first, out, bytes);
        }
        CHECK(memcmp(first, out, bytes) == 0);
        CHECK(back_again(&f, in, out));
    }
    fourier_close(&f);
    free(in);
    free(out);
    free(first);
    free(order);
}

TEST(fourier_transforms_are_sums_of_waves)
{
    for (int size = fourier_size(1); size > 0 && size <= LARGEST; size = fourier_size(size + 1))
        check_transform(size);
}

TEST(fourier_sizes_are_the_next_that_there_are)
{
    CHECK_INT(fourier_size(-5), 16);
    CHECK_INT(fourier_size(17), 20);
    CHECK_INT(fourier_size(21), 24);
    CHECK_INT(fourier_size(257), 320);
    CHECK_INT(fourier_size(1025), 1280);
    CHECK_INT(fourier_size(2048), 2048);
    CHECK_INT(fourier_size(2049), 0);
    CHECK_INT(fourier_size(32768), 0);
}

/* ---- products ---------------------------------------------------------------------------- */

static int pixel(Plane plane, int x, int y)
{
    return plane.at[(size_t)y * plane.stride + (size_t)x];
}

static int64_t product(Plane picture, Plane part, int x, int y)
{
    int64_t sum = 0;

    for (int v = 0; v < part.height; v++)
        for (int u = 0; u < part.width; u++)
            sum += (pixel(picture, x + u, y + v) - 128) * (pixel(part, u, v) - 128);
    return sum;
}

/* Every sum with these tiles, by every level. */
static void check_products(Plane picture, Plane part, MatchTiles tiles)
{
    for (int level = 0; level < SIMD_LEVELS; level++) {
        simd_limit((SimdLevel)level);

        MatchFourier *f = match_fourier_open(picture, part, tiles, NULL);
        bool          same = f;

        for (int y = 0; f && y <= picture.height - part.height; y++) {
            const double *row = match_fourier_row(f, y, NULL, NULL);

            for (int x = 0; x <= picture.width - part.width; x++)
                same = same && row[x] == (double)product(picture, part, x, y);
        }
        CHECK(same);
        match_fourier_close(f);
    }
    simd_limit(SIMD_256);
}

static int some_size(Fenced *f, int least)
{
    int size = fourier_size(least);

    return fenced_below(f, 2) ? size : fourier_size(size + 1 + fenced_below(f, 30));
}

/* Templates in up to four parts, tiles that hardly hold a part, or all. */
TEST(match_by_transforms_is_exact_with_any_tiles)
{
    Fenced f;

    fenced_open(&f, 5);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 2 == 0;

        bool  wide   = fenced_below(&f, 8) == 0, tall = fenced_below(&f, 8) == 0;
        Size  size   = { fenced_below(&f, 64) + 1, fenced_below(&f, 56) + 1 };
        int   width  = wide ? size.width : fenced_below(&f, size.width) + 1;
        int   height = tall ? size.height : fenced_below(&f, MIN(size.height, 20)) + 1;
        Plane from   = fenced_plane(&f, 0, size, 1, fenced_below(&f, 9));
        Plane part   = fenced_plane(&f, 1, (Size){ width, height }, 1, 0);

        MatchTiles tiles = { .across = MIN(width, 1 + fenced_below(&f, 3)),
                             .down   = MIN(height, 1 + fenced_below(&f, 3)) };

        tiles.width  = some_size(&f, (width + tiles.across - 1) / tiles.across);
        tiles.height = some_size(&f, (height + tiles.down - 1) / tiles.down);
        check_products(from, part, tiles);
    }
    fenced_close(&f);
}

/* Pixels of a pattern: all 0, all 255, a board of both. */
static int pattern(int kind, int x, int y)
{
    return kind == 0 || (kind == 2 && (x + y) % 2) ? 0 : 255;
}

static Plane patterned(int kind, int width, int height)
{
    Plane plane = { malloc((size_t)width * (size_t)height), (size_t)width, width, height, 1 };

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            plane.at[(size_t)y * plane.stride + (size_t)x] = (uint8_t)pattern(kind, x, y);
    return plane;
}

/* The largest sums in the largest tiles; all places are like one of two. */
static void check_pattern(int kind, int other)
{
    MatchTiles    tiles   = { .width = 1024, .height = 512, .across = 1, .down = 1 };
    Plane         picture = patterned(kind, 1100, 520), part = patterned(other, 700, 450);
    MatchFourier *f       = match_fourier_open(picture, part, tiles, NULL);
    double        sums[2] = { (double)product(picture, part, 0, 0),
                              (double)product(picture, part, 1, 0) };
    bool          same    = true;

    for (int y = 0; y <= 520 - 450; y++) {
        const double *row = match_fourier_row(f, y, NULL, NULL);

        for (int x = 0; x <= 1100 - 700; x++)
            same = same && row[x] == sums[(x + y) % 2];
    }
    CHECK(same);
    match_fourier_close(f);
    free(picture.at);
    free(part.at);
}

TEST(match_by_transforms_is_exact_for_the_largest_sums)
{
    for (int kind = 0; kind < 3; kind++)
        check_pattern(kind, kind);
    check_pattern(0, 1);
}

TEST(match_takes_tiles_that_fit_whatever_the_size)
{
    static const Size sizes[][2] = {
        { { 1920, 1080 }, { 100, 100 } }, { { 32768, 1900 }, { 900, 900 } },
        { { 8000, 8000 }, { 4000, 4000 } }, { { 32768, 1950 }, { 32768, 1950 } },
        { { 1, 32768 }, { 1, 16000 } }, { { 32768, 1 }, { 1, 1 } },
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        MatchTiles t = match_tiles(sizes[i][0], sizes[i][1]);
        Size    part = sizes[i][1];

        CHECK(!isinf(t.work) && t.work > 0);
        CHECK(t.width * t.height <= 1 << 19);
        CHECK(t.width * t.across >= part.width && t.height * t.down >= part.height);
    }
}

/* ---- likenesses -------------------------------------------------------------------------- */

typedef struct Seen {
    Plane picture, part;
    int   wrong, count;
} Seen;

/* The formula, with whole numbers as far as it goes. */
static float likeness_of(Plane picture, Plane part, int x, int y)
{
    int64_t sum = 0, squares = 0, part_sum = 0, part_squares = 0, products = 0;
    double  pixels = (double)part.width * part.height;

    for (int v = 0; v < part.height; v++)
        for (int u = 0; u < part.width; u++) {
            int p = pixel(picture, x + u, y + v), t = pixel(part, u, v);

            sum          += p;
            squares      += p * p;
            part_sum     += t;
            part_squares += t * t;
            products     += p * t;
        }

    double alike  = pixels * (double)products - (double)sum * (double)part_sum;
    double spread = pixels * (double)squares - (double)sum * (double)sum;
    double other  = pixels * (double)part_squares - (double)part_sum * (double)part_sum;
    double most   = sqrt(spread * other);

    if (fabs(alike) < most)
        return (float)(alike / most);
    return most == 0 ? 0 : alike > 0 ? 1 : -1;
}

static bool see(void *context, int x, int y, float likeness)
{
    Seen *seen = context;

    CHECK(x == seen->count % (seen->picture.width - seen->part.width + 1));
    seen->count++;
    seen->wrong += likeness != likeness_of(seen->picture, seen->part, x, y);
    return true;
}

/* Noise with a flat corner, and a template cut from it. */
static Plane noisy(int width, int height)
{
    Plane    plane = patterned(0, width, height);
    uint32_t state = 9;

    for (int y = height / 4; y < height; y++)
        for (int x = width / 3; x < width; x++) {
            state = state * 1664525 + 1013904223;
            plane.at[(size_t)y * plane.stride + (size_t)x] = (uint8_t)(state >> 24);
        }
    return plane;
}

static bool takes_transforms(Size picture, Size part)
{
    double places = (double)(picture.width - part.width + 1) * (picture.height - part.height + 1);
    double work   = places * part.width * part.height;

    return work > 1e7 && match_tiles(picture, part).work < work;
}

static void check_likeness(Size part, bool transforms)
{
    Plane picture = noisy(211, 147), small = picture;

    small.at    += 50 * picture.stride + 75;
    small.width  = part.width;
    small.height = part.height;
    CHECK(takes_transforms((Size){ 211, 147 }, part) == transforms);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        Seen seen = { picture, small, 0, 0 };

        simd_limit((SimdLevel)level);
        CHECK(plane_match(picture, small, see, &seen, NULL, NULL));
        CHECK_INT(seen.wrong, 0);
        CHECK_INT(seen.count, (211 - part.width + 1) * (147 - part.height + 1));
    }
    simd_limit(SIMD_256);
    free(picture.at);
}

TEST(match_is_the_formula_either_way)
{
    check_likeness((Size){ 7, 5 }, false);
    check_likeness((Size){ 1, 30 }, false);
    check_likeness((Size){ 41, 37 }, true);
    check_likeness((Size){ 100, 64 }, true);
}

TEST(match_by_transforms_can_be_cancelled)
{
    Plane  picture = noisy(400, 300), part = noisy(90, 80);
    Seen   seen    = { picture, part, 0, 0 };
    Error  err     = { 0 };
    Cancel cancel;

    cancel_init(&cancel, 0);
    cancel_stop(&cancel);

    MatchFourier *f = match_fourier_open(picture, part, match_tiles((Size){ 400, 300 },
                                                                    (Size){ 90, 80 }), &err);

    CHECK(f && !match_fourier_row(f, 0, &cancel, &err));
    CHECK(err.kind == ERR_CANCELLED);
    match_fourier_close(f);
    CHECK(!plane_match(picture, part, see, &seen, &cancel, &err));
    CHECK_INT(seen.count, 0);
    free(picture.at);
    free(part.at);
}
