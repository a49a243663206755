/*
 * test_image - sharing, lineage and what a picture carries along.
 */
#include "test.h"

#include <math.h>
#include <pthread.h>

#include "base/budget.h"
#include "image/encode.h"

/* A picture whose pixel (x, y) is x, y, x ^ y, 255. */
static Image *gradient(int width, int height)
{
    Image   *image = image_new(width, height, 3, TEXT("input"), NULL);
    uint8_t *at    = image_edit(image);

    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++, at += 4) {
            at[0] = (uint8_t)x;
            at[1] = (uint8_t)y;
            at[2] = (uint8_t)(x ^ y);
            at[3] = 255;
        }
    }
    return image;
}

static const uint8_t *pixel(const Image *image, int x, int y)
{
    return image_pixels(image) + (size_t)y * image_stride(image) +
           (size_t)(x * image_pixel_bytes(image));
}

static void check_origin(Origin origin, int64_t x, int64_t y, int64_t width, int64_t height)
{
    CHECK_INT(origin.offset_x, x);
    CHECK_INT(origin.offset_y, y);
    CHECK_INT(origin.width, width);
    CHECK_INT(origin.height, height);
}

TEST(image_new_is_its_own_parent_and_root)
{
    Image *image = image_new(7, 5, 3, TEXT("input"), NULL);

    CHECK_INT(image_width(image), 7);
    CHECK_INT(image_height(image), 5);
    CHECK_INT(image_channels(image), 3);
    CHECK_INT(image_pixel_bytes(image), 4);
    CHECK_INT((intmax_t)image_stride(image), 28);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 140);
    CHECK_INT(image_pixels(image)[139], 0);

    const Lineage *lineage = image_lineage(image);
    CHECK(text_is(lineage->parent_id, "input"));
    CHECK(text_is(lineage->root_id, "input"));
    check_origin(lineage->parent, 0, 0, 7, 5);
    check_origin(lineage->root, 0, 0, 7, 5);
    CHECK(image_video(image) == NULL);
    CHECK(image_encoded(image).at == NULL);
    CHECK(image_source_text(image).at == NULL);
    image_unref(image);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

TEST(image_new_keeps_to_the_limits)
{
    static const struct {
        int       width, height;
        ErrorKind kind;
    } cases[] = {
        { LIMIT_IMAGE_SIDE, 1, ERR_NONE },           { 1, LIMIT_IMAGE_SIDE, ERR_NONE },
        { LIMIT_IMAGE_SIDE + 1, 1, ERR_TOO_LARGE },  { 1, LIMIT_IMAGE_SIDE + 1, ERR_TOO_LARGE },
        { 8000, 8000, ERR_NONE },                    { 8001, 8000, ERR_TOO_LARGE },
        { 0, 5, ERR_INVALID },                       { 5, -1, ERR_INVALID },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Error  err   = { 0 };
        Image *image = image_new(cases[i].width, cases[i].height, 1, TEXT("x"), &err);

        CHECK_INT(err.kind, cases[i].kind);
        CHECK((image != NULL) == (cases[i].kind == ERR_NONE));
        image_unref(image);
    }
    image_unref(NULL);
}

