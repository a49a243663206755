/*
 * webp - WebP to BGRX.
 *
 * libwebp decodes straight into the picture; alpha is then overwritten, not
 * blended, as OpenCV drops it.  An animation gives its first frame on a black
 * canvas; the others are never decoded.
 */
#include "image/codec.h"

#include <webp/decode.h>
#include <webp/demux.h>

enum { LOSSLESS = 2 };    /* WebPBitstreamFeatures.format */

static bool get_features(const void *bytes, size_t length, WebPBitstreamFeatures *features,
                         Error *err)
{
    switch (WebPGetFeatures(bytes, length, features)) {
    case VP8_STATUS_OK:
        return true;
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return fail(err, ERR_INVALID, "the WebP ends within its header");
    case VP8_STATUS_OUT_OF_MEMORY:
        return fail(err, ERR_MEMORY, "no memory for the WebP decoder");
    default:
        return fail(err, ERR_INVALID, "the WebP's header is damaged");
    }
}

/* What libwebp allocates beside the picture: all pixels of a lossless one
 * before they are turned into colours, else the alpha plane, twice. */
static size_t scratch_of(const WebPBitstreamFeatures *features, size_t pixels)
{
    if (features->format == LOSSLESS)
        return 4 * pixels;
    return features->has_alpha ? 2 * pixels : 0;
}

/* ---- animations ------------------------------------------------------------ */

/* The list of frames is made for all of them, so there is a limit to how many
 * chunks there may be. */
static bool check_chunks(const uint8_t *at, size_t length, Error *err)
{
    size_t count = 0;

    for (size_t i = 12; i + 8 <= length; count++) {
        uint64_t size = (uint64_t)at[i + 4] | (uint64_t)at[i + 5] << 8 |
                        (uint64_t)at[i + 6] << 16 | (uint64_t)at[i + 7] << 24;

        if (count >= LIMIT_IMAGE_FRAMES)
            return fail(err, ERR_TOO_LARGE, "the WebP has more than %d frames and chunks",
                        LIMIT_IMAGE_FRAMES);
        if (size > length - i - 8)
            break;
        i += 8 + (size_t)size + (size & 1);
    }
    return true;
}

/* Find the first frame and what its own header says.  The iterator is to be
 * released with its demuxer when this succeeds. */
static bool first_frame(const void *bytes, size_t length, WebPDemuxer **demuxer,
                        WebPIterator *frame, WebPBitstreamFeatures *features, Error *err)
{
    WebPData data = { bytes, length };

    *demuxer = WebPDemux(&data);
    if (!*demuxer)
        return fail(err, ERR_INVALID, "the animated WebP is damaged or cut off");
    if (!WebPDemuxGetFrame(*demuxer, 1, frame)) {
        WebPDemuxDelete(*demuxer);
        return fail(err, ERR_INVALID, "the animated WebP has no frame");
    }

    bool sound = get_features(frame->fragment.bytes, frame->fragment.size, features, err);
    if (sound && (features->width != frame->width || features->height != frame->height))
        sound = fail(err, ERR_INVALID, "the animated WebP's first frame is not of its size");
    if (!sound) {
        WebPDemuxReleaseIterator(frame);
        WebPDemuxDelete(*demuxer);
    }
    return sound;
}

bool webp_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    WebPBitstreamFeatures features, inner;

    header->format = FORMAT_WEBP;
    if (!get_features(bytes, length, &features, err) ||
        !image_size_check(features.width, features.height, err))
        return false;
    header->width  = features.width;
    header->height = features.height;

    size_t pixels = (size_t)features.width * (size_t)features.height;
    if (!features.has_animation) {
        header->scratch = scratch_of(&features, pixels);
        return true;
    }

    WebPDemuxer *demuxer;
    WebPIterator frame;
    if (!check_chunks(bytes, length, err) ||
        !first_frame(bytes, length, &demuxer, &frame, &inner, err))
        return false;
    header->scratch = scratch_of(&inner, (size_t)inner.width * (size_t)inner.height);
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    return true;
}

/* ---- decoding -------------------------------------------------------------- */

static bool decode_still(const uint8_t *bytes, size_t length, uint8_t *pixels, size_t size,
                         int stride, Error *err)
{
    return WebPDecodeBGRAInto(bytes, length, pixels, size, stride) != NULL ||
           fail(err, ERR_INVALID, "the WebP cannot be decoded: it is damaged or cut off");
}

static bool decode_first_frame(const void *bytes, size_t length, const ImageHeader *header,
                               uint8_t *pixels, Error *err)
{
    WebPBitstreamFeatures features;
    WebPDemuxer          *demuxer;
    WebPIterator          frame;
    size_t                stride = 4 * (size_t)header->width;
    size_t                size   = stride * (size_t)header->height;

    if (!first_frame(bytes, length, &demuxer, &frame, &features, err))
        return false;

    bool done = frame.x_offset >= 0 && frame.y_offset >= 0 &&
                frame.width <= header->width - frame.x_offset &&
                frame.height <= header->height - frame.y_offset;
    if (!done) {
        fail(err, ERR_INVALID, "the animated WebP has a frame outside of its picture");
    } else {
        size_t start = (size_t)frame.y_offset * stride + 4 * (size_t)frame.x_offset;

        memset(pixels, 0, size);
        done = decode_still(frame.fragment.bytes, frame.fragment.size, pixels + start,
                            size - start, (int)stride, err);
    }
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    return done;
}

bool webp_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                 Error *err)
{
    WebPBitstreamFeatures features;
    size_t                size = 4 * (size_t)header->width * (size_t)header->height;

    if (!get_features(bytes, length, &features, err))
        return false;
    assert(features.width == header->width && features.height == header->height);

    bool done = features.has_animation
              ? decode_first_frame(bytes, length, header, pixels, err)
              : decode_still(bytes, length, pixels, size, 4 * header->width, err);
    for (size_t i = 3; done && i < size; i += 4)
        pixels[i] = 255;
    return done;
}
