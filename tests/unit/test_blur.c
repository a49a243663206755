/*
 * test_blur - the kernels against OpenCV's bytes and against simple twins.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/blur_kernels.h"

enum {
    AVERAGE = BLUR_AVERAGE, GAUSSIAN = BLUR_GAUSSIAN, MEDIAN = BLUR_MEDIAN,
    BILATERAL = BLUR_BILATERAL,
};

/* The rows are printed by tests/data/make_blur_cases.py. */
static const struct {
    int      kind, channels, width, height, size;
    uint64_t hash;
} cases[] = {
    { AVERAGE, 1, 111, 64,    2, 0x9D928CCACA5AD462 },
    { AVERAGE, 3,  19, 23,    2, 0x18960CB109C8B28B },
    { AVERAGE, 1,   1,  7,    3, 0x1FA46A5DC05B0DE2 },
    { AVERAGE, 3, 111, 64,    3, 0x588A00FFCFC5FB6C },
    { AVERAGE, 1,  33,  8,    5, 0x53809AC079BE2B27 },
    { AVERAGE, 3,   1,  7,    5, 0x33FF5D9FD7E7127B },
    { AVERAGE, 1,   1,  1,   16, 0xAF63B14C8601A37B },
    { AVERAGE, 3,  33,  8,   16, 0x70CBA721FC0C8A04 },
    { AVERAGE, 1,   3,  3,   17, 0x71BC049347AA0E15 },
    { AVERAGE, 3,   1,  1,   17, 0x70368918303614BA },
    { AVERAGE, 1,  70, 41,   22, 0x7E4011AF0D7C6679 },
    { AVERAGE, 3,   3,  3,   22, 0x0C1CB23EAB9F0492 },
    { AVERAGE, 1,   2,  1,   40, 0x09167707B5AD4B4F },
    { AVERAGE, 3,  70, 41,   40, 0x0A8389FE2A9FB414 },
    { AVERAGE, 1,  19, 23,   54, 0x038AE46D645E1C64 },
    { AVERAGE, 3,   2,  1,   54, 0x0CE96237A4C97D11 },
    { AVERAGE, 1, 111, 64,  121, 0xBEF4EE151D460777 },
    { AVERAGE, 3,  19, 23,  121, 0x898EC3275E906BAB },
    { AVERAGE, 1,   1,  7, 3001, 0xFCD1753BE0FAE16D },
    { AVERAGE, 3, 111, 64, 3001, 0x871D7D9D29726840 },
    { GAUSSIAN, 1,   1,  1,    3, 0xAF63B14C8601A37B },
    { GAUSSIAN, 3,  33,  8,    3, 0x8699E266687A80CD },
    { GAUSSIAN, 1,   3,  3,    5, 0xE046884F43FE59AA },
    { GAUSSIAN, 3,   1,  1,    5, 0x70368918303614BA },
    { GAUSSIAN, 1,  70, 41,    7, 0x6A05E5F00E0668D4 },
    { GAUSSIAN, 3,   3,  3,    7, 0xC627A5E3EFE8F299 },
    { GAUSSIAN, 1,   2,  1,    9, 0x09167707B5AD4B4F },
    { GAUSSIAN, 3,  70, 41,    9, 0x72A2CA22F8B3A9CB },
    { GAUSSIAN, 1,  19, 23,   11, 0x7D822358550A84BA },
    { GAUSSIAN, 3,   2,  1,   11, 0x0BB6129C0081E6F3 },
    { GAUSSIAN, 1, 111, 64,   15, 0xE780CE124B8BF628 },
    { GAUSSIAN, 3,  19, 23,   15, 0xDFC12E2A60064058 },
    { GAUSSIAN, 1,   1,  7,   31, 0x813BBACF78BE8577 },
    { GAUSSIAN, 3, 111, 64,   31, 0xC35D7B6A02CA752B },
    { GAUSSIAN, 1,  33,  8,  101, 0x543F6B3E65EB8DAD },
    { GAUSSIAN, 3,   1,  7,  101, 0xBF06656C998B4724 },
    { GAUSSIAN, 1,   1,  1, 1001, 0xAF63B14C8601A37B },
    { GAUSSIAN, 3,  33,  8, 1001, 0x9DC7FD8B6CAAC1EC },
    { MEDIAN, 1,  70, 41,    3, 0x6867F6CE6F6D741A },
    { MEDIAN, 3,   3,  3,    3, 0x3D4A91BD0C7A7B63 },
    { MEDIAN, 1,   2,  1,    5, 0x08096A07B4C837DF },
    { MEDIAN, 3,  70, 41,    5, 0xF9E0E0E9B1200E4D },
    { MEDIAN, 1,  19, 23,    7, 0x3B9E4F9488D25A85 },
    { MEDIAN, 3,   2,  1,    7, 0xCEDAC81A2C9B45C4 },
    { MEDIAN, 1, 111, 64,   15, 0x8FCA3B86753E7C8B },
    { MEDIAN, 3,  19, 23,   15, 0x65536D1B9D6E942E },
    { MEDIAN, 1,   1,  7,   41, 0x0B67C393D20BFF22 },
    { MEDIAN, 3, 111, 64,   41, 0x85DD999B7DDF927E },
    { MEDIAN, 1,  33,  8,  255, 0xACBDA6D7549619AD },
    { MEDIAN, 3,   1,  7,  255, 0x2A4BCAA86C89F613 },
    { BILATERAL, 1,   2,  1,    0, 0x09195A07B5AF4FDF },
    { BILATERAL, 3,  70, 41,    0, 0x1AD5F524014AF426 },
    { BILATERAL, 1,  19, 23,    7, 0xA14838639114C0FD },
    { BILATERAL, 3,   2,  1,    7, 0x8A3584F663705038 },
    { BILATERAL, 1, 111, 64,    9, 0xA43E6D7F3C48992B },
    { BILATERAL, 3,  19, 23,    9, 0x6E26263984C2DC96 },
    { BILATERAL, 1,   1,  7,   15, 0x2A8857B5B7B40B5A },
    { BILATERAL, 3, 111, 64,   15, 0x298B8FA27B4784A6 },
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 24;
}

