/*
 * test_image_jpeg - scans, orientation, colours and missing ends of JPEGs.
 */
#include "test.h"
#include "test_image_files.h"

/* A progressive JPEG of `scans` scans: its last one over and over. */
static void make_scans(Buffer *out, int scans)
{
    Buffer one;
    size_t last = 0;
    int    count = 0;

    buffer_init(&one, KIB(64));
    load_file(&one, "progressive.jpg");
    for (size_t i = 0; i + 1 < one.length; i++) {
        if (memcmp(one.data + i, "\xFF\xDA", 2) == 0) {
            last = i;
            count++;
        }
    }
    buffer_clear(out);
    buffer_append(out, one.data, last);
    for (int i = count - 1; i < scans; i++)
        buffer_append(out, one.data + last, one.length - 2 - last);
    buffer_append(out, "\xFF\xD9", 2);
    buffer_fini(&one);
}

TEST(jpeg_scans_are_counted)
{
    Buffer file;

    buffer_init(&file, MIB(4));
    for (int scans = LIMIT_JPEG_SCANS - 1; scans <= LIMIT_JPEG_SCANS + 1; scans++) {
        make_scans(&file, scans);
        check_kind(&file, scans > LIMIT_JPEG_SCANS ? ERR_TOO_LARGE : ERR_NONE);
    }
    make_scans(&file, 10000);
    int64_t start = clock_now();
    check_kind(&file, ERR_TOO_LARGE);
    CHECK(clock_now() - start < 50000000);
    buffer_fini(&file);
}

TEST(jpeg_in_several_scans_is_charged_for_its_coefficients)
{
    Buffer      file;
    ImageHeader header;
    Error       err = { 0 };

    buffer_init(&file, KIB(64));
    load_file(&file, "progressive.jpg");                       /* 17 x 9 pixels */
    CHECK(image_probe(file.data, file.length, &header, NULL));
    CHECK_INT((intmax_t)header.scratch, 2 * (4 + 1 + 1) * 128);  /* in groups of 16 x 16 */

    size_t need = file.length + 17 * 9 * 4 + header.scratch;
    budget_set(&budget_pictures, need - 1);
    CHECK(decode_file(&file, &err) == NULL);
    CHECK_INT(err.kind, ERR_TOO_LARGE);
    budget_set(&budget_pictures, need);
    check_kind(&file, ERR_NONE);
    budget_set(&budget_pictures, 0);

    make_jpeg(&file, 100, 50);
    CHECK(image_probe(file.data, file.length, &header, NULL));
    CHECK_INT((intmax_t)header.scratch, 0);
    buffer_fini(&file);
}

static int orientation_with(const Buffer *jpeg, const void *app1, size_t length)
{
    Buffer      file;
    ImageHeader header = { .orientation = -1 };

    buffer_init(&file, KIB(64));
    buffer_append(&file, jpeg->data, 2);
    buffer_append(&file, "\xFF\xE1\0", 3);
    buffer_char(&file, (char)(length + 2));
    buffer_append(&file, app1, length);
    buffer_append(&file, jpeg->data + 2, jpeg->length - 2);
    CHECK(image_probe(file.data, file.length, &header, NULL));
    buffer_fini(&file);
    return header.orientation;
}

TEST(jpeg_takes_its_orientation_from_the_first_app1)
{
    Buffer  jpeg;
    uint8_t app1[6 + EXIF_SIZE] = "Exif\0";

    buffer_init(&jpeg, KIB(64));
    make_jpeg(&jpeg, 16, 16);
    for (int orientation = 0; orientation <= 9; orientation++) {
        make_exif(app1 + 6, orientation);
        CHECK_INT(orientation_with(&jpeg, app1, sizeof app1),
                  orientation >= 1 && orientation <= 8 ? orientation : 1);
    }
    CHECK_INT(orientation_with(&jpeg, "Exif\0", 6), 1);
    CHECK_INT(orientation_with(&jpeg, "http://ns.adobe.com/xap/1.0/", 28), 1);
    buffer_fini(&jpeg);
}

