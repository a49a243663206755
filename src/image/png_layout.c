/*
 * png_layout - a PNG's chunks, hopped over and not read.
 *
 * Sizes, orientation and the place of an animation's first frame are known
 * before libpng sees the file.  What makes a file unfit here is what makes it
 * unfit for OpenCV 4.12, plus our limits on sizes and chunks.  Data chunks may
 * be as long as they like: they are streamed, and some encoders write all
 * their data as one.
 *
 * A file that breaks off after its first data is left for libpng to refuse.
 */
#include "image/codec.h"

#include <zlib.h>

enum { SIGNATURE = 8, HEAD = 8 /* length and type */, CRC = 4, IHDR_SIZE = 13 };

#define TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

enum {
    IHDR = TYPE('I', 'H', 'D', 'R'),
    IDAT = TYPE('I', 'D', 'A', 'T'),
    IEND = TYPE('I', 'E', 'N', 'D'),
    ACTL = TYPE('a', 'c', 'T', 'L'),    /* animation */
    FCTL = TYPE('f', 'c', 'T', 'L'),    /* a frame's place */
    FDAT = TYPE('f', 'd', 'A', 'T'),    /* a frame's data */
    EXIF = TYPE('e', 'X', 'I', 'f'),
    BKGD = TYPE('b', 'K', 'G', 'D'),
    CGBI = TYPE('C', 'g', 'B', 'I'),
};

typedef struct Chunk {
    uint32_t       type, size;
    const uint8_t *body;
    size_t         at;      /* where it begins in the file */
} Chunk;

typedef struct Walk {
    const uint8_t *bytes;
    size_t         length, at;
    PngLayout     *layout;
    bool           exif_seen, data_seen, frame_seen;
    bool           still;   /* the IDAT data are no frame of the animation */
} Walk;

/* The chunk at the walk's place, which moves past it; false when it is not
 * all there. */
static bool next_chunk(Walk *walk, Chunk *chunk)
{
    size_t         left = walk->length - walk->at;
    const uint8_t *head = walk->bytes + walk->at;

    if (left < HEAD + CRC || be32(head) > left - HEAD - CRC)
        return false;
    *chunk = (Chunk){ be32(head + 4), be32(head), head + HEAD, walk->at };
    walk->at += HEAD + chunk->size + CRC;
    return true;
}

static bool read_ihdr(Walk *walk, Error *err)
{
    Chunk chunk;

    walk->at = SIGNATURE;
    if (!next_chunk(walk, &chunk))
        return fail(err, ERR_INVALID, "the PNG ends within its header");
    if (chunk.type == CGBI)
        return fail(err, ERR_UNSUPPORTED, "this is Apple's own variant of PNG (CgBI), "
                    "which is not supported; save the picture as ordinary PNG");
    if (chunk.type != IHDR || chunk.size != IHDR_SIZE)
        return fail(err, ERR_INVALID, "the PNG does not begin with its header");

    uint32_t width = be32(chunk.body), height = be32(chunk.body + 4);
    if (!image_size_check(width, height, err))
        return false;
    walk->layout->width  = (int)width;
    walk->layout->height = (int)height;
    walk->layout->frame  = (Rect){ 0, 0, (int)width, (int)height };
    return true;
}

/* Take the orientation out of a sound eXIf chunk; the first one counts. */
static void read_exif(Walk *walk, const Chunk *chunk)
{
    const uint8_t *body = chunk->body;

    if (walk->exif_seen || chunk->size < 4 || chunk->size > LIMIT_METADATA_BYTES)
        return;
    if (memcmp(body, "II*\0", 4) != 0 && memcmp(body, "MM\0*", 4) != 0)
        return;
    if (crc32(crc32(0, NULL, 0), body - 4, chunk->size + 4) != be32(body + chunk->size))
        return;
    walk->exif_seen = true;
    walk->layout->orientation = MAX(exif_orientation(body, chunk->size), 1);
}

static bool read_frame(Walk *walk, const Chunk *chunk, Error *err)
{
    const uint8_t *body   = chunk->body;
    PngLayout     *layout = walk->layout;

    if (chunk->size != 26 || body[24] > 2 || body[25] > 1)
        return fail(err, ERR_INVALID, "the animated PNG describes a frame wrongly");

    int64_t width = be32(body + 4), height = be32(body + 8);
    int64_t x = be32(body + 12), y = be32(body + 16);
    if (width < 1 || height < 1 || x + width > layout->width || y + height > layout->height)
        return fail(err, ERR_INVALID, "the animated PNG has a frame outside of its picture");

    layout->frame    = (Rect){ (int)x, (int)y, (int)width, (int)height };
    walk->frame_seen = true;
    return true;
}

/* A chunk that stands before the data. */
static bool read_early(Walk *walk, const Chunk *chunk, Error *err)
{
    switch (chunk->type) {
    case ACTL:
        if (chunk->size != 8 || be32(chunk->body) == 0)
            return fail(err, ERR_INVALID, "the animated PNG does not say how many frames it has");
        walk->layout->animated = be32(chunk->body) > 1;
        return true;
    case FCTL:
        return read_frame(walk, chunk, err);
    case BKGD:
        if (chunk->size != 1 && chunk->size != 2 && chunk->size != 6)
            return fail(err, ERR_INVALID, "the PNG's background colour has the wrong size");
        return true;
    default:
        return true;
    }
}

static bool read_chunk(Walk *walk, const Chunk *chunk, Error *err)
{
    PngLayout *layout = walk->layout;

    if (chunk->type == EXIF)
        read_exif(walk, chunk);
    if (chunk->type == IDAT && !walk->data_seen) {
        walk->data_seen = true;
        walk->still     = layout->animated && !walk->frame_seen;
        layout->data    = chunk->at;
    }
    if (!walk->data_seen)
        return read_early(walk, chunk, err);
    if (!walk->still || layout->apart)
        return true;
    if (chunk->type == FCTL && !walk->frame_seen)
        return read_frame(walk, chunk, err);
    if (chunk->type == FDAT && walk->frame_seen && chunk->size >= 4) {
        layout->apart = true;
        layout->data  = chunk->at;
    }
    return true;
}

bool png_layout(const void *bytes, size_t length, PngLayout *layout, Error *err)
{
    Walk  walk = { .bytes = bytes, .length = length, .layout = layout };
    Chunk chunk = { 0 };

    *layout = (PngLayout){ .orientation = 1 };
    if (!read_ihdr(&walk, err))
        return false;

    while (next_chunk(&walk, &chunk) && chunk.type != IEND) {
        if (chunk.size > LIMIT_PNG_CHUNK && chunk.type != IDAT && chunk.type != FDAT)
            return fail(err, ERR_TOO_LARGE, "the PNG has a chunk of %u bytes; %zu are the most",
                        chunk.size, LIMIT_PNG_CHUNK);
        if (!read_chunk(&walk, &chunk, err))
            return false;
    }
    if (!walk.data_seen)
        return fail(err, ERR_INVALID, "the PNG is cut off, or has no data");
    if (walk.still && !layout->apart && chunk.type != IEND)
        return fail(err, ERR_INVALID, "the animated PNG is cut off before its first frame");
    if (walk.still && !layout->apart)
        layout->frame = (Rect){ 0, 0, layout->width, layout->height };
    if (layout->animated)
        layout->orientation = 1;     /* as OpenCV: it turns still pictures only */
    return true;
}

bool png_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    PngLayout layout;

    header->format = FORMAT_PNG;
    if (!png_layout(bytes, length, &layout, err))
        return false;
    header->width       = layout.width;
    header->height      = layout.height;
    header->orientation = layout.orientation;
    return true;
}
