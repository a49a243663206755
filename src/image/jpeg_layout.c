/*
 * jpeg_layout - a JPEG's markers, read in one pass and without decoding.
 *
 * Sizes, orientation and the number of scans are known before libjpeg sees
 * the file, so that a bomb costs one memchr over its bytes.  The pass hops
 * from marker to marker exactly as libjpeg does, resynchronisation after
 * damaged data included; otherwise scans could hide from the count.
 *
 * It also finds where the first scan ends.  When that scan holds everything,
 * the decoder is shown no more: what follows could only be ignored or be an
 * error in a picture that is already complete.
 */
#include "image/codec.h"

enum {
    TEM = 0x01, SOF0 = 0xC0, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF15 = 0xCF, RST0 = 0xD0,
    RST7 = 0xD7, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DRI = 0xDD, APP1 = 0xE1, PREFIX = 0xFF,
};

enum { COMPONENTS_MOST = 4, COEFFICIENT_BLOCK = 128 /* 64 of 2 bytes */ };

typedef struct Walk {
    const uint8_t *bytes;
    size_t         length, at;
    JpegLayout    *layout;
    bool           exif_seen;
    bool           progressive;
    bool           restarts;     /* scans have restart markers */
} Walk;

/* The next marker, or -1 at the end; what lies before it is skipped. */
static int next_marker(Walk *walk)
{
    while (walk->at + 1 < walk->length) {
        const uint8_t *from = walk->bytes + walk->at;
        const uint8_t *hit  = memchr(from, PREFIX, walk->length - 1 - walk->at);

        if (!hit)
            break;
        walk->at = (size_t)(hit - walk->bytes) + 1;
        if (*(hit + 1) != 0 && *(hit + 1) != PREFIX)
            return walk->bytes[walk->at++];
    }
    walk->at = walk->length;
    return -1;
}

/* Skip a scan's data, to the marker that ends it.  Restart markers belong to
 * the data, and where there are some, libjpeg looks for the next one behind
 * codes that mean nothing; where there are none, such a code is an end too. */
static void skip_scan(Walk *walk)
{
    for (;;) {
        int marker = next_marker(walk);

        if (marker < 0)
            return;
        if (marker >= RST0 && marker <= RST7)
            continue;
        if (marker >= SOF0 || !walk->restarts) {
            walk->at -= 2;
            return;
        }
    }
}

