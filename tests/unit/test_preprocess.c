/*
 * test_preprocess - pictures into tensors, as the reference answers them.
 *
 * The expected numbers were recorded from the reference (inference 1.8.3), which
 * was given a network that answers its own input.
 */
#include "model/preprocess.h"

#include "base/text.h"
#include "image/resize.h"
#include "test.h"

static Error err;

/* 4 x 2 pixels, red, green, blue. */
static const uint8_t small[] = {
    123, 125, 142, 156,  92, 100, 147, 156, 107, 111, 150, 119,
    109, 147, 107, 118, 135, 128,  96,  91, 150, 142, 148, 127,
};

static Image *picture(const uint8_t *rgb, int width, int height)
{
    Image *image = image_new(width, height, 3, TEXT("test"), &err);

    for (int y = 0; y < height; y++) {
        uint8_t *row = image_edit(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < width; x++, rgb += 3)
            memcpy(row + 4 * x, (uint8_t[]){ rgb[2], rgb[1], rgb[0], 255 }, 4);
    }
    return image;
}

/* Preprocess into bytes: what divided by 255 would give them. */
static bool bytes_of(const Preprocess *how, bool detector, const Image *image, PreprocessOff off,
                     uint8_t *out)
{
    static float numbers[3 * 64 * 64];
    Size         size = preprocess_size(how, image, off);
    Lookup       lookup;

    lookup_make(&lookup, how);
    if (!preprocess_picture(how, &lookup, detector, image, off, size, numbers, &err))
        return false;
    for (int i = 0; i < 3 * size.width * size.height; i++)
        out[i] = (uint8_t)numbers[i];
    return true;
}

static void check_bytes(const Preprocess *how, const uint8_t *expected)
{
    uint8_t got[3 * 64];
    Image  *image = picture(small, 4, 2);

    if (CHECK(bytes_of(how, false, image, (PreprocessOff){ 0 }, got)))
        for (int i = 0; i < 3 * how->width * how->height; i++)
            CHECK_INT(got[i], expected[i]);
    image_unref(image);
}

/* ---- geometry ------------------------------------------------------------------ */

TEST(preprocess_lays_channels_out_in_the_wanted_order)
{
    check_bytes(&(Preprocess){ .width = 4, .height = 2 }, (uint8_t[]){
        142, 100, 107, 119, 107, 128, 150, 127, 125,  92, 156, 150,
        147, 135,  91, 148, 123, 156, 147, 111, 109, 118,  96, 142 });
    check_bytes(&(Preprocess){ .width = 4, .height = 2, .rgb = true }, (uint8_t[]){
        123, 156, 147, 111, 109, 118,  96, 142, 125,  92, 156, 150,
        147, 135,  91, 148, 142, 100, 107, 119, 107, 128, 150, 127 });
}

TEST(preprocess_resizes_as_the_reference_does)
{
    Preprocess how = { .width = 3, .height = 3, .rgb = true, .resize = RESIZE_FIT_LONGER_EDGE };
    static const uint8_t stretched[] = {
        128, 151, 117, 119, 129, 125, 110, 107, 134, 119, 124, 151, 132, 119,
        145, 145, 113, 138, 135, 103, 117, 123, 121, 124, 110, 139, 131,
    };

    check_bytes(&how, stretched);
    how.resize = RESIZE_STRETCH;
    check_bytes(&how, stretched);

    how.resize = RESIZE_CENTER_CROP;
    check_bytes(&how, (uint8_t[]){
        123, 156, 147, 109, 118,  96, 0, 0, 0, 125,  92, 156, 147, 135,  91, 0, 0, 0,
        142, 100, 107, 107, 128, 150, 0, 0, 0 });

    how = (Preprocess){ .width = 4, .height = 5, .rgb = true, .resize = RESIZE_LETTERBOX,
                        .padding = 9 };
    check_bytes(&how, (uint8_t[]){
        9, 9, 9, 9, 123, 156, 147, 111, 109, 118,  96, 142, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 125,  92, 156, 150, 147, 135,  91, 148, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 142, 100, 107, 119, 107, 128, 150, 127, 9, 9, 9, 9, 9, 9, 9, 9 });
}

