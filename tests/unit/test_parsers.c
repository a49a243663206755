/*
 * test_parsers - what we read ourselves of what strangers send, damaged everywhere.
 *
 * Only our own code runs here, so that `make msan` can look at it: BMP and GIF decoded,
 * the layouts of JPEG and PNG, base64, multipart.  Every byte that comes out is looked
 * at, in a branch: one that nobody wrote is then told of.
 */
#include "base/text.h"
#include "server/multipart.h"
#include "test.h"
#include "test_image_files.h"

/* Depends on every bit. */
static unsigned look(const uint8_t *bytes, size_t length)
{
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] & 1)
            sum += bytes[i];
        else
            sum ^= bytes[i];
    }
    return sum;
}

static unsigned looked_at;      /* nothing is looked at in vain */

static void try_picture(const void *bytes, size_t length, bool decode)
{
    ImageHeader header;
    Error       err = { 0 };

    if (!image_probe(bytes, length, &header, &err)) {
        CHECK(err.kind != ERR_NONE && err.text[0] != '\0');
        return;
    }
    CHECK(header.width > 0 && header.height > 0 && header.orientation >= 1 &&
          header.orientation <= 8);
    looked_at += (unsigned)header.scratch;
    if (!decode || (header.format != FORMAT_BMP && header.format != FORMAT_GIF))
        return;

    Image *image = image_decode(bytes, length, TEXT("image"), NULL, &err);
    if (!CHECK((image != NULL) == (err.kind == ERR_NONE)))
        return;
    if (image)
        looked_at += look(image_pixels(image), image_stride(image) * (size_t)image_height(image));
    image_unref(image);
}

/* Cut off at every byte, then every byte changed in three ways. */
static void damage(const Buffer *file, void (*try)(const void *bytes, size_t length))
{
    static const uint8_t changes[] = { 0xFF, 0x01, 0x80 };

    for (size_t i = 0; i <= file->length; i++) {
        char *part = malloc(i + 1);

        memcpy(part + 1, file->data, i);
        try(part + 1, i);
        free(part);
    }
    for (size_t i = 0; i < file->length; i++) {
        for (size_t k = 0; k < sizeof changes; k++) {
            char *copy = malloc(file->length + 1);

            memcpy(copy + 1, file->data, file->length);
            copy[1 + i] ^= (char)changes[k];
            try(copy + 1, file->length);
            free(copy);
        }
    }
}

static void decode(const void *bytes, size_t length)
{
    try_picture(bytes, length, true);
}

static void probe(const void *bytes, size_t length)
{
    try_picture(bytes, length, false);
}

static void damage_files(const char *const *names, size_t count,
                         void (*try)(const void *bytes, size_t length))
{
    Buffer file;

    buffer_init(&file, KIB(64));
    for (size_t i = 0; i < count; i++) {
        load_file(&file, names[i]);
        CHECK(file.length > 20);
        damage(&file, try);
    }
    buffer_fini(&file);
    CHECK_INT((intmax_t)budget_used(&budget_pictures), 0);
}

TEST(parsers_of_bmp_and_gif_take_any_damage)
{
    static const char *const names[] = {
        "bmp_1.bmp", "bmp_16_alpha.bmp", "bmp_16_fields.bmp", "bmp_24.bmp", "bmp_24_runs.bmp",
        "bmp_32_fields.bmp", "bmp_4.bmp", "bmp_4_runs.bmp", "bmp_8_core.bmp", "bmp_8_runs.bmp",
        "gif_interlaced.gif", "gif_plain.gif",
    };

    damage_files(names, COUNT_OF(names), decode);
}

TEST(parsers_of_jpeg_and_png_layouts_take_any_damage)
{
    static const char *const names[] = {
        "baseline.jpg", "progressive.jpg", "restart.jpg", "cmyk.jpg", "arithmetic.jpg",
        "turned.jpg", "sampling.jpg", "rgb.png", "palette.png", "interlaced.png", "animated.png",
        "apart.png", "turned.png",
    };

    damage_files(names, COUNT_OF(names), probe);
}

/* ---- texts ----------------------------------------------------------------- */

static void from_base64(const void *bytes, size_t length)
{
    uint8_t *out       = malloc((length / 4 + 1) * 3);
    bool     canonical = false;
    int64_t  got       = base64_decode(out, (Text){ bytes, length }, &canonical);

    if (got >= 0)
        looked_at += look(out, (size_t)got) + canonical;
    free(out);
}

TEST(parsers_of_base64_take_any_damage)
{
    static const char text[] = "iVBORw0KGgo_/+8A\r\nAA-Iz7w== AAEC AwQFBgc=";
    Buffer            file;

    buffer_init(&file, KIB(1));
    buffer_string(&file, text);
    damage(&file, from_base64);
    buffer_fini(&file);
}

static void find_part(const void *bytes, size_t length)
{
    Text  part;
    bool  found;
    Error err = { 0 };

    if (multipart_find(TEXT("multipart/form-data; boundary=XX"), (Text){ bytes, length }, "file",
                       &part, &found, &err) && found)
        looked_at += look((const uint8_t *)part.at, part.length);

    /* The same bytes as the header that says how the body is cut. */
    if (multipart_find((Text){ bytes, length }, TEXT("--XX\r\n\r\n--XX--"), "file", &part, &found,
                       &err) && found)
        looked_at += (unsigned)part.length;
}

TEST(parsers_of_forms_take_any_damage)
{
    static const char text[] =
        "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\\\"y\"\r\n"
        "Content-Type: image/png\r\n\r\nbytes\r\n--XX--\r\n";
    static const char type[] = "multipart/form-data; charset=x; boundary=\"X X\"; more=\"y\"";
    Buffer            file;

    buffer_init(&file, KIB(1));
    buffer_string(&file, text);
    damage(&file, find_part);
    buffer_clear(&file);
    buffer_string(&file, type);
    damage(&file, find_part);
    buffer_fini(&file);
    CHECK(looked_at != 0);
}
