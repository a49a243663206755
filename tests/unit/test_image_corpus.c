/*
 * test_image_corpus - pictures from the wild, whole and in part.
 *
 * They lie beside the checkout and are never part of it; without them there is
 * nothing to test here.
 */
#include "test.h"

#include <malloc.h>
#include <zlib.h>

#include "base/file.h"
#include "base/budget.h"
#include "image/decode.h"

#define IMAGES "../shared/assets/images"

/* Files that OpenCV decodes, and their pixels; the rows are printed by
 * tests/data/make_corpus_cases.py. */
static const struct {
    const char *folder;
    int         count;
    uint32_t    crc;
} folders[] = {
    { "clip", 1, 0x56AA68CB },
    { "derived", 15, 0x1157FD74 },
    { "exif", 9, 0xF46A1A29 },
    { "image-rs/bad", 0, 0x00000000 },
    { "image-rs/images/bmp", 43, 0xCD499A65 },
    { "image-rs/images/gif", 9, 0x26DCD3A0 },
    { "image-rs/images/jpg", 6, 0x253CB3EF },
    { "image-rs/images/png", 28, 0x747F09E7 },
    { "image-rs/images/tiff", 12, 0x92664E1C },
    { "image-rs/images/webp", 9, 0xCD812F7D },
    { "image-rs/reference", 166, 0xF61D34AD },
    { "image-rs/regression", 4, 0x74521064 },
    { "ocr", 1, 0x947FF458 },
    { "photos-fastestdet", 5, 0xC4B23C76 },
    { "roboflow-inference", 5, 0xF103883F },
    { "supervision", 1, 0x9F91DE61 },
};

/* What OpenCV refuses and we do not, or decodes another way.  The last is the corpus's own
 * name of the file. */
static const char *const foreign[] = {
    "bus_truncated60k.jpg", "rgba16.png", "pal4rlecut.bmp", "rgb16-880.bmp",
    "TODO hpredict_cmyk.tiff",
};

/* What OpenCV refuses as well, but the corpus has a decode of. */
static const char *const beyond[] = {
    "bmp/images/V3_A1_R5_G5_B5.bmp", "bmp/images/V3_A1_R5_G5_B5_Top_Down.bmp",
    "bmp/images/V3_A4_R4_G4_B4.bmp", "bmp/images/V3_A4_R4_G4_B4_Top_Down.bmp",
    "bmp/images/V3_R5_G6_B5.bmp", "bmp/images/V3_R5_G6_B5_Top_Down.bmp",
    "bmp/images/V3_X4_R4_G4_B4.bmp", "bmp/images/V3_X4_R4_G4_B4_Top_Down.bmp",
    "bmp/images/V4_R5_G6_B5.bmp", "bmp/images/V5_A1_R5_G5_B5.bmp", "bmp/images/pal2.bmp",
    "bmp/images/pal2color.bmp", "bmp/images/rgb16-231.bmp", "bmp/images/rgb24rle24.bmp",
    "bmp/images/rgba16-1924.bmp", "bmp/images/rgba32abf.bmp", "gif/anim/oob.gif",
    "gif/simple/issue_1455_oversized.gif",
};

typedef struct Tally {
    int      files, decoded;
    uint32_t crc;
} Tally;

static uint32_t add_pixels(uint32_t crc, const Image *image)
{
    int      width = image_width(image);
    uint8_t *row   = malloc(3 * (size_t)width);

    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < width; x++)
            memcpy(row + 3 * x, at + 4 * x, 3);
        crc = (uint32_t)crc32(crc, row, (uInt)(3 * width));
    }
    free(row);
    return crc;
}