TEST(jpeg_that_is_cut_off_ends_in_gray)
{
    Buffer file;
    Image *image;

    buffer_init(&file, KIB(256));
    make_jpeg(&file, 128, 128);
    file.length /= 2;
    image = decode_file(&file, NULL);
    check_pixel(image, 127, 127, 128, 128, 128);
    CHECK(memcmp(image_pixels(image), image_pixels(image) + 32, 32) != 0);
    image_unref(image);

    load_file(&file, "progressive.jpg");
    file.length = frame_of(&file);
    while (memcmp(file.data + file.length, "\xFF\xDA", 2) != 0)
        file.length++;
    file.length += 2 + 12;                       /* with the first scan's header */
    image = decode_file(&file, NULL);
    check_pixel(image, 16, 8, 128, 128, 128);
    image_unref(image);

    file.length--;
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
}

/* Once libjpeg has warned, its errors look like warnings too. */
TEST(jpeg_that_warns_and_then_fails_is_refused)
{
    static const char surplus[] = "surplus";                   /* to warn of */
    static const char table[]   = "\xFF\xC4\0\x03\x7F";        /* an error: no such table */
    Buffer whole, file;

    buffer_init(&whole, KIB(64));
    buffer_init(&file, KIB(64));
    load_file(&whole, "progressive.jpg");
    size_t second = whole.length - 2;                          /* the last scan */
    while (memcmp(whole.data + second, "\xFF\xDA", 2) != 0)
        second--;

    buffer_append(&file, whole.data, second);
    buffer_append(&file, surplus, sizeof surplus);
    buffer_append(&file, whole.data + second, whole.length - second);
    check_kind(&file, ERR_NONE);

    buffer_clear(&file);
    buffer_append(&file, whole.data, second);
    buffer_append(&file, surplus, sizeof surplus);
    buffer_append(&file, table, sizeof table - 1);
    buffer_append(&file, whole.data + second, whole.length - second);
    check_kind(&file, ERR_INVALID);
    buffer_fini(&whole);
    buffer_fini(&file);
}

TEST(jpeg_of_other_kinds_is_refused)
{
    Buffer file;

    buffer_init(&file, KIB(64));
    make_jpeg(&file, 16, 16);
    char *frame = file.data + frame_of(&file);

    frame[4] = 12;                               /* bits */
    check_kind(&file, ERR_UNSUPPORTED);
    frame[4] = 8;
    frame[1] = '\xC3';                           /* lossless */
    check_kind(&file, ERR_UNSUPPORTED);
    frame[1] = '\xC0';
    frame[9] = 2;                                /* colours */
    check_kind(&file, ERR_UNSUPPORTED);
    frame[9] = 3;
    check_kind(&file, ERR_NONE);
    file.length = frame_of(&file) + 10;
    check_kind(&file, ERR_INVALID);
    buffer_fini(&file);
}

/* Values that OpenCV gives. */
TEST(jpeg_in_cmyk_becomes_colour)
{
    Buffer file;

    buffer_init(&file, KIB(64));
    load_file(&file, "cmyk.jpg");
    Image *image = decode_file(&file, NULL);
    check_pixel(image, 0, 0, 1, 35, 1);
    check_pixel(image, 12, 7, 27, 15, 11);
    check_pixel(image, 23, 15, 251, 55, 242);
    check_pixel(image, 3, 14, 28, 14, 15);
    image_unref(image);
    buffer_fini(&file);
}

TEST(jpeg_kinds_of_the_corpus_are_decoded)
{
    static const char *const names[] = {
        "arithmetic.jpg", "baseline.jpg", "gray.jpg", "progressive.jpg", "restart.jpg", "rgb.jpg",
        "sampling.jpg",
    };
    Buffer file;

    buffer_init(&file, KIB(64));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        load_file(&file, names[i]);
        Image *image = decode_file(&file, NULL);
        CHECK_INT(image_width(image), 17);
        CHECK_INT(image_height(image), 9);
        CHECK_INT(image_channels(image), 3);
        image_unref(image);
    }
    buffer_fini(&file);
}
