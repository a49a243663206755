/*
 * test_kernels - vectors against their scalar twins, row by row.
 *
 * A hundred thousand random rows, of all lengths around those of vectors.  Every
 * buffer begins or ends at memory that cannot be touched, so that a read or write
 * outside of it shows.  test_resize.c and test_blur.c do the same with larger planes.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "image/blend_kernels.h"
#include "image/blur_kernels.h"
#include "image/kernels.h"

/* Nothing here has threads, and a sanitizer of threads takes a hundred times as long. */
#ifdef __SANITIZE_THREAD__
enum { ROUNDS = 1000 };
#else
enum { ROUNDS = 100000 };
#endif

enum { LONGEST = 150, BODY = 8192, BUFFERS = 10 };

/* Memory between two pages that cannot be touched. */
typedef struct Fenced {
    uint8_t *at[BUFFERS];
    size_t   page;
    bool     first;     /* buffers begin at the fence, else they end at it */
    uint32_t state;
} Fenced;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void fenced_open(Fenced *f, uint32_t seed)
{
    f->page  = (size_t)sysconf(_SC_PAGESIZE);
    f->state = seed;
    for (int i = 0; i < BUFFERS; i++) {
        size_t   body = (BODY + f->page - 1) / f->page * f->page;
        uint8_t *all  = mmap(NULL, body + 2 * f->page, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (all == MAP_FAILED || mprotect(all, f->page, PROT_NONE) != 0 ||
            mprotect(all + f->page + body, f->page, PROT_NONE) != 0)
            abort();
        f->at[i] = all + f->page;
    }
}

static void fenced_close(Fenced *f)
{
    for (int i = 0; i < BUFFERS; i++)
        munmap(f->at[i] - f->page, (BODY + f->page - 1) / f->page * f->page + 2 * f->page);
}

/* `bytes` of buffer i, random. */
static void *fenced(Fenced *f, int i, size_t bytes)
{
    size_t   body = (BODY + f->page - 1) / f->page * f->page;
    uint8_t *at   = f->first ? f->at[i] : f->at[i] + body - bytes;

    for (size_t k = 0; k < bytes; k += 2) {
        uint32_t value = next_random(&f->state);

        memcpy(at + k, &value, MIN(2, bytes - k));
    }
    return at;
}

static int below(Fenced *f, int limit)
{
    return (int)(next_random(&f->state) % (uint32_t)limit);
}

/* ---- resizing -------------------------------------------------------------- */

static void try_linear(Fenced *f, const LinearKernels *fast)
{
    int      pixel = below(f, 4) ? 4 : 1, count = below(f, LONGEST) + 1, from = below(f, 99) + 2;
    size_t   values = (size_t)count * (size_t)pixel;
    int32_t *at = fenced(f, 0, (size_t)count * sizeof *at);
    int16_t *weights = fenced(f, 1, (size_t)count * 2 * WEIGHT_COPIES * sizeof *weights);
    uint8_t *row = fenced(f, 2, (size_t)from * (size_t)pixel);
    int16_t *a = fenced(f, 3, 2 * values), *b = fenced(f, 4, 2 * values);
    Columns  columns = { count, pixel, pixel, at, weights };

    for (int x = 0; x < count; x++) {
        int16_t first = (int16_t)below(f, 2049);

        at[x] = below(f, from - 1) * pixel;
        for (int k = 0; k < WEIGHT_COPIES; k++) {
            weights[(x * WEIGHT_COPIES + k) * 2]     = first;
            weights[(x * WEIGHT_COPIES + k) * 2 + 1] = (int16_t)(2048 - first);
        }
    }
    linear_scalar.across(a, row, &columns);
    (pixel == 4 ? fast->across_colour : fast->across)(b, row, &columns);
    CHECK(memcmp(a, b, 2 * values) == 0);

    int      w0 = below(f, 2050), w1 = 2048 - MIN(w0, 2048);
    uint8_t *one = fenced(f, 5, values), *other = fenced(f, 6, values);
    linear_scalar.down(one, a, b, w0, w1, (int)values);
    fast->down(other, a, b, w0, w1, (int)values);
    CHECK(memcmp(one, other, values) == 0);
}

static void random_weights(Fenced *f, int16_t weights[4])
{
    weights[0] = (int16_t)-below(f, 300);
    weights[1] = (int16_t)below(f, 2049);
    weights[3] = (int16_t)-below(f, 300);
    weights[2] = (int16_t)(2048 - weights[0] - weights[1] - weights[3]);
}

static void try_cubic(Fenced *f, const CubicKernels *fast)
{
    int          pixel = below(f, 3) ? 4 : 1, count = below(f, LONGEST) + 1;
    int          from = below(f, 99) + 4;
    size_t       values = (size_t)count * (size_t)pixel;
    int32_t     *at = fenced(f, 0, (size_t)count * sizeof *at);
    float       *rows[4];
    int16_t     *first = fenced(f, 1, (size_t)count * 2 * sizeof *first), weights[4];
    int16_t     *last = fenced(f, 2, (size_t)count * 2 * sizeof *last);
    CubicColumns columns = { count, pixel, at, first, last };

    for (int x = 0; x < count; x++) {
        random_weights(f, weights);
        at[x] = below(f, from - 3) * pixel;
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

    const float *const four[4] = { rows[0], rows[1], rows[2], rows[3] };
    uint8_t *one = fenced(f, 0, values), *other = fenced(f, 1, values);
    cubic_scalar.down(one, four, weights, (int)values);
    fast->down(other, four, weights, (int)values);
    CHECK(memcmp(one, other, values) == 0);
}

TEST(kernels_of_resizing_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (!linear_vectors() || !cubic_vectors())
        SKIP("no vectors for this processor");
    fenced_open(&f, 7);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 2 == 0;
        if (round % 4 < 2)
            try_linear(&f, linear_vectors());
        else
            try_cubic(&f, cubic_vectors());
    }
    fenced_close(&f);
}

/* ---- colours --------------------------------------------------------------- */

TEST(kernels_of_gray_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (!gray_vectors())
        SKIP("no vectors for this processor");
    fenced_open(&f, 8);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 2 == 0;

        size_t         count = (size_t)below(&f, LONGEST) + 1;
        const uint8_t *in    = fenced(&f, 0, 4 * count);
        uint8_t       *one   = fenced(&f, 1, count), *other = fenced(&f, 2, count);

        gray_scalar(one, in, (int)count);
        gray_vectors()(other, in, (int)count);
        CHECK(memcmp(one, other, count) == 0);
    }
    fenced_close(&f);
}