TEST(image_crop_shares_pixels_and_adds_offsets)
{
    Image *image = gradient(100, 60);
    size_t used  = budget_used(&budget_pictures);
    Image *crop  = image_crop(image, (Rect){ 10, 20, 30, 25 }, TEXT("first"), false, NULL);
    Image *inner = image_crop(crop, (Rect){ 5, 6, 7, 8 }, TEXT("second"), false, NULL);

    CHECK_INT((intmax_t)budget_used(&budget_pictures), (intmax_t)used);
    CHECK_INT(pixel(inner, 0, 0)[0], 15);
    CHECK_INT(pixel(inner, 6, 7)[0], 21);
    CHECK_INT(pixel(inner, 6, 7)[1], 33);
    CHECK_INT((intmax_t)image_stride(inner), 400);
    CHECK_INT(image_width(inner), 7);

    const Lineage *lineage = image_lineage(inner);
    CHECK(text_is(lineage->parent_id, "second"));
    CHECK(text_is(lineage->root_id, "input"));
    check_origin(lineage->parent, 5, 6, 30, 25);
    check_origin(lineage->root, 15, 26, 100, 60);

    image_unref(image);
    image_unref(crop);
    CHECK_INT(pixel(inner, 1, 1)[0], 16);       /* the pixels outlive both */
    image_unref(inner);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

TEST(image_copy_is_alone_with_its_pixels)
{
    Image *image = gradient(40, 30);
    Image *crop  = image_crop(image, (Rect){ 3, 4, 5, 6 }, TEXT("crop"), false, NULL);
    Image *copy  = image_copy(crop, NULL);

    CHECK_INT((intmax_t)image_stride(copy), 20);
    CHECK_INT(pixel(copy, 4, 5)[0], 7);
    CHECK_INT(pixel(copy, 4, 5)[1], 9);
    image_edit(copy)[0] = 99;
    CHECK_INT(pixel(crop, 0, 0)[0], 3);
    CHECK(text_is(image_lineage(copy)->parent_id, "crop"));
    check_origin(image_lineage(copy)->root, 3, 4, 40, 30);
    image_unref(copy);
    image_unref(crop);
    image_unref(image);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

TEST(image_replace_keeps_what_is_known)
{
    Image    *image = gradient(40, 30);
    VideoMeta video = { .video_id = TEXT("cam"), .frame_number = 7, .fps = NAN };

    CHECK(image_set_video(image, &video, NULL));
    Image *mask = image_replace(image, 9, 8, 1, NULL);
    CHECK_INT(image_channels(mask), 1);
    CHECK_INT(image_width(mask), 9);
    CHECK_INT(pixel(mask, 8, 7)[0], 0);
    CHECK(text_is(image_lineage(mask)->root_id, "input"));
    CHECK_INT(image_video(mask)->frame_number, 7);
    CHECK(text_is(image_video(mask)->video_id, "cam"));

    Image *bare = image_crop(image, (Rect){ 0, 0, 1, 1 }, TEXT("c"), false, NULL);
    Image *kept = image_crop(image, (Rect){ 0, 0, 1, 1 }, TEXT("c"), true, NULL);
    CHECK(image_video(bare) == NULL);
    image_unref(image);
    CHECK(text_is(image_video(kept)->video_id, "cam"));
    CHECK(isnan(image_video(kept)->fps));

    CHECK(image_set_video(kept, image_video(kept), NULL));   /* of itself */
    CHECK(text_is(image_video(kept)->video_id, "cam"));
    CHECK(image_set_video(kept, NULL, NULL));
    CHECK(image_video(kept) == NULL);
    image_unref(mask);
    image_unref(bare);
    image_unref(kept);
}

TEST(image_lineage_is_copied)
{
    char    name[] = "given";
    Image  *image  = gradient(4, 4);
    Lineage other  = *image_lineage(image);

    other.parent_id       = (Text){ name, 5 };
    other.root_id         = (Text){ NULL, 0 };
    other.parent.offset_x = 11;
    CHECK(image_set_lineage(image, &other, NULL));
    name[0] = 'X';
    CHECK(text_is(image_lineage(image)->parent_id, "given"));
    CHECK(image_lineage(image)->root_id.at == NULL);
    CHECK_INT(image_lineage(image)->parent.offset_x, 11);

    CHECK(image_set_lineage(image, image_lineage(image), NULL));
    CHECK(text_is(image_lineage(image)->parent_id, "given"));
    image_unref(image);
}

/* A decoded picture that came as text. */
static Image *arrived(Buffer *jpeg)
{
    Image *drawn = gradient(33, 21);

    buffer_init(jpeg, MIB(1));
    CHECK(image_encode(drawn, as_jpeg(90, NULL), jpeg, NULL));
    image_unref(drawn);

    Image *image = image_decode(jpeg->data, jpeg->length, TEXT("image"), NULL, NULL);
    CHECK(image_set_source_text(image, TEXT("data:image/jpeg;base64,..."), NULL));
    return image;
}

TEST(image_decode_keeps_the_bytes_it_came_as)
{
    Buffer jpeg;
    Image *image = arrived(&jpeg);
    Text   bytes = image_encoded(image);

    CHECK_INT((intmax_t)bytes.length, (intmax_t)jpeg.length);
    CHECK(memcmp(bytes.at, jpeg.data, jpeg.length) == 0);
    CHECK(bytes.at != jpeg.data);
    CHECK(text_is(image_source_text(image), "data:image/jpeg;base64,..."));
    CHECK_INT((intmax_t)budget_used(&budget_pictures), (intmax_t)(33 * 21 * 4 + jpeg.length + 26));
    CHECK_INT(image_channels(image), 3);
    CHECK_INT(pixel(image, 5, 5)[3], 255);

    Image *same = image_ref(image);
    CHECK(image_encoded(same).at == bytes.at);
    image_unref(same);

    Image *crop = image_crop(image, (Rect){ 0, 0, 33, 21 }, TEXT("c"), false, NULL);
    Image *copy = image_copy(image, NULL);
    CHECK(image_encoded(crop).at == NULL);
    CHECK(image_encoded(copy).at == NULL);
    CHECK(image_source_text(copy).at == NULL);
    image_unref(crop);
    image_unref(copy);

    CHECK(image_set_source_text(image, (Text){ NULL, 0 }, NULL));
    CHECK(image_source_text(image).at == NULL);
    image_unref(image);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    buffer_fini(&jpeg);
}

TEST(image_edit_forgets_the_bytes_it_came_as)
{
    Buffer jpeg;
    Image *image = arrived(&jpeg);

    image_edit(image)[0] ^= 1;
    CHECK(image_encoded(image).at == NULL);
    CHECK(image_source_text(image).at == NULL);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 33 * 21 * 4);
    image_unref(image);
    buffer_fini(&jpeg);
}

TEST(image_decode_is_charged_before_it_decodes)
{
    Buffer jpeg;
    Image *image = arrived(&jpeg);
    size_t need  = 33 * 21 * 4 + jpeg.length;
    Error  err   = { 0 };

    image_unref(image);
    budget_set(&budget_pictures, need);
    image = image_decode(jpeg.data, jpeg.length, TEXT("image"), NULL, &err);
    CHECK(image != NULL);
    image_unref(image);

    budget_set(&budget_pictures, need - 1);
    image = image_decode(jpeg.data, jpeg.length, TEXT("image"), NULL, &err);
    CHECK(image == NULL);
    CHECK_INT(err.kind, ERR_TOO_LARGE);

    budget_set(&budget_pictures, 0);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    buffer_fini(&jpeg);
}

TEST(image_keep_gives_the_reference_back_with_the_arena)
{
    Arena arena;

    arena_init(&arena, KIB(64));
    Image *image = image_keep(&arena, gradient(10, 10));
    CHECK(image != NULL);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 400);
    arena_fini(&arena);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);

    arena_init(&arena, 0);
    CHECK(image_keep(&arena, gradient(10, 10)) == NULL);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    arena_fini(&arena);
}

static void *crop_often(void *image)
{
    for (int i = 0; i < 500; i++) {
        Image *same = image_ref(image);
        Image *crop = image_crop(same, (Rect){ i % 20, 3, 10, 10 }, TEXT("c"), true, NULL);

        image_unref(same);
        CHECK_INT(pixel(crop, 1, 0)[0], i % 20 + 1);
        image_unref(crop);
    }
    return NULL;
}

TEST(image_is_counted_across_threads)
{
    pthread_t threads[4];
    Image    *image = gradient(40, 40);

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        CHECK_INT(pthread_create(&threads[i], NULL, crop_often, image), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    image_unref(image);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}