static bool is_foreign(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        if (strcmp(path_base(path), foreign[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT_OF(beyond); i++) {
        if (strcmp(path_base(path), path_base(beyond[i])) == 0)
            return true;
    }
    return false;
}

/* Decode one file: it gives a picture within the limits or an error. */
static void try_file(const char *path, Tally *tally)
{
    Buffer bytes;
    Error  err = { 0 };

    buffer_init(&bytes, MIB(64));
    if (!CHECK(file_read(path, MIB(64), &bytes, NULL)))
        return;
    tally->files++;

    Image *image = image_decode(bytes.data, bytes.length, TEXT("image"), NULL, &err);
    if (image && !is_foreign(path)) {
        tally->decoded++;
        tally->crc = add_pixels(tally->crc, image);
    }
    if (!image)
        CHECK(err.kind == ERR_INVALID || err.kind == ERR_UNSUPPORTED || err.kind == ERR_TOO_LARGE);
    image_unref(image);
    buffer_fini(&bytes);
}

static void try_folder(Arena *arena, const char *folder, Tally *tally)
{
    const char **names = folder_list(arena, folder, NULL);

    for (int i = 0; names && names[i]; i++) {
        const char *path = path_join(arena, folder, names[i]);

        if (folder_exists(path))
            try_folder(arena, path, tally);
        else
            try_file(path, tally);
    }
}

TEST(corpus_gives_the_pixels_of_opencv)
{
    Arena arena;

    if (!folder_exists(IMAGES))
        SKIP("no " IMAGES);
    arena_init(&arena, MIB(16));
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        Tally tally = { 0 };

        try_folder(&arena, path_join(&arena, IMAGES, folders[i].folder), &tally);
        CHECK(tally.files > 0);
        CHECK_INT(tally.decoded, folders[i].count);
        if (!CHECK(tally.crc == folders[i].crc))
            printf("  in %s\n", folders[i].folder);
    }
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    arena_fini(&arena);
}

/* The pixels' checksum of a file of the corpus, 0 when refused. */
static uint32_t pixels_of(const char *path)
{
    Buffer   bytes;
    uint32_t crc = 0;

    buffer_init(&bytes, MIB(1));
    CHECK(file_read(path, MIB(1), &bytes, NULL));
    Image *image = image_decode(bytes.data, bytes.length, TEXT("image"), NULL, NULL);
    if (image)
        crc = add_pixels(1, image);
    image_unref(image);
    buffer_fini(&bytes);
    return crc;
}

TEST(corpus_gives_the_pixels_it_says_where_opencv_refuses)
{
    char path[300];

    if (!folder_exists(IMAGES))
        SKIP("no " IMAGES);
    for (size_t i = 0; i < COUNT_OF(beyond); i++) {
        snprintf(path, sizeof path, IMAGES "/image-rs/images/%s", beyond[i]);
        uint32_t ours = pixels_of(path);

        snprintf(path, sizeof path, IMAGES "/image-rs/reference/%s.png", beyond[i]);
        CHECK(ours != 0);
        if (!CHECK(ours == pixels_of(path)))
            printf("  %s\n", beyond[i]);
    }
}

TEST(corpus_is_decoded_or_refused)
{
    Arena arena;
    Tally tally = { 0 };

    if (!folder_exists(IMAGES))
        SKIP("no " IMAGES);
    arena_init(&arena, MIB(16));
    try_folder(&arena, IMAGES, &tally);
    CHECK(tally.files > 400);
    CHECK(tally.decoded > 200);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    arena_fini(&arena);
}

/* The pixels' checksum, 0 when refused.  Fresh memory is filled with `fill`,
 * so that a byte nobody wrote shows as a difference. */
static uint32_t decode_over(const char *bytes, size_t length, int fill)
{
    mallopt(M_PERTURB, fill);
    Image   *image = image_decode(bytes, length, TEXT("image"), NULL, NULL);
    uint32_t crc   = image ? add_pixels(1, image) : 0;
    image_unref(image);
    mallopt(M_PERTURB, 0);
    return crc;
}

/* Cut a file off at every byte; the number of times it is decoded. */
static int cut_everywhere(const char *path)
{
    Buffer file;
    int    decoded = 0;

    buffer_init(&file, MIB(1));
    CHECK(file_read(path, MIB(1), &file, NULL));
    for (size_t length = 0; length <= file.length; length++) {
        char    *part = malloc(length + 1);      /* a reader past its end is caught */
        uint32_t a, b;

        memcpy(part + 1, file.data, length);
        a = decode_over(part + 1, length, 0x55);
        b = decode_over(part + 1, length, 0xAA);
        CHECK(a == b);
        decoded += a != 0;
        free(part);
    }
    buffer_fini(&file);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
    return decoded;
}

TEST(corpus_jpeg_is_decoded_as_far_as_it_goes)
{
    if (!folder_exists(IMAGES))
        SKIP("no " IMAGES);
    CHECK(cut_everywhere(IMAGES "/image-rs/images/jpg/iptc.jpg") > 100);
    CHECK(cut_everywhere(IMAGES "/image-rs/images/jpg/progressive/test.jpg") > 100);
}

TEST(corpus_png_is_decoded_whole_or_not_at_all)
{
    if (!folder_exists(IMAGES))
        SKIP("no " IMAGES);
    CHECK_INT(cut_everywhere(IMAGES "/image-rs/images/png/iptc.png"), 1);
    CHECK_INT(cut_everywhere(IMAGES "/image-rs/images/png/16bpc/basi0g16.png"), 1);
}
