/*
 * png - PNG to BGRX.
 *
 * libpng with the transformations that OpenCV asks it for: palettes and gray
 * made colour, 16 bits cut to 8, alpha dropped and not blended, no gamma.
 * Chunks that do not change these pixels are skipped unread, so nothing
 * compressed is ever inflated but the pixels themselves.
 *
 * An animated PNG gives its first frame.  libpng knows nothing of frames, so
 * it is fed a still picture put together from the chunks of that frame.
 */
#include "image/codec.h"

#include <png.h>

enum { SIGNATURE = 8, HEAD = 8 /* of a chunk */, CRC = 4, IHDR_END = SIGNATURE + HEAD + 13 + CRC };

/* ---- what libpng reads from ------------------------------------------------ */

typedef struct Piece {
    const uint8_t *at;
    size_t         length;
} Piece;

/* The file, or those pieces of it that make the first frame of an animation. */
typedef struct Feed {
    Piece            now, then;     /* what is left of the piece at hand, and the next */
    const PngLayout *layout;        /* NULL: there are no further pieces */
    Piece            rest;          /* chunks not looked at yet */
    const uint8_t   *data;          /* where the frame's data begin */
    bool             in_data;
    uint8_t          head[IHDR_END];
    bool             alpha;         /* asked for */
    char             problem[160];  /* what libpng said */
} Feed;

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Begin with the file's own header, its sizes changed to the frame's. */
static void feed_frame(Feed *feed, const PngLayout *layout, Piece file)
{
    memcpy(feed->head, file.at, IHDR_END);
    put32(feed->head + SIGNATURE + HEAD, (uint32_t)layout->frame.width);
    put32(feed->head + SIGNATURE + HEAD + 4, (uint32_t)layout->frame.height);
    feed->now    = (Piece){ feed->head, IHDR_END };
    feed->layout = layout;
    feed->rest   = (Piece){ file.at + IHDR_END, file.length - IHDR_END };
    feed->data   = file.at + layout->data;
}

/* A chunk of the frame.  In fdAT a sequence number stands before the data; a
 * head of ours takes the place of both. */
static void feed_chunk(Feed *feed, const uint8_t *chunk, size_t size, bool numbered)
{
    if (!numbered) {
        feed->now = (Piece){ chunk, HEAD + size + CRC };
        return;
    }
    put32(feed->head, (uint32_t)size - 4);
    memcpy(feed->head + 4, "IDAT", 4);
    feed->now  = (Piece){ feed->head, HEAD };
    feed->then = (Piece){ chunk + HEAD + 4, size - 4 + CRC };
}

/* Go on to the frame's next chunk, or to an end of our own. */
static void feed_next(Feed *feed)
{
    static const uint8_t end[] = { 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82 };
    const bool  apart = feed->layout->apart;
    const char *data  = apart ? "fdAT" : "IDAT";

    while (feed->rest.length >= HEAD + CRC) {
        const uint8_t *chunk   = feed->rest.at, *type = chunk + 4;
        size_t         size    = be32(chunk);
        bool           is_data = chunk >= feed->data && memcmp(type, data, 4) == 0;

        if (size > feed->rest.length - HEAD - CRC ||
            (feed->in_data && memcmp(type, "fcTL", 4) == 0))
            break;
        feed->rest.at     += HEAD + size + CRC;
        feed->rest.length -= HEAD + size + CRC;

        if ((is_data && (!apart || size >= 4)) ||
            (!feed->in_data && memcmp(type, "PLTE", 4) == 0)) {
            feed->in_data |= is_data;
            feed_chunk(feed, chunk, size, is_data && apart);
            return;
        }
    }
    feed->now = (Piece){ end, sizeof end };
}

/* libpng's reading function. */
static void feed_read(png_structp png, png_bytep out, size_t length)
{
    Feed *feed = png_get_io_ptr(png);

    while (length > 0) {
        size_t n = MIN(length, feed->now.length);

        memcpy(out, feed->now.at, n);
        out    += n;
        length -= n;
        feed->now.at     += n;
        feed->now.length -= n;
        if (length == 0)
            return;

        feed->now  = feed->then;
        feed->then = (Piece){ 0 };
        if (feed->now.length == 0 && !feed->layout)
            png_error(png, "it is cut off");
        if (feed->now.length == 0)
            feed_next(feed);
    }
}

