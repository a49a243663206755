/*
 * jpeg - JPEG to BGRX.
 *
 * libjpeg-turbo decodes with its defaults, the accurate inverse DCT and
 * smooth chroma upsampling, which are OpenCV's too.  It warns about damage
 * and cut-off data and goes on: blocks it has no data for come out as middle
 * gray.
 *
 * TurboJPEG fails for a warning as for an error, and once it has warned its
 * error code does not tell the two apart any more.  What counts is therefore
 * whether the last pixel was written: rows come in order, so then all are.
 */
#include "image/codec.h"

#include <turbojpeg.h>

/* CMYK to BGR as OpenCV does it.  Adobe's files hold inverted values, 255 for
 * no ink, and OpenCV takes all files to be like that. */
static void cmyk_to_bgrx(uint8_t *pixels, size_t count)
{
    for (uint8_t *p = pixels; p < pixels + 4 * count; p += 4) {
        int black   = p[3];
        int cyan    = black - ((255 - p[0]) * black >> 8);
        int magenta = black - ((255 - p[1]) * black >> 8);
        int yellow  = black - ((255 - p[2]) * black >> 8);

        p[0] = (uint8_t)yellow;
        p[1] = (uint8_t)magenta;
        p[2] = (uint8_t)cyan;
        p[3] = 255;
    }
}

/* As a colour it does not occur: the fourth byte would be 255. */
static const uint8_t unwritten[] = { 0x5A, 0xC3, 0x96, 0x3C };

bool jpeg_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                 Error *err)
{
    JpegLayout layout;
    int        width = header->width, height = header->height;
    size_t     count = (size_t)width * (size_t)height;
    uint8_t   *last  = pixels + 4 * (count - 1);

    if (!jpeg_layout(bytes, length, &layout, err))
        return false;
    assert(layout.width == width && layout.height == height);

    tjhandle decoder = tjInitDecompress();
    if (!decoder)
        return fail(err, ERR_MEMORY, "no memory for the JPEG decoder");

    /* BGRA rather than BGRX: only then is the fourth byte promised to be 255. */
    int format = layout.components == 4 ? TJPF_CMYK : TJPF_BGRA;
    memcpy(last, unwritten, sizeof unwritten);
    bool done = tjDecompress2(decoder, bytes, layout.end, pixels, width, width * 4, height, format,
                              0) == 0 ||
                memcmp(last, unwritten, sizeof unwritten) != 0;

    if (!done)
        codec_fail(err, ERR_INVALID, "the JPEG cannot be decoded", tjGetErrorStr2(decoder));
    else if (layout.components == 4)
        cmyk_to_bgrx(pixels, count);
    tjDestroy(decoder);
    return done;
}
