/*
 * test_encode_jpeg - stripes change nothing that a decoder shows.
 */
#include "test.h"

#include <turbojpeg.h>

#include "image/codec.h"
#include "image/encode.h"

/* Noise over a slope: every kind of block, and a file that is not huge. */
static Image *picture(int width, int height, int channels)
{
    Image   *image = image_new(width, height, channels, TEXT("input"), NULL);
    uint8_t *at    = image_edit(image);
    int      bytes = image_pixel_bytes(image);
    uint32_t state = 1;

    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < bytes; c++) {
                state = state * 1664525 + 1013904223;
                *at++ = (uint8_t)((x + 2 * y + 60 * c) / 3 + (int)(state >> 28));
            }
        }
    }
    return image;
}

static bool encode(const Image *image, int quality, Pool *pool, Buffer *file)
{
    buffer_init(file, MIB(64));
    return image_encode(image, as_jpeg(quality, pool), file, NULL);
}

static bool same(const Buffer *a, const Buffer *b)
{
    return text_equal((Text){ a->data, a->length }, (Text){ b->data, b->length });
}

/* What libjpeg-turbo makes of the picture in one piece. */
static void encode_whole(const Image *image, int quality, Buffer *file)
{
    bool           gray   = image_channels(image) == 1;
    tjhandle       tool   = tjInitCompress();
    unsigned char *bytes  = NULL;
    unsigned long  length = 0;

    buffer_init(file, MIB(64));
    CHECK(tjCompress2(tool, image_pixels(image), image_width(image), (int)image_stride(image),
                      image_height(image), gray ? TJPF_GRAY : TJPF_BGRX, &bytes, &length,
                      gray ? TJSAMP_GRAY : TJSAMP_420, quality, TJFLAG_ACCURATEDCT) == 0);
    buffer_append(file, bytes, length);
    tjFree(bytes);
    tjDestroy(tool);
}

/* Where a segment's data begin, behind its length; NULL where the first scan comes before. */
static const uint8_t *segment(const Buffer *file, int marker)
{
    const uint8_t *at = (const uint8_t *)file->data + 2;

    while (at[1] != marker && at[1] != 0xDA)
        at += 2 + be16(at + 2);
    return at[1] == marker ? at + 4 : NULL;
}

/* The number of restart markers; -1 when one is out of order. */
static int count_restarts(const Buffer *file)
{
    const uint8_t *at  = segment(file, 0xDA), *end = (const uint8_t *)file->data + file->length;
    int            count = 0;

    for (; at + 1 < end; at++) {
        if (at[0] != 0xFF || (at[1] & 0xF8) != 0xD0)
            continue;
        if ((at[1] & 7) != count % 8)
            return -1;
        count++;
    }
    return count;
}

static bool same_pixels(const Buffer *a, const Buffer *b)
{
    Image *one   = image_decode(a->data, a->length, TEXT("a"), NULL, NULL);
    Image *other = image_decode(b->data, b->length, TEXT("b"), NULL, NULL);
    bool   equal = one && other && image_width(one) == image_width(other) &&
                   image_height(one) == image_height(other) &&
                   image_stride(one) == image_stride(other);

    equal = equal && memcmp(image_pixels(one), image_pixels(other),
                            image_stride(one) * (size_t)image_height(one)) == 0;
    image_unref(one);
    image_unref(other);
    return equal;
}

static const Size sizes[] = {
    { 1, 1 }, { 15, 17 }, { 16, 16 }, { 1, 20000 }, { 20000, 1 }, { 500, 499 }, { 501, 511 },
    { 640, 480 }, { 513, 1025 }, { 1920, 1080 }, { 32768, 33 }, { 33, 32768 }, { 1999, 1501 },
};

TEST(jpeg_of_stripes_decodes_to_the_same_pixels)
{
    static const int qualities[] = { 1, 50, 95, 100 };
    Pool            *pool = pool_open(2);

    for (size_t i = 0; i < COUNT_OF(sizes) * 8; i++) {
        Size   size  = sizes[i / 8];
        int    quality = qualities[i / 2 % 4];
        Image *image = picture(size.width, size.height, i % 2 ? 3 : 1);
        Buffer file, whole;

        CHECK(encode(image, quality, pool, &file));
        encode_whole(image, quality, &whole);
        CHECK(same_pixels(&file, &whole));
        CHECK(segment(&whole, 0xDD) == NULL);
        if (segment(&file, 0xDD)) {
            CHECK(count_restarts(&file) > 0);
            CHECK((double)file.length < (double)whole.length * 1.01);
        } else {
            CHECK(same(&file, &whole));
        }
        buffer_fini(&file);
        buffer_fini(&whole);
        image_unref(image);
    }
    pool_close(pool);
}

static int restarts_of(int width, int height, int channels)
{
    Image *image = picture(width, height, channels);
    Buffer file;
    int    count = 0;

    CHECK(encode(image, 50, NULL, &file));
    if (segment(&file, 0xDD)) {
        int side     = channels == 1 ? 8 : 16;
        int across   = (width + side - 1) / side, down = (height + side - 1) / side;
        int interval = (int)be16(segment(&file, 0xDD));

        count = count_restarts(&file);
        CHECK_INT(interval % across, 0);
        CHECK_INT((across * down + interval - 1) / interval, count + 1);
        CHECK_INT((int)be16(segment(&file, 0xC0) + 1), height);
    }
    buffer_fini(&file);
    image_unref(image);
    return count;
}