/* ---- libpng ---------------------------------------------------------------- */

static _Noreturn void on_error(png_structp png, png_const_charp message)
{
    Feed *feed = png_get_error_ptr(png);

    snprintf(feed->problem, sizeof feed->problem, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* Everything that libpng knows beside the four chunks it cannot do without; the last
 * of these says what is transparent. */
static void skip_metadata(png_structp png, bool alpha)
{
    static const png_byte names[] =
        "acTL\0bKGD\0cHRM\0cICP\0cLLI\0eXIf\0fcTL\0fdAT\0gAMA\0hIST\0iCCP\0iTXt\0mDCV\0oFFs\0"
        "pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt\0tRNS";

    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names,
                                (int)(sizeof names / 5) - alpha);
}

static void set_transformations(png_structp png, png_infop info, bool alpha)
{
    int type = png_get_color_type(png, info);

    if (png_get_bit_depth(png, info) == 16)
        png_set_strip_16(png);
    if (!alpha)
        png_set_strip_alpha(png);
    else if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (!(type & PNG_COLOR_MASK_COLOR)) {
        png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
    }
    png_set_bgr(png);
    png_set_filler(png, 255, PNG_FILLER_AFTER);
}

/* Decode into rows `stride` bytes apart.  On an error control jumps away, out
 * of here and to the setjmp of whoever called. */
static void read_rows(png_structp png, png_infop info, bool alpha, uint8_t *pixels, size_t stride)
{
    png_read_info(png, info);
    set_transformations(png, info, alpha);

    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);

    uint32_t height = png_get_image_height(png, info);
    assert(png_get_rowbytes(png, info) <= stride);
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++)
            png_read_row(png, pixels + y * stride, NULL);
    }

    /* The checksum of the end itself is not worth a picture that is all there;
     * newer versions of libpng think so too. */
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_NO_CHANGE);
    png_read_end(png, info);
}

static bool run_libpng(Feed *feed, bool check_sums, uint8_t *pixels, size_t stride, Error *err)
{
    png_structp png  = png_create_read_struct(PNG_LIBPNG_VER_STRING, feed, on_error, on_warning);
    png_infop   info = png ? png_create_info_struct(png) : NULL;

    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return fail(err, ERR_MEMORY, "no memory for the PNG decoder");
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return codec_fail(err, ERR_INVALID, "the PNG cannot be decoded", feed->problem);
    }
    png_set_read_fn(png, feed, feed_read);
    png_set_user_limits(png, LIMIT_IMAGE_SIDE, LIMIT_IMAGE_SIDE);
    png_set_chunk_malloc_max(png, LIMIT_METADATA_BYTES);
    if (!check_sums)
        png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    skip_metadata(png, feed->alpha);
    read_rows(png, info, feed->alpha, pixels, stride);
    png_destroy_read_struct(&png, &info, NULL);
    return true;
}

static void fill_black(uint8_t *pixels, size_t count, uint8_t alpha)
{
    const uint8_t black[] = { 0, 0, 0, alpha };

    for (size_t i = 0; i < count; i++)
        memcpy(pixels + 4 * i, black, sizeof black);
}

static bool decode(const void *bytes, size_t length, const ImageHeader *header, bool alpha,
                   uint8_t *pixels, Error *err)
{
    PngLayout layout;
    size_t    stride = 4 * (size_t)header->width;

    if (!png_layout(bytes, length, &layout, err))
        return false;
    assert(layout.width == header->width && layout.height == header->height);

    Feed feed = { .now = { bytes, length }, .alpha = alpha };
    if (layout.animated) {
        feed_frame(&feed, &layout, feed.now);
        fill_black(pixels, (size_t)layout.width * (size_t)layout.height, alpha ? 0 : 255);
        pixels += (size_t)layout.frame.y * stride + 4 * (size_t)layout.frame.x;
    }
    return run_libpng(&feed, !layout.animated, pixels, stride, err);
}

bool png_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                Error *err)
{
    return decode(bytes, length, header, false, pixels, err);
}

bool png_decode_alpha(const void *bytes, size_t length, const ImageHeader *header,
                      uint8_t *pixels, Error *err)
{
    return decode(bytes, length, header, true, pixels, err);
}
