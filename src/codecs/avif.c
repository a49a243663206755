/*
 * avif - the first picture of an AVIF, to BGRX.
 *
 * libavif reads the container and drives the AV1 decoder.  The size comes from
 * the container; frames inside that are larger are refused by the decoder
 * itself, so memory is bounded by what was charged.  Colours of a picture with
 * premultiplied alpha are divided by it, then alpha is dropped; rotation and
 * mirroring that the container asks for are not done.  All of this is what
 * OpenCV 4.12 does, which has libavif 1.3.
 */
#include <avif/avif.h>

#include "codecs/decoders.h"

/* Bytes a pixel beside the result: planes of up to two bytes in the decoders for
 * colour and alpha, and the same planes cut to 8 bits. */
enum { DECODER_BYTES = 20 };

static bool avif_fail(avifResult result, Error *err)
{
    ErrorKind kind = ERR_INVALID;

    if (result == AVIF_RESULT_OUT_OF_MEMORY)
        kind = ERR_MEMORY;
    else if (result == AVIF_RESULT_NO_CODEC_AVAILABLE || result == AVIF_RESULT_NOT_IMPLEMENTED)
        kind = ERR_UNSUPPORTED;
    return codec_fail(err, kind, "the AVIF cannot be decoded", avifResultToString(result));
}

/* Read the container; no pixels are decoded.  `pixels` bounds a frame; how large
 * the picture may be is for our own check to say. */
static avifDecoder *open_decoder(const void *bytes, size_t length, size_t pixels, Error *err)
{
    avifDecoder *decoder = avifDecoderCreate();

    if (!decoder) {
        fail(err, ERR_MEMORY, "no memory for the AVIF decoder");
        return NULL;
    }
    decoder->maxThreads          = 1;
    decoder->imageSizeLimit      = (uint32_t)pixels;
    decoder->imageDimensionLimit = 0;
    decoder->imageCountLimit     = LIMIT_IMAGE_FRAMES;
    decoder->ignoreExif          = AVIF_TRUE;
    decoder->ignoreXMP           = AVIF_TRUE;
    decoder->strictFlags         = AVIF_STRICT_DISABLED;

    avifResult result = avifDecoderSetIOMemory(decoder, bytes, length);
    if (result == AVIF_RESULT_OK)
        result = avifDecoderParse(decoder);
    if (result != AVIF_RESULT_OK) {
        avif_fail(result, err);
        avifDecoderDestroy(decoder);
        return NULL;
    }
    return decoder;
}

bool avif_file_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    header->format = FORMAT_AVIF;

    avifDecoder *decoder = open_decoder(bytes, length, AVIF_DEFAULT_IMAGE_SIZE_LIMIT,
                                        err);
    if (!decoder)
        return false;

    uint32_t width = decoder->image->width, height = decoder->image->height;
    avifDecoderDestroy(decoder);
    if (!image_size_check(width, height, err))
        return false;
    header->width   = (int)width;
    header->height  = (int)height;
    header->scratch = DECODER_BYTES * (size_t)width * height;
    return true;
}

/* ---- colours --------------------------------------------------------------- */

/* A sample of a plane with more than 8 bits a sample. */
static unsigned sample_at(const uint8_t *row, uint32_t x)
{
    uint16_t value;

    memcpy(&value, row + 2 * (size_t)x, sizeof value);
    return value;
}

/* Gray is the plane as it stands, whatever range it says it has.  More than 8
 * bits are divided and rounded, halves to even. */
static void gray_to_bgrx(const avifImage *image, uint8_t *pixels)
{
    unsigned extra = image->depth - 8, half = (1u << extra) >> 1;

    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = image->yuvPlanes[0] + (size_t)y * image->yuvRowBytes[0];

        for (uint32_t x = 0; x < image->width; x++, pixels += 4) {
            unsigned gray = row[x];

            if (extra > 0) {
                unsigned value = sample_at(row, x), whole = value >> extra;
                unsigned rest  = value - (whole << extra);

                gray = MIN(whole + (rest > half || (rest == half && whole % 2 == 1)), 255u);
            }
            memset(pixels, (int)gray, 3);
            pixels[3] = 255;
        }
    }
}

