/*
 * decode - encoded bytes to pixels, header first.
 *
 * What a stranger's picture can do to the program is decided here: the header
 * is read, limits are applied and memory is charged before any pixel memory is
 * allocated.  Formats are told by content, never by name.  Pixels are those
 * that OpenCV's imdecode(IMREAD_COLOR) gives the reference, always colour:
 * EXIF orientation applied, alpha dropped, 16 bits cut to 8, gray and palette
 * made colour, CMYK converted.  An animation gives its first frame, a TIFF of
 * several pages the first.  TIFF and AVIF need a module (image/codecs.h), whose
 * absence is ERR_MISSING.
 *
 * A truncated JPEG decodes as far as it goes, the rest is gray (128); other
 * truncated files are refused.  Damage is refused where OpenCV 4.12 refuses it,
 * but for cut-off JPEGs, which it refuses too; bmp.c and gif.c say what else is
 * accepted.
 */
#ifndef OCELLUS_IMAGE_DECODE_H
#define OCELLUS_IMAGE_DECODE_H

#include "image/image.h"

typedef enum ImageFormat {
    FORMAT_UNKNOWN, FORMAT_JPEG, FORMAT_PNG, FORMAT_WEBP, FORMAT_BMP, FORMAT_TIFF, FORMAT_GIF,
    FORMAT_AVIF, FORMAT_HEIC, FORMAT_JXL, FORMAT_JP2, FORMAT_PSD, FORMAT_SVG, FORMAT_PDF,
} ImageFormat;

/* What a header says, before orientation is applied. */
typedef struct ImageHeader {
    ImageFormat format;
    int         width, height;
    int         orientation;    /* EXIF 1..8; 1 when absent or nonsense */
    size_t      scratch;        /* bytes decoding takes beside pixels (progressive JPEG) */
} ImageHeader;

const char *image_format_name(ImageFormat format);
const char *image_format_mime(ImageFormat format);

/* Tell the format by content and read its header; refuses what is unknown,
 * unsupported or over a limit (ERR_INVALID, ERR_UNSUPPORTED, ERR_TOO_LARGE). */
bool image_probe(const void *bytes, size_t length, ImageHeader *header, Error *err) MUST_USE;

/* Decode what was probed, for image.c: `pixels` is BGRX of header->width x
 * height with stride 4 * width; orientation is not applied yet. */
bool image_decode_pixels(const void *bytes, size_t length, const ImageHeader *header,
                         uint8_t *pixels, Error *err) MUST_USE;

/* The same with BGRA pixels: of files without transparency alpha is 255. */
bool png_decode_alpha(const void *bytes, size_t length, const ImageHeader *header,
                      uint8_t *pixels, Error *err) MUST_USE;

/* EXIF orientation out of a TIFF structure (what follows "Exif\0\0"); 1..8, or
 * 0 when there is none. */
int exif_orientation(const uint8_t *tiff, size_t length);

#endif