TEST(jpeg_has_stripes_only_where_they_are_worth_it)
{
    CHECK_INT(restarts_of(256, 256, 3), 0);
    CHECK_INT(restarts_of(480, 480, 3), 0);
    CHECK_INT(restarts_of(640, 480, 3), 1);
    CHECK_INT(restarts_of(1920, 1080, 3), 11);
    CHECK_INT(restarts_of(1920, 1080, 1), 14);
    CHECK_INT(restarts_of(8000, 8000, 3), 31);
    CHECK_INT(restarts_of(32768, 1953, 1), 30);     /* 8 rows of 4096 MCUs in each */
}

TEST(jpeg_bytes_do_not_depend_on_threads)
{
    Image *image = picture(1000, 900, 3);
    Pool  *one = pool_open(1), *many = pool_open(7);
    Buffer alone, file;

    CHECK(encode(image, 90, NULL, &alone));
    CHECK(segment(&alone, 0xDD) != NULL);
    for (int i = 0; i < 20; i++) {
        CHECK(encode(image, 90, i % 2 ? one : many, &file));
        CHECK(same(&file, &alone));
        buffer_fini(&file);
    }
    buffer_fini(&alone);
    pool_close(one);
    pool_close(many);
    image_unref(image);
}

typedef struct Crowd {
    Pool  *pool;
    Image *image;
    Buffer files[12];
    bool   done[12];
} Crowd;

static void encode_one(void *context, int i)
{
    Crowd *crowd = context;

    crowd->done[i] = encode(crowd->image, 90, crowd->pool, &crowd->files[i]);
}

TEST(jpeg_is_encoded_inside_other_loops_of_the_pool)
{
    Crowd crowd = { .pool = pool_open(3), .image = picture(800, 700, 3) };

    pool_each(crowd.pool, COUNT_OF(crowd.files), encode_one, &crowd);
    for (size_t i = 0; i < COUNT_OF(crowd.files); i++) {
        CHECK(crowd.done[i] && same(&crowd.files[i], &crowd.files[0]));
    }
    for (size_t i = 0; i < COUNT_OF(crowd.files); i++)
        buffer_fini(&crowd.files[i]);
    pool_close(crowd.pool);
    image_unref(crowd.image);
}

TEST(jpeg_of_stripes_follows_the_rows_of_a_crop)
{
    Image *image = picture(1200, 900, 3);
    Image *crop  = image_crop(image, (Rect){ 17, 9, 1001, 777 }, TEXT("c"), false, NULL);
    Image *copy  = image_copy(crop, NULL);
    Buffer a, b;

    CHECK(encode(crop, 95, NULL, &a) && encode(copy, 95, NULL, &b));
    CHECK(segment(&a, 0xDD) != NULL);
    CHECK(same(&a, &b));
    buffer_fini(&a);
    buffer_fini(&b);
    image_unref(copy);
    image_unref(crop);
    image_unref(image);
}

/* libjpeg-turbo 2 takes these from the environment; stripes whose tables or scans differ
 * cannot be joined. */
TEST(jpeg_is_whole_where_the_library_is_told_otherwise)
{
    static const char *const names[] = { "TJ_OPTIMIZE", "TJ_PROGRESSIVE", "TJ_RESTART" };
    Image *image = picture(1000, 900, 3);
    Buffer plain, file, whole;

    CHECK(encode(image, 90, NULL, &plain));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        setenv(names[i], "1", 1);
        CHECK(encode(image, 90, NULL, &file));
        encode_whole(image, 90, &whole);
        unsetenv(names[i]);
        CHECK(same(&file, &whole) || same(&file, &plain));
        CHECK(same_pixels(&file, &plain));
        buffer_fini(&file);
        buffer_fini(&whole);
    }
    buffer_fini(&plain);
    image_unref(image);
}

TEST(jpeg_of_stripes_says_when_there_is_no_room)
{
    Image *image = picture(1000, 900, 3);
    Buffer file;
    Error  err = { 0 };

    buffer_init(&file, KIB(20));
    CHECK(!image_encode(image, as_jpeg(95, NULL), &file, &err));
    CHECK_INT(err.kind, ERR_MEMORY);
    buffer_fini(&file);
    image_unref(image);
}

/* A file is appended, also one of stripes. */
TEST(jpeg_is_appended_to_what_is_there)
{
    Image *image = picture(1000, 900, 3);
    Buffer file, both;

    CHECK(encode(image, 90, NULL, &file));
    buffer_init(&both, MIB(16));
    buffer_string(&both, "before");
    CHECK(image_encode(image, as_jpeg(90, NULL), &both, NULL));
    CHECK_INT((intmax_t)both.length, (intmax_t)file.length + 6);
    CHECK(memcmp(both.data + 6, file.data, file.length) == 0);
    buffer_fini(&file);
    buffer_fini(&both);
    image_unref(image);
}