static bool is_frame(int marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

/* Sequential and progressive, Huffman or arithmetic: SOF 0, 1, 2, 9, 10. */
static bool process_is_known(int marker)
{
    int process = marker - SOF0;

    return process <= 2 || process == 9 || process == 10;
}

/* Memory for all coefficients of a frame, each component's blocks rounded up
 * to whole groups as libjpeg lays them out. */
static size_t coefficient_bytes(const uint8_t *components, int count, int width, int height)
{
    int    across = 1, down = 1;
    size_t blocks = 0;

    for (int i = 0; i < count; i++) {
        across = MAX(across, components[i * 3 + 1] >> 4);
        down   = MAX(down, components[i * 3 + 1] & 15);
    }
    for (int i = 0; i < count; i++) {
        int h = MAX(components[i * 3 + 1] >> 4, 1), v = MAX(components[i * 3 + 1] & 15, 1);
        int groups_x = (width + across * 8 - 1) / (across * 8);
        int groups_y = (height + down * 8 - 1) / (down * 8);

        blocks += (size_t)groups_x * (size_t)h * (size_t)groups_y * (size_t)v;
    }
    return blocks * COEFFICIENT_BLOCK;
}

static bool read_frame(Walk *walk, int marker, const uint8_t *body, size_t size, Error *err)
{
    JpegLayout *layout = walk->layout;

    if (layout->components > 0)
        return true;                 /* a second one: for libjpeg to refuse */
    if (size < 6 || size < 6 + 3 * (size_t)body[5])
        return fail(err, ERR_INVALID, "the JPEG's frame header is too short");
    if (!process_is_known(marker))
        return fail(err, ERR_UNSUPPORTED, "lossless and hierarchical JPEG is not supported; "
                    "save the picture as ordinary JPEG or as PNG");
    if (body[0] != 8)
        return fail(err, ERR_UNSUPPORTED, "JPEG with %d bits a sample is not supported, only 8; "
                    "save the picture as ordinary JPEG or as PNG", body[0]);
    if (body[5] != 1 && body[5] != 3 && body[5] != COMPONENTS_MOST)
        return fail(err, ERR_UNSUPPORTED, "JPEG with %d colour components is not supported, "
                    "only 1, 3 and 4", body[5]);

    layout->height = (int)be16(body + 1);
    layout->width  = (int)be16(body + 3);
    if (!image_size_check(layout->width, layout->height, err))
        return false;

    layout->components   = body[5];
    walk->progressive    = (marker - SOF0) % 8 == 2;
    layout->coefficients = coefficient_bytes(body + 6, body[5], layout->width, layout->height);
    return true;
}

/* The first APP1 decides, as for OpenCV: EXIF after other APP1 data is not
 * looked for. */
static void read_exif(Walk *walk, const uint8_t *body, size_t size)
{
    enum { SIGNATURE = 6 };

    if (walk->exif_seen)
        return;
    walk->exif_seen = true;
    if (size > SIGNATURE)
        walk->layout->orientation = MAX(exif_orientation(body + SIGNATURE, size - SIGNATURE), 1);
}

static bool read_scan(Walk *walk, const uint8_t *body, size_t size, Error *err)
{
    JpegLayout *layout = walk->layout;

    if (layout->components == 0 || size < 1)
        return fail(err, ERR_INVALID, "the JPEG's first scan comes without a frame header");
    if (++layout->scans > LIMIT_JPEG_SCANS)
        return fail(err, ERR_TOO_LARGE, "the JPEG has more than %d scans", LIMIT_JPEG_SCANS);
    if (layout->scans == 1)
        layout->buffered = walk->progressive || body[0] < layout->components;

    skip_scan(walk);
    layout->end = walk->at;
    return true;
}

/* The size of the segment at hand, 0 when the file ends within it. */
static size_t segment_size(const Walk *walk)
{
    size_t left = walk->length - walk->at;

    if (left < 2)
        return 0;

    size_t size = MAX(be16(walk->bytes + walk->at), 2);    /* less is taken for nothing */
    return size <= left ? size : 0;
}

static bool read_segment(Walk *walk, int marker, size_t size, Error *err)
{
    const uint8_t *body = walk->bytes + walk->at + 2;

    walk->at += size;
    size     -= 2;

    if (is_frame(marker))
        return read_frame(walk, marker, body, size, err);
    if (marker == SOS)
        return read_scan(walk, body, size, err);
    if (marker == DRI && size >= 2)
        walk->restarts = be16(body) > 0;
    if (marker == APP1 && walk->layout->scans == 0)
        read_exif(walk, body, size);
    return true;
}

bool jpeg_layout(const void *bytes, size_t length, JpegLayout *layout, Error *err)
{
    Walk walk = { .bytes = bytes, .length = length, .at = 2, .layout = layout };

    *layout = (JpegLayout){ .orientation = 1 };
    for (;;) {
        int marker = next_marker(&walk);

        if (marker == EOI && layout->scans > 0)
            layout->end = walk.at;
        if (marker < 0 || marker == EOI || (layout->scans == 1 && !layout->buffered))
            break;
        if (marker < SOF0 || (marker >= RST0 && marker <= SOI))
            continue;                /* these stand alone */

        size_t size = segment_size(&walk);
        if (size == 0)
            break;
        if (!read_segment(&walk, marker, size, err))
            return false;
    }
    if (layout->scans == 0)
        return fail(err, ERR_INVALID, "the JPEG ends before its first scan");
    return true;
}

bool jpeg_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    JpegLayout layout;

    header->format = FORMAT_JPEG;
    if (!jpeg_layout(bytes, length, &layout, err))
        return false;
    header->width       = layout.width;
    header->height      = layout.height;
    header->orientation = layout.orientation;
    header->scratch     = layout.buffered ? layout.coefficients : 0;
    return true;
}