static void try_blend(Fenced *f, const BlendKernels *fast)
{
    int            pixel = below(f, 4) ? 4 : 1, count = below(f, LONGEST) + 1;
    size_t         bytes = (size_t)count * (size_t)pixel;
    const uint8_t *under = fenced(f, 0, bytes);
    uint8_t       *a = fenced(f, 1, bytes), *b = fenced(f, 2, bytes);
    uint8_t       *bits = fenced(f, 3, (size_t)count);
    Tint           tint = { (uint8_t)below(f, 256), (uint8_t)below(f, 256),
                            (uint8_t)below(f, 256), below(f, 256) / 255.0, below(f, 2) == 0 };
    Mix            mix = mix_of(tint, pixel);
    int            rare = 1 << below(f, 7);

    memcpy(b, a, bytes);
    for (int i = 0; i < count; i++)
        bits[i] = below(f, rare) == 0;
    if (below(f, 4) == 0)
        bits = NULL;
    blend_any.tint(a, under, bits, &mix, count);
    fast->tint(b, under, bits, &mix, count);
    CHECK(memcmp(a, b, bytes) == 0);
    blend_any.mix(a, under, mix.alpha[0], mix.beta[0], (int)bytes);
    fast->mix(b, under, mix.alpha[0], mix.beta[0], (int)bytes);
    CHECK(memcmp(a, b, bytes) == 0);
    blend_any.copy(a, under, bits, count, pixel);
    fast->copy(b, under, bits, count, pixel);
    CHECK(memcmp(a, b, bytes) == 0);
}

TEST(kernels_of_blending_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (blend_kernels() == &blend_any)
        SKIP("no AVX2 here");
    fenced_open(&f, 9);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 2 == 0;
        try_blend(&f, blend_kernels());
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

static Plane fenced_plane(Fenced *f, int i, int width, int height, int pixel)
{
    size_t stride = (size_t)width * (size_t)pixel;

    return (Plane){ fenced(f, i, stride * (size_t)height), stride, width, height, pixel };
}

TEST(kernels_of_blurs_are_the_same_by_vectors_and_by_scalars)
{
    Fenced f;

    if (!HAS_AVX2())
        SKIP("no AVX2 here");
    fenced_open(&f, 10);
    for (int round = 0; round < ROUNDS; round++) {
        f.first = round % 8 < 4;

        int   kind = round % 4, channels = below(&f, 3) ? 3 : 1, pixel = channels == 1 ? 1 : 4;
        int   width = below(&f, 40) + 1, height = below(&f, 5) + 1;
        Plane from = fenced_plane(&f, 0, width, height, pixel);
        Plane one = fenced_plane(&f, 1, width, height, pixel);
        Plane other = fenced_plane(&f, 2, width, height, pixel);
        int   most = kind == 3 ? 4 : 12, size = (below(&f, most) + 2) | (kind == 1 || kind == 2);

        for (size_t i = 3; pixel == 4 && i < from.stride * (size_t)height; i += 4)
            from.at[i] = 255;

        BlurJob plain = { .from = from, .to = one, .channels = channels, .size = size };
        BlurJob fast  = { from, other, channels, size, true, NULL };
        CHECK(blur_by(&plain, kind) && blur_by(&fast, kind));
        CHECK(memcmp(one.at, other.at, one.stride * (size_t)height) == 0);
    }
    fenced_close(&f);
}
