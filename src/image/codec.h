/*
 * codec - what the decoders and encoders share among themselves.
 *
 * A layout is everything that can be known about a file by hopping over its
 * markers or chunks, without decoding: cheap enough to be read once to probe
 * and once more to decode.
 */
#ifndef OCELLUS_IMAGE_CODEC_H
#define OCELLUS_IMAGE_CODEC_H

#include "image/decode.h"
#include "image/encode.h"

/* A format's functions.  The first fills in a header and refuses what it
 * must before any pixel memory is asked for; the second decodes what the first
 * let pass into `pixels`, BGRX with stride 4 * width. */
typedef bool Probe(const void *bytes, size_t length, ImageHeader *header, Error *err);
typedef bool Decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                    Error *err);

/* Appends the file of a picture. */
typedef bool Encode(const Image *image, ImageWriting how, Buffer *out, Error *err);

Probe  jpeg_probe, png_probe, bmp_probe, webp_probe, gif_probe, tiff_probe, avif_probe;
Decode jpeg_decode, png_decode, bmp_decode, webp_decode, gif_decode, tiff_decode, avif_decode;
Encode jpeg_encode, png_encode, webp_encode;

/* ---- JPEG ------------------------------------------------------------------ */

typedef struct JpegLayout {
    int    width, height;
    int    components;      /* 1, 3 or 4; 0 until a frame header was seen */
    int    orientation;     /* 1..8 */
    int    scans;
    bool   buffered;        /* several scans: coefficients are kept until the last */
    size_t coefficients;    /* bytes they take, when buffered */
    size_t end;             /* what a decoder needs to see ends here */
} JpegLayout;

bool jpeg_layout(const void *bytes, size_t length, JpegLayout *layout, Error *err) MUST_USE;

/* ---- PNG ------------------------------------------------------------------- */

typedef struct PngLayout {
    int    width, height;
    int    orientation;     /* 1..8 */
    bool   animated;        /* more than one frame; the rest is about the first */
    bool   apart;           /* it is not the still picture but lies in fdAT chunks */
    Rect   frame;           /* its place */
    size_t data;            /* the chunk its data begins with */
} PngLayout;

bool png_layout(const void *bytes, size_t length, PngLayout *layout, Error *err) MUST_USE;

static inline uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t be32(const uint8_t *at)
{
    return be16(at) << 16 | be16(at + 2);
}

/* ---- all ------------------------------------------------------------------- */

/* May a picture be this big?  ERR_INVALID for nothing, ERR_TOO_LARGE. */
bool image_size_check(int64_t width, int64_t height, Error *err) MUST_USE;

/* fail() with what a library said; ERR_MEMORY when that is the problem. */
bool codec_fail(Error *err, ErrorKind kind, const char *what, const char *problem);

/* Turn 4-byte pixels upright, in place, for orientations that keep the sides
 * (1..4), or into `out` for those that swap them (5..8). */
void orient_in_place(uint8_t *pixels, int width, int height, int orientation);
void orient_into(uint8_t *out, const uint8_t *pixels, int width, int height, int orientation);

static inline bool orientation_swaps(int orientation)
{
    return orientation >= 5;
}

#endif