/* As YOLOX was trained: what is left over lies on the right and below. */
TEST(preprocess_letterboxes_at_the_top_left_where_told)
{
    Preprocess how   = { .width = 4, .height = 4, .rgb = true, .resize = RESIZE_LETTERBOX,
                         .padding = 9, .top_left = true };
    Image     *image = picture(small, 4, 2);
    PictureFit fit   = preprocess_fit(&how, true, image, (PreprocessOff){ 0 }, (Size){ 8, 8 });

    check_bytes(&how, (uint8_t[]){
        123, 156, 147, 111, 109, 118,  96, 142, 9, 9, 9, 9, 9, 9, 9, 9,
        125,  92, 156, 150, 147, 135,  91, 148, 9, 9, 9, 9, 9, 9, 9, 9,
        142, 100, 107, 119, 107, 128, 150, 127, 9, 9, 9, 9, 9, 9, 9, 9 });
    CHECK_NEAR(fit.scale_x, 2, 0);
    CHECK(fit.left == 0 && fit.top == 0 && fit.right == 0 && fit.bottom == 4);
    image_unref(image);
}

/* A detector's letterbox where the mode is one that networks do not know. */
TEST(preprocess_fits_the_longer_edge_of_detectors_into_gray)
{
    Preprocess how   = { .width = 4, .height = 4, .rgb = true, .resize = RESIZE_FIT_LONGER_EDGE };
    Image     *image = picture(small, 4, 2);
    uint8_t    got[48];

    if (CHECK(bytes_of(&how, true, image, (PreprocessOff){ 0 }, got))) {
        CHECK_INT(got[0], 127);
        CHECK_INT(got[4], 123);
        CHECK_INT(got[12], 127);
    }
    image_unref(image);
}

TEST(preprocess_crops_by_percentages_unless_told_not_to)
{
    Preprocess how   = { .width = 2, .height = 1, .rgb = true, .static_crop = true,
                         .crop_x_min = 30, .crop_x_max = 80, .crop_y_max = 50 };
    Image     *image = picture(small, 4, 2), *dot = picture(small, 1, 1);
    uint8_t    got[64];

    check_bytes(&how, (uint8_t[]){ 156, 147, 92, 156, 100, 107 });

    how.width = how.height = 0;    /* any size */
    Size size = preprocess_size(&how, image, (PreprocessOff){ 0 });
    CHECK_INT(size.width, 2);
    CHECK_INT(size.height, 1);
    size = preprocess_size(&how, image, (PreprocessOff){ .static_crop = true });
    CHECK_INT(size.width, 4);

    how.width = how.height = 1;
    CHECK(!bytes_of(&how, false, dot, (PreprocessOff){ 0 }, got));
    CHECK_INT(err.kind, ERR_INVALID);
    CHECK(bytes_of(&how, false, dot, (PreprocessOff){ .static_crop = true }, got));
    image_unref(image);
    image_unref(dot);
}

TEST(preprocess_takes_gray_and_transparent_pictures)
{
    Preprocess how  = { .width = 2, .height = 1, .rgb = true };
    Image     *gray = image_new(2, 1, 1, TEXT("gray"), &err);
    Image     *bgra = image_new(2, 1, 4, TEXT("bgra"), &err);
    uint8_t    got[6];

    memcpy(image_edit(gray), (uint8_t[]){ 7, 200 }, 2);
    memcpy(image_edit(bgra), (uint8_t[]){ 1, 2, 3, 0, 4, 5, 6, 128 }, 8);
    CHECK(bytes_of(&how, false, gray, (PreprocessOff){ 0 }, got));
    CHECK(memcmp(got, (uint8_t[]){ 7, 200, 7, 200, 7, 200 }, 6) == 0);
    CHECK(bytes_of(&how, false, bgra, (PreprocessOff){ 0 }, got));
    CHECK(memcmp(got, (uint8_t[]){ 3, 6, 2, 5, 1, 4 }, 6) == 0);
    image_unref(gray);
    image_unref(bgra);
}

/* ---- numbers ------------------------------------------------------------------- */

TEST(preprocess_computes_in_float32)
{
    Preprocess how = { .has_scale = true, .scale = 255, .has_normalization = true,
                       .mean = { 0.485, 0.456, 0.406 }, .std = { 0.229, 0.224, 0.225 } };
    Lookup     lookup;

    lookup_make(&lookup, &how);
    for (int i = 0; i < 256; i++) {
        volatile float x = (float)i / 255.0f, centred = x - 0.456f, scaled = centred / 0.224f;

        CHECK(lookup.value[1][i] == scaled);
    }
    how = (Preprocess){ 0 };
    lookup_make(&lookup, &how);
    CHECK(lookup.value[2][255] == 255);
}

