/*
 * probe - what a file is, by its content.
 *
 * Names and declared types are never looked at.  Formats that we do not
 * decode are recognised all the same, so that the refusal can say what the
 * file is and what to send instead.
 */
#include "image/codec.h"

/* A format without functions is one that we know but do not decode. */
static const struct {
    const char *name, *mime;
    Probe      *probe;
    Decode     *decode;
} formats[] = {
    [FORMAT_UNKNOWN] = { "unknown",   "application/octet-stream", NULL, NULL },
    [FORMAT_JPEG]    = { "JPEG",      "image/jpeg", jpeg_probe, jpeg_decode },
    [FORMAT_PNG]     = { "PNG",       "image/png",  png_probe,  png_decode },
    [FORMAT_WEBP]    = { "WebP",      "image/webp", webp_probe, webp_decode },
    [FORMAT_BMP]     = { "BMP",       "image/bmp",  bmp_probe,  bmp_decode },
    [FORMAT_TIFF]    = { "TIFF",      "image/tiff", tiff_probe, tiff_decode },
    [FORMAT_GIF]     = { "GIF",       "image/gif",  gif_probe,  gif_decode },
    [FORMAT_AVIF]    = { "AVIF",      "image/avif", avif_probe, avif_decode },
    [FORMAT_HEIC]    = { "HEIC",      "image/heic", NULL, NULL },
    [FORMAT_JXL]     = { "JPEG XL",   "image/jxl",  NULL, NULL },
    [FORMAT_JP2]     = { "JPEG 2000", "image/jp2",  NULL, NULL },
    [FORMAT_PSD]     = { "PSD",       "image/vnd.adobe.photoshop", NULL, NULL },
    [FORMAT_SVG]     = { "SVG",       "image/svg+xml", NULL, NULL },
    [FORMAT_PDF]     = { "PDF",       "application/pdf", NULL, NULL },
};

/* Bytes that a file of a format starts with. */
static const struct {
    ImageFormat format;
    size_t      length;
    const char *bytes;
} signatures[] = {
    { FORMAT_JPEG, 3,  "\xFF\xD8\xFF" },
    { FORMAT_PNG,  8,  "\x89PNG\r\n\x1A\n" },
    { FORMAT_GIF,  6,  "GIF87a" },
    { FORMAT_GIF,  6,  "GIF89a" },
    { FORMAT_TIFF, 4,  "II*\0" },
    { FORMAT_TIFF, 4,  "MM\0*" },
    { FORMAT_TIFF, 4,  "II+\0" },       /* with 64-bit offsets */
    { FORMAT_TIFF, 4,  "MM\0+" },
    { FORMAT_JXL,  2,  "\xFF\x0A" },
    { FORMAT_JXL,  12, "\0\0\0\x0CJXL \r\n\x87\n" },
    { FORMAT_JP2,  12, "\0\0\0\x0CjP  \r\n\x87\n" },
    { FORMAT_JP2,  4,  "\xFF\x4F\xFF\x51" },        /* without a container */
    { FORMAT_PSD,  6,  "8BPS\0\1" },
    { FORMAT_PSD,  6,  "8BPS\0\2" },                /* the large kind */
    { FORMAT_PDF,  5,  "%PDF-" },
};

const char *image_format_name(ImageFormat format)
{
    return formats[format].name;
}

const char *image_format_mime(ImageFormat format)
{
    return formats[format].mime;
}

/* ---- formats without a plain signature ------------------------------------- */

/* AVIF and HEIC are both ISO media files; the first brand known decides. */
static ImageFormat format_of_media(const uint8_t *at, size_t length)
{
    static const char avif[][5] = { "avif", "avis" };
    static const char heic[][5] = {
        "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs",
    };
    size_t end = MIN(length, be32(at));

    for (size_t brand = 8; brand + 4 <= end; brand += brand == 8 ? 8 : 4) {
        for (size_t i = 0; i < COUNT_OF(avif); i++) {
            if (memcmp(at + brand, avif[i], 4) == 0)
                return FORMAT_AVIF;
        }
        for (size_t i = 0; i < COUNT_OF(heic); i++) {
            if (memcmp(at + brand, heic[i], 4) == 0)
                return FORMAT_HEIC;
        }
    }
    if (memcmp(at + 8, "mif1", 4) == 0 || memcmp(at + 8, "msf1", 4) == 0)
        return FORMAT_HEIC;
    return FORMAT_UNKNOWN;
}

/* "BM" alone is two letters of any text: the size of the header that follows
 * must be a likely one. */
static bool is_bmp(const uint8_t *at, size_t length)
{
    return length >= 18 && memcmp(at, "BM", 2) == 0 && at[14] >= 12 && at[15] == 0 &&
           at[16] == 0 && at[17] == 0;
}

/* Text that is an <svg> element, or declarations and comments before one. */
static bool is_svg(const uint8_t *at, size_t length)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t i = length >= 3 && memcmp(at, mark, 3) == 0 ? 3 : 0;

    while (i < length && strchr(" \t\r\n", at[i]) && at[i])
        i++;
    if (i == length || at[i] != '<')
        return false;

    const uint8_t *tag = memmem(at + i, MIN(length - i, KIB(4)), "<svg", 4);
    return tag == at + i || (tag && i + 1 < length && (at[i + 1] == '?' || at[i + 1] == '!'));
}

static ImageFormat format_of(const uint8_t *at, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        if (length >= signatures[i].length &&
            memcmp(at, signatures[i].bytes, signatures[i].length) == 0)
            return signatures[i].format;
    }
    if (length >= 12 && memcmp(at, "RIFF", 4) == 0 && memcmp(at + 8, "WEBP", 4) == 0)
        return FORMAT_WEBP;
    if (length >= 12 && memcmp(at + 4, "ftyp", 4) == 0)
        return format_of_media(at, length);
    if (is_bmp(at, length))
        return FORMAT_BMP;
    return is_svg(at, length) ? FORMAT_SVG : FORMAT_UNKNOWN;
}

bool image_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    *header = (ImageHeader){ .orientation = 1 };
    if (length == 0)
        return fail(err, ERR_INVALID, "the picture is empty");

    header->format = format_of(bytes, length);
    if (header->format == FORMAT_UNKNOWN)
        return fail(err, ERR_INVALID, "this is not a picture, or of a format not known; "
                    "JPEG, PNG, WebP, BMP, GIF, TIFF and AVIF are supported");
    if (!formats[header->format].probe)
        return fail(err, ERR_UNSUPPORTED, "%s is not supported; send the picture as JPEG or PNG",
                    image_format_name(header->format));
    return formats[header->format].probe(bytes, length, header, err);
}

bool image_decode_pixels(const void *bytes, size_t length, const ImageHeader *header,
                         uint8_t *pixels, Error *err)
{
    return formats[header->format].decode(bytes, length, header, pixels, err);
}