static bool yuv_to_bgrx(const avifImage *image, uint8_t *pixels, Error *err)
{
    avifRGBImage rgb;

    avifRGBImageSetDefaults(&rgb, image);
    rgb.format   = AVIF_RGB_FORMAT_BGRA;
    rgb.depth    = 8;
    rgb.pixels   = pixels;
    rgb.rowBytes = 4 * image->width;

    avifResult result = avifImageYUVToRGB(image, &rgb);
    if (result != AVIF_RESULT_OK)
        return avif_fail(result, err);
    for (size_t i = 3; i < 4 * (size_t)image->width * image->height; i += 4)
        pixels[i] = 255;
    return true;
}

/* With alpha, 10 bits and 4:2:0 of 12 bits are converted as they are. */
static bool converts_directly(const avifImage *image)
{
    return image->depth == 8 ||
           (image->alphaPlane && (image->depth == 10 ||
                                  image->yuvFormat == AVIF_PIXEL_FORMAT_YUV420));
}

/* Copy a plane, cutting its samples to 8 bits. */
static void cut_plane(const avifImage *from, const uint8_t *plane, uint32_t stride, uint8_t *out,
                      uint32_t out_stride, uint32_t width, uint32_t height)
{
    for (uint32_t y = 0; plane && out && y < height; y++) {
        const uint8_t *row = plane + (size_t)y * stride;

        for (uint32_t x = 0; x < width; x++)
            out[(size_t)y * out_stride + x] =
                (uint8_t)MIN(sample_at(row, x) >> (from->depth - 8), 255u);
    }
}

/* The same picture with 8 bits a sample: newer versions of libavif, OpenCV's
 * among them, convert by way of it, older ones otherwise. */
static avifImage *cut_to_8_bits(const avifImage *from, Error *err)
{
    avifPixelFormatInfo info;
    avifImage          *image = avifImageCreate(from->width, from->height, 8,
                                                from->yuvFormat);

    if (!image) {
        fail(err, ERR_MEMORY, "no memory for the AVIF decoder");
        return NULL;
    }
    image->yuvRange                = from->yuvRange;
    image->yuvChromaSamplePosition = from->yuvChromaSamplePosition;
    image->colorPrimaries          = from->colorPrimaries;
    image->transferCharacteristics = from->transferCharacteristics;
    image->matrixCoefficients      = from->matrixCoefficients;
    image->alphaPremultiplied      = from->alphaPremultiplied;
    avifResult result = avifImageAllocatePlanes(
        image, from->alphaPlane ? AVIF_PLANES_ALL : AVIF_PLANES_YUV);
    if (result != AVIF_RESULT_OK) {
        avif_fail(result, err);
        avifImageDestroy(image);
        return NULL;
    }

    avifGetPixelFormatInfo(from->yuvFormat, &info);
    for (int i = 0; i < 3; i++) {
        int across = i ? info.chromaShiftX : 0, down = i ? info.chromaShiftY : 0;

        cut_plane(from, from->yuvPlanes[i], from->yuvRowBytes[i], image->yuvPlanes[i],
                  image->yuvRowBytes[i], (from->width + (uint32_t)across) >> across,
                  (from->height + (uint32_t)down) >> down);
    }
    cut_plane(from, from->alphaPlane, from->alphaRowBytes, image->alphaPlane,
              image->alphaRowBytes, from->width, from->height);
    return image;
}

static bool to_bgrx(const avifImage *image, const ImageHeader *header, uint8_t *pixels,
                    Error *err)
{
    if (image->width != (uint32_t)header->width || image->height != (uint32_t)header->height)
        return fail(err, ERR_INVALID, "the AVIF's picture is not of the size that it says");
    if (image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400 && !image->alphaPlane) {
        gray_to_bgrx(image, pixels);
        return true;
    }
    if (converts_directly(image))
        return yuv_to_bgrx(image, pixels, err);

    avifImage *cut  = cut_to_8_bits(image, err);
    bool       done = cut && yuv_to_bgrx(cut, pixels, err);
    if (cut)
        avifImageDestroy(cut);
    return done;
}

/* ---- decoding -------------------------------------------------------------- */

bool avif_file_decode(const void *bytes, size_t length, const ImageHeader *header,
                      uint8_t *pixels, Error *err)
{
    size_t       room    = ((size_t)header->width + 64) * ((size_t)header->height + 64);
    avifDecoder *decoder = open_decoder(bytes, length, room, err);

    if (!decoder)
        return false;

    avifResult result = avifDecoderNextImage(decoder);
    bool       done   = result == AVIF_RESULT_OK ? to_bgrx(decoder->image, header, pixels, err)
                                                 : avif_fail(result, err);
    avifDecoderDestroy(decoder);
    return done;
}