static Plane plane_open(int width, int height, int channels)
{
    int    pixel  = channels == 1 ? 1 : 4;
    size_t stride = (size_t)width * (size_t)pixel;

    return (Plane){ calloc((size_t)height, stride), stride, width, height, pixel };
}

static uint8_t *pixel_at(Plane plane, int x, int y)
{
    return plane.at + (size_t)y * plane.stride + (size_t)x * (size_t)plane.pixel;
}

/* Random bytes, as many a pixel as there are channels; the fourth is 255. */
static void fill(Plane plane, int channels, uint32_t seed)
{
    for (int y = 0; y < plane.height; y++) {
        for (int x = 0; x < plane.width; x++) {
            uint8_t *pixel = pixel_at(plane, x, y);

            memset(pixel, 255, (size_t)plane.pixel);
            for (int c = 0; c < channels; c++) {
                pixel[c] = (uint8_t)next_random(&seed);
            }
        }
    }
}

static uint64_t fnv(Plane plane, int channels)
{
    uint64_t value = 0xCBF29CE484222325;

    for (int y = 0; y < plane.height; y++) {
        for (int x = 0; x < plane.width; x++) {
            for (int c = 0; c < channels; c++) {
                value = (value ^ pixel_at(plane, x, y)[c]) * 0x100000001B3;
            }
        }
    }
    return value;
}

static bool blur(Plane from, Plane to, int channels, int kind, int size)
{
    return plane_blur(from, to, channels, (Blur){ (BlurKind)kind, size, 75, 75 }, NULL, NULL);
}

