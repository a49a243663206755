/*
 * image - any bytes through the decoders.
 *
 * Whatever comes in, there is a picture within the limits or a sentence why
 * not, and nothing is left taken from the budget.  A picture is then used as
 * others use it: cropped, resized, encoded.
 */
#include "base/budget.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/resize.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool held)
{
    if (!held)
        abort();
}

/* Read every pixel. */
static void check_pixels(const Image *image)
{
    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image);

        for (int x = 0; x < image_width(image); x++)
            require(at[4 * x + 3] == 255);
    }
}

static void use(const Image *image)
{
    int    width = image_width(image), height = image_height(image);
    int    left  = width / 3, top = height / 3;
    Rect   rect  = { left, top, MIN(width - left, 40), MIN(height - top, 40) };
    Image *crop  = image_crop(image, rect, TEXT("crop"), true, NULL);
    Image *small = image_resize(crop, rect.height, rect.width, INTERPOLATE_AREA, NULL);
    Buffer file;

    buffer_init(&file, MIB(1));
    require(image_encode(small, as_png(), &file, NULL) &&
            image_encode(small, as_jpeg(50, NULL), &file, NULL) &&
            image_encode(small, (ImageWriting){ CODING_WEBP, 50, NULL }, &file, NULL));
    buffer_fini(&file);
    image_unref(small);
    image_unref(crop);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    Error       err = { 0 };
    ImageHeader header;

    budget_set(&budget_pictures, MIB(8));      /* large pictures only cost time here */
    exif_orientation(bytes, length);

    bool   sound = image_probe(bytes, length, &header, NULL);
    Image *image = image_decode(bytes, length, TEXT("image"), NULL, &err);

    require(image || (err.kind != ERR_NONE && err.text[0]));
    require(err.kind != ERR_MISSING);     /* the codecs lie beside the fuzzer */
    require(sound || !image);
    if (sound) {
        require(header.width > 0 && header.width <= LIMIT_IMAGE_SIDE);
        require(header.height > 0 && header.height <= LIMIT_IMAGE_SIDE);
        require((int64_t)header.width * header.height <= LIMIT_IMAGE_PIXELS);
        require(header.orientation >= 1 && header.orientation <= 8);
    }
    if (image) {
        bool turned = header.orientation >= 5;

        require(image_width(image) == (turned ? header.height : header.width));
        require(image_height(image) == (turned ? header.width : header.height));
        check_pixels(image);
        use(image);
    }
    image_unref(image);
    require(budget_used(&budget_pictures) == 0);
    return 0;
}
