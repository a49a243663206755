/*
 * encode_webp - pixels to WebP.
 *
 * libwebp with the settings that OpenCV's imencode uses (its defaults, and the quality),
 * so that a colour picture comes out the same to the byte with the same library.  It
 * takes several times as long as JPEG and works on one core.
 */
#include <webp/encode.h>

#include "image/codec.h"

static int append(const uint8_t *bytes, size_t length, const WebPPicture *picture)
{
    Buffer *out = picture->custom_ptr;

    buffer_append(out, bytes, length);
    return !out->failed;
}

/* Gray as colours, which WebP has only: rows of BGRX, or NULL. */
static uint8_t *spread_gray(const Image *image)
{
    size_t   width  = (size_t)image_width(image), height = (size_t)image_height(image);
    uint8_t *pixels = malloc(4 * width * height);

    for (size_t y = 0; pixels && y < height; y++) {
        const uint8_t *from = image_pixels(image) + y * image_stride(image);
        uint8_t       *to   = pixels + 4 * width * y;

        for (size_t x = 0; x < width; x++, to += 4) {
            to[0] = to[1] = to[2] = from[x];
            to[3] = 255;
        }
    }
    return pixels;
}

static int import(WebPPicture *picture, const Image *image)
{
    uint8_t *gray;
    int      done;

    if (image_channels(image) == 4)
        return WebPPictureImportBGRA(picture, image_pixels(image), (int)image_stride(image));
    if (image_channels(image) == 3)
        return WebPPictureImportBGRX(picture, image_pixels(image), (int)image_stride(image));
    gray = spread_gray(image);
    done = gray && WebPPictureImportBGRX(picture, gray, 4 * image_width(image));
    free(gray);
    return done;
}

bool webp_encode(const Image *image, ImageWriting how, Buffer *out, Error *err)
{
    WebPConfig  config;
    WebPPicture picture;
    bool        done;

    if (image_width(image) > WEBP_MAX_DIMENSION || image_height(image) > WEBP_MAX_DIMENSION)
        return fail(err, ERR_INVALID, "WebP holds at most %d pixels a side, and the picture is %d "
                    "x %d; write it as PNG", WEBP_MAX_DIMENSION, image_width(image),
                    image_height(image));
    if (!WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, (float)MAX(1, MIN(how.quality, 100))) ||
        !WebPPictureInit(&picture))
        return fail(err, ERR_INTERNAL, "libwebp is of another version than its headers");

    picture.width      = image_width(image);
    picture.height     = image_height(image);
    picture.writer     = append;
    picture.custom_ptr = out;
    done = import(&picture, image) && WebPEncode(&config, &picture);
    if (!done && (out->failed || picture.error_code == VP8_ENC_OK ||
                  picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY))
        fail(err, ERR_MEMORY, "no memory to write the picture as WebP");
    else if (!done)
        fail(err, ERR_INTERNAL, "the picture cannot be encoded as WebP: error %d of libwebp",
             (int)picture.error_code);
    WebPPictureFree(&picture);
    return done;
}