TEST(blur_gives_the_bytes_of_opencv)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int   channels = cases[i].channels;
        Plane from     = plane_open(cases[i].width, cases[i].height, channels);
        Plane to       = plane_open(cases[i].width, cases[i].height, channels);

        fill(from, channels, 1);
        CHECK(blur(from, to, channels, cases[i].kind, cases[i].size));
        if (!CHECK(fnv(to, channels) == cases[i].hash)) {
            printf("  case %zu: kind %d, size %d, %d x %d\n", i, cases[i].kind, cases[i].size,
                   from.width, from.height);
        }
        CHECK(from.pixel == 1 || pixel_at(to, from.width - 1, from.height - 1)[3] == 255);
        free(from.at);
        free(to.at);
    }
}

/* ---- twins: the same by definition, pixel for pixel --------------------------- */

static int clamp(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

/* Where a row goes on as seen in a mirror that stands on its last pixel. */
static int bounce(int i, int n)
{
    while (n > 1 && (i < 0 || i >= n)) {
        i = i < 0 ? -i : 2 * n - 2 - i;
    }
    return n > 1 ? i : 0;
}

static double average_of(Plane from, int x, int y, int c, int size)
{
    int64_t sum = 0;

    for (int j = 0; j < size; j++) {
        for (int i = 0; i < size; i++) {
            sum += pixel_at(from, bounce(x - size / 2 + i, from.width),
                            bounce(y - size / 2 + j, from.height))[c];
        }
    }
    return (double)sum / ((double)size * size);
}

static int by_value(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static int median_of(Plane from, int x, int y, int c, int size)
{
    static uint8_t values[101 * 101];
    int            count = 0, half = size / 2;

    for (int j = -half; j <= half; j++) {
        for (int i = -half; i <= half; i++) {
            values[count++] = pixel_at(from, clamp(x + i, from.width),
                                       clamp(y + j, from.height))[c];
        }
    }
    qsort(values, (size_t)count, 1, by_value);
    return values[count / 2];
}

/* Kernels up to 9 are not quite Gaussian. */
static double gauss(int distance, int size)
{
    static const int small[][5] = { { 128, 64 }, { 96, 64, 16 }, { 72, 56, 28, 8 },
                                    { 60, 51, 30, 13, 4 } };

    if (size == 1) {
        return 1;
    }
    if (size <= 9) {
        return small[size / 2 - 1][abs(distance)];
    }

    double sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8;

    return exp(-distance * distance / (2 * sigma * sigma));
}

static double gaussian_of(Plane from, int x, int y, int c, int size)
{
    double sum = 0, weights = 0;
    int    half = size / 2;

    for (int j = -half; j <= half; j++) {
        for (int i = -half; i <= half; i++) {
            double weight = gauss(i, size) * gauss(j, size);

            weights += weight;
            sum     += weight * pixel_at(from, bounce(x + i, from.width),
                                         bounce(y + j, from.height))[c];
        }
    }
    return sum / weights;
}

static double bilateral_of(Plane from, int x, int y, int c, int channels, int size)
{
    double         sum = 0, weights = 0;
    int            half = MAX(size / 2, 1);
    const uint8_t *centre = pixel_at(from, x, y);

    for (int j = -half; j <= half; j++) {
        for (int i = -half; i <= half; i++) {
            const uint8_t *at = pixel_at(from, bounce(x + i, from.width),
                                         bounce(y + j, from.height));
            double         apart = 0;

            for (int k = 0; k < MIN(channels, 3); k++) {
                apart += abs(at[k] - centre[k]);
            }
            if (i * i + j * j <= half * half) {
                double weight = exp(-(i * i + j * j + apart * apart) / (2 * 75.0 * 75));

                weights += weight;
                sum     += weight * at[c];
            }
        }
    }
    return sum / weights;
}

/* What byte c of a pixel should be, and how far it may be off. */
static double twin(Plane from, int x, int y, int c, int channels, int kind, int size, double *off)
{
    *off = kind == GAUSSIAN && size > 9 ? 5 : 0.51;      /* weights are 256ths */
    switch (kind) {
    case AVERAGE:
        *off = size <= 16 ? 1 : 0.51;          /* as OpenCV rounds them */
        return average_of(from, x, y, c, size);
    case MEDIAN:
        *off = 0;
        return median_of(from, x, y, c, size);
    case GAUSSIAN:
        return gaussian_of(from, x, y, c, size);
    default:
        return c == 3 ? pixel_at(from, x, y)[3] : bilateral_of(from, x, y, c, channels, size);
    }
}

static int random_side(uint32_t *state)
{
    int side = (int)next_random(state) % 20;

    return side < 8 ? side + 1 : (int)next_random(state) % 60 + 1;
}

TEST(blur_does_what_it_is_said_to_do)
{
    uint32_t state = 11;

    for (int round = 0; round < 400; round++) {
        int   kind  = round % 4, channels = (int[]){ 1, 3, 3, 4 }[next_random(&state) % 4];
        int   size  = (int)next_random(&state) % (round % 16 < 4 ? 100 : 14) + 1;
        Plane from  = plane_open(random_side(&state), random_side(&state), channels);
        Plane to    = plane_open(from.width, from.height, channels);

        if (kind == GAUSSIAN || kind == MEDIAN) {
            size |= 1;
        }
        fill(from, channels, (uint32_t)round);
        CHECK(blur(from, to, channels, kind, size));
        for (int n = 0; n < 12; n++) {
            int    x = (int)next_random(&state) % from.width;
            int    y = (int)next_random(&state) % from.height;
            int    c = (int)next_random(&state) % channels;
            double off, wanted = twin(from, x, y, c, channels, kind, size, &off);

            if (!CHECK_NEAR(pixel_at(to, x, y)[c], wanted, off)) {
                printf("  kind %d, size %d, %d x %d, channel %d of %d at %d, %d\n", kind, size,
                       from.width, from.height, c, channels, x, y);
            }
        }
        free(from.at);
        free(to.at);
    }
}

TEST(blur_leaves_what_is_even_as_it_is)
{
    static const int sizes[] = { 1, 3, 5, 7, 9, 11, 15, 17, 31, 99, 363, 2901, 2903,
                                 LIMIT_BLUR_SIZE };

    for (int kind = AVERAGE; kind <= BILATERAL; kind++) {
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            for (int value = 0; value < 256; value += 51) {
                Plane from = plane_open(9, 7, 4), to = plane_open(9, 7, 4);

                if (kind == BILATERAL && sizes[i] > 31) {
                    free(from.at);
                    free(to.at);
                    continue;
                }
                memset(from.at, value, from.stride * 7);
                CHECK(blur(from, to, 4, kind, sizes[i]));
                CHECK(memcmp(from.at, to.at, from.stride * 7) == 0);
                free(from.at);
                free(to.at);
            }
        }
    }
}

static bool blur_job(const BlurJob *job, int kind)
{
    switch (kind) {
    case AVERAGE:  return blur_average(job, NULL);
    case GAUSSIAN: return blur_gaussian(job, NULL);
    case MEDIAN:   return blur_median(job, NULL);
    default:       return blur_bilateral(job, 75, 75, NULL);
    }
}

TEST(blur_by_vectors_and_by_scalars_is_the_same)
{
    uint32_t state = 5;

    if (simd_level() == SIMD_PLAIN) {
        SKIP("no vectors for this processor");
    }
    for (int round = 0; round < 400; round++) {
        int   channels = next_random(&state) % 3 ? 3 : 1, kind = round % 4;
        int   size     = (int)next_random(&state) % 30 + 2;
        Plane from     = plane_open(random_side(&state), random_side(&state), channels);
        Plane a        = plane_open(from.width, from.height, channels);
        Plane b        = plane_open(from.width, from.height, channels);

        if (kind == GAUSSIAN || kind == MEDIAN) {
            size |= 1;
        }

        BlurJob job = { .from = from, .to = b, .channels = channels, .size = size };
        fill(from, channels, (uint32_t)round);
        CHECK(blur_job(&job, kind));
        job.to = a;
        for (int level = SIMD_128; level <= (int)simd_level(); level++) {
            job.level = (SimdLevel)level;
            CHECK(blur_job(&job, kind));
            CHECK(memcmp(a.at, b.at, a.stride * (size_t)a.height) == 0);
        }
        free(from.at);
        free(a.at);
        free(b.at);
    }
}

/* A plane whose last byte is followed by memory that cannot be touched. */
static Plane plane_guarded(int width, int height, int channels, uint8_t **pages, size_t *length)
{
    int    pixel = channels == 1 ? 1 : 4;
    size_t page  = (size_t)sysconf(_SC_PAGESIZE), stride = (size_t)width * (size_t)pixel;
    size_t bytes = stride * (size_t)height, body = (bytes + page - 1) / page * page;

    *length = body + page;
    *pages  = mmap(NULL, *length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*pages == MAP_FAILED || mprotect(*pages + body, page, PROT_NONE) != 0) {
        abort();
    }
    return (Plane){ *pages + body - bytes, stride, width, height, pixel };
}

TEST(blur_reads_and_writes_nothing_past_the_end)
{
    uint32_t state = 3;

    for (int round = 0; round < 200; round++) {
        uint8_t *pages[2];
        size_t   lengths[2];
        int      channels = next_random(&state) % 4 ? 3 : 1, width = random_side(&state);
        int      height   = random_side(&state), size = (int)next_random(&state) % 40 | 1;
        Plane    from     = plane_guarded(width, height, channels, &pages[0], &lengths[0]);
        Plane    to       = plane_guarded(width, height, channels, &pages[1], &lengths[1]);

        for (int kind = AVERAGE; kind <= BILATERAL; kind++) {
            CHECK(blur(from, to, channels, kind, kind == BILATERAL ? size % 11 : size));
        }
        munmap(pages[0], lengths[0]);
        munmap(pages[1], lengths[1]);
    }
}

TEST(blur_keeps_to_its_rows)
{
    Plane canvas = plane_open(40, 20, 3), source = plane_open(40, 20, 3);

    fill(source, 3, 5);
    for (int kind = AVERAGE; kind <= BILATERAL; kind++) {
        Plane part = { canvas.at + 4 * 4, canvas.stride, 11, 20, 4 };
        Plane from = { source.at + 7 * 4, source.stride, 11, 20, 4 };

        memset(canvas.at, 77, canvas.stride * 20);
        CHECK(blur(from, part, 3, kind, 7));
        for (int y = 0; y < canvas.height; y++) {
            for (int x = 0; x < canvas.width; x++) {
                CHECK((x >= 4 && x < 15) || pixel_at(canvas, x, y)[0] == 77);
            }
        }
    }
    free(canvas.at);
    free(source.at);
}

TEST(blur_stops_when_told)
{
    Plane  from = plane_open(30, 30, 3), to = plane_open(30, 30, 3);
    Cancel cancel;

    cancel_init(&cancel, 0);
    cancel_stop(&cancel);
    for (int kind = AVERAGE; kind <= BILATERAL; kind++) {
        for (int size = 3; size <= 9; size += 6) {
            Error err = { 0 };

            CHECK(!plane_blur(from, to, 3, (Blur){ (BlurKind)kind, size, 75, 75 }, &cancel, &err));
            CHECK_INT(err.kind, ERR_CANCELLED);
        }
    }
    free(from.at);
    free(to.at);
}

TEST(image_blur_keeps_lineage_and_channels)
{
    Image *image = image_new(20, 10, 1, TEXT("input"), NULL);
    Image *made  = image_blur(image, (Blur){ BLUR_MEDIAN, 3, 0, 0 }, NULL, NULL);

    CHECK_INT(image_width(made), 20);
    CHECK_INT(image_height(made), 10);
    CHECK_INT(image_channels(made), 1);
    CHECK(text_is(image_lineage(made)->root_id, "input"));
    image_unref(made);
    image_unref(image);
}