/* ---- gray and contrast ---------------------------------------------------------- */

TEST(preprocess_gray_and_contrast_are_the_references)
{
    Preprocess how = { .width = 4, .height = 2, .rgb = true };

    how.grayscale = true;
    check_bytes(&how, (uint8_t[]){
        126, 112, 148, 135, 131, 129,  99, 144, 126, 112, 148, 135,
        131, 129,  99, 144, 126, 112, 148, 135, 131, 129,  99, 144 });
    how.contrast = CONTRAST_STRETCHING;
    check_bytes(&how, (uint8_t[]){
        140,  67, 255, 187, 166, 156,   0, 234, 140,  67, 255, 187,
        166, 156,   0, 234, 140,  67, 255, 187, 166, 156,   0, 234 });
    how.contrast = CONTRAST_HISTOGRAM;
    check_bytes(&how, (uint8_t[]){
         81,  63, 255, 177, 149, 127,  31, 210,  81,  63, 255, 177,
        149, 127,  31, 210,  81,  63, 255, 177, 149, 127,  31, 210 });
    how.grayscale = false;
    check_bytes(&how, (uint8_t[]){
        111, 255, 201,  85,  74,  93,  31, 180, 127,  21, 255, 230,
        201, 157,  10, 212, 180,  41,  53, 103,  53, 148, 230, 138 });
    how.contrast = CONTRAST_STRETCHING;
    check_bytes(&how, (uint8_t[]){
        124, 255, 219,  77,  69, 104,  17, 199, 132,   2, 255, 231,
        219, 172,   0, 223, 199,  33,  61, 108,  61, 144, 231, 140 });
}

/* A picture of 30 x 19 pixels, and the SHA-256 of what became of it. */
static void check_hash(bool gray, Contrast contrast, const char *expected)
{
    enum { WIDTH = 30, HEIGHT = 19, COUNT = 3 * WIDTH * HEIGHT };
    Preprocess     how = { .width = WIDTH, .height = HEIGHT, .rgb = true, .grayscale = gray,
                           .contrast = contrast };
    static uint8_t rgb[COUNT], got[COUNT];
    uint8_t        hash[SHA256_SIZE];
    char           text[2 * SHA256_SIZE + 1];

    for (int i = 0; i < COUNT; i++) {
        int x = i / 3 % WIDTH, y = i / 3 / WIDTH, c = i % 3;

        rgb[i] = (uint8_t)(30 + (x * 7 + y * 13 + c * 29 + x * y * (c + 1)) % 170);
    }
    Image *image = picture(rgb, WIDTH, HEIGHT);
    CHECK(bytes_of(&how, false, image, (PreprocessOff){ 0 }, got));
    sha256(hash, got, COUNT);
    hex_encode(text, hash, sizeof hash);
    CHECK_STR(text, expected);
    image_unref(image);
}

TEST(preprocess_contrast_of_a_larger_picture_is_the_references)
{
    check_hash(false, CONTRAST_ADAPTIVE,
               "2a92c8b32518e5f27b50beca479d0eb773def13e89f3e168c5a7b372658c4795");
    check_hash(true, CONTRAST_ADAPTIVE,
               "527dec689b395be8f503bf35a574064af91619c6b2904b670a6a647e43935563");
    check_hash(false, CONTRAST_HISTOGRAM,
               "48411179f3a7011e7542225348745499be66aecee17cb4e45524cb22a5f6c13f");
    check_hash(false, CONTRAST_STRETCHING,
               "cf571a5c77a96487e005e3758a466843bc1fd8f395480450de4c4aae66a0c105");
}

TEST(preprocess_contrast_survives_pictures_of_any_shape)
{
    static const uint8_t flat[3 * 90] = { 0 };

    for (int contrast = CONTRAST_STRETCHING; contrast <= CONTRAST_ADAPTIVE; contrast++) {
        for (int width = 1; width <= 9; width++) {
            Preprocess how   = { .width = 8, .height = 8, .contrast = (Contrast)contrast };
            Image     *image = picture(flat, width, 10 - width);
            uint8_t    got[3 * 64];

            CHECK(bytes_of(&how, false, image, (PreprocessOff){ 0 }, got));
            how.grayscale = true;
            CHECK(bytes_of(&how, false, image, (PreprocessOff){ .contrast = true }, got));
            CHECK_INT(got[0], 0);
            image_unref(image);
        }
    }
}
