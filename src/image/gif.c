/*
 * gif - the first frame of a GIF, on its canvas, to BGRX.
 *
 * The canvas has the background colour of the global palette, or is black
 * without one; transparent pixels leave it as it is.  Only the first frame is
 * decoded, but all blocks are hopped over: as for OpenCV 4.12 a file must be
 * whole up to its trailer, and a frame must fill its rectangle exactly.  A
 * frame that sticks out of the canvas, which OpenCV refuses, is clipped.
 */
#include "image/codec.h"

enum { SCREEN = 13 /* signature and screen descriptor */, FRAME = 9, CONTROL = 4 };
enum { TRAILER = 0x3B, EXTENSION = 0x21, IMAGE = 0x2C, LABEL_CONTROL = 0xF9 };
enum { MAX_CODES = 4096, MAX_BITS = 12 };

typedef struct Table {
    const uint8_t *at;      /* three bytes a colour; NULL: none */
    int            count;
} Table;

typedef struct Layout {
    int      width, height;
    int      background;            /* index; -1 without a global palette */
    Table    global, local;
    Rect     frame;
    bool     interlaced;
    int      transparent;           /* index, or -1 */
    size_t   data;                  /* where the frame's pixels begin */
    int      frames;
} Layout;

typedef struct Walk {
    const uint8_t *bytes;
    size_t         length, at;
    int            transparent;     /* of the frame to come */
} Walk;

static uint32_t le16(const uint8_t *at)
{
    return (uint32_t)at[1] << 8 | at[0];
}

static bool cut_off(Error *err)
{
    return fail(err, ERR_INVALID, "the GIF is cut off");
}

/* ---- blocks ---------------------------------------------------------------- */

static bool skip(Walk *walk, size_t count, Error *err)
{
    if (count > walk->length - walk->at)
        return cut_off(err);
    walk->at += count;
    return true;
}

static bool skip_blocks(Walk *walk, Error *err)
{
    size_t size;

    do {
        if (walk->at == walk->length)
            return cut_off(err);
        size = walk->bytes[walk->at++];
        if (!skip(walk, size, err))
            return false;
    } while (size > 0);
    return true;
}

/* A palette, if `flags` say that there is one. */
static bool read_table(Walk *walk, uint8_t flags, Table *table, Error *err)
{
    *table = (Table){ 0 };
    if (!(flags & 0x80))
        return true;
    table->at    = walk->bytes + walk->at;
    table->count = 2 << (flags & 7);
    return skip(walk, 3 * (size_t)table->count, err);
}

static bool read_extension(Walk *walk, Error *err)
{
    const uint8_t *at = walk->bytes + walk->at;

    if (!skip(walk, 1, err))
        return false;
    if (at[0] == LABEL_CONTROL && walk->length - walk->at > CONTROL && at[1] == CONTROL)
        walk->transparent = at[2] & 1 ? at[5] : -1;
    return skip_blocks(walk, err);
}

static bool read_frame(Walk *walk, Layout *layout, Error *err)
{
    const uint8_t *at    = walk->bytes + walk->at;
    bool           first = layout->frames == 0;
    Table          table;

    if (++layout->frames > LIMIT_IMAGE_FRAMES)
        return fail(err, ERR_TOO_LARGE, "the GIF has more than %d frames", LIMIT_IMAGE_FRAMES);
    if (!skip(walk, FRAME, err) || !read_table(walk, at[8], &table, err))
        return false;
    if (first) {
        layout->frame = (Rect){
            (int)le16(at), (int)le16(at + 2), (int)le16(at + 4), (int)le16(at + 6),
        };
        layout->interlaced  = at[8] & 0x40;
        layout->local       = table;
        layout->transparent = walk->transparent;
        layout->data        = walk->at;
    }
    walk->transparent = -1;
    return skip(walk, 1, err) && skip_blocks(walk, err);
}

static bool read_blocks(Walk *walk, Layout *layout, Error *err)
{
    for (;;) {
        if (walk->at == walk->length)
            return cut_off(err);

        switch (walk->bytes[walk->at++]) {
        case TRAILER:
            return true;
        case EXTENSION:
            if (!read_extension(walk, err))
                return false;
            break;
        case IMAGE:
            if (!read_frame(walk, layout, err))
                return false;
            break;
        default:
            return fail(err, ERR_INVALID, "the GIF is damaged: there is no block at byte %zu",
                        walk->at - 1);
        }
    }
}

static bool check_frame(const Layout *layout, Error *err)
{
    const Rect *frame = &layout->frame;

    if (layout->frames == 0)
        return fail(err, ERR_INVALID, "the GIF has no picture in it");
    if (!image_size_check(frame->width, frame->height, err))
        return fail_prefix(err, "the GIF's first frame");
    if (layout->background >= layout->global.count)
        return fail(err, ERR_INVALID, "the GIF's background is colour %d of %d",
                    layout->background, layout->global.count);
    return true;
}

static bool read_layout(const void *bytes, size_t length, Layout *layout, Error *err)
{
    const uint8_t *at   = bytes;
    Walk           walk = { .bytes = bytes, .length = length, .transparent = -1 };

    *layout = (Layout){ .background = -1, .transparent = -1 };
    if (!skip(&walk, SCREEN, err))
        return false;
    if (!image_size_check(le16(at + 6), le16(at + 8), err))
        return false;
    layout->width  = (int)le16(at + 6);
    layout->height = (int)le16(at + 8);
    if (!read_table(&walk, at[10], &layout->global, err))
        return false;
    if (layout->global.at)
        layout->background = at[11];
    return read_blocks(&walk, layout, err) && check_frame(layout, err);
}

bool gif_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    Layout layout;

    header->format = FORMAT_GIF;
    if (!read_layout(bytes, length, &layout, err))
        return false;
    header->width  = layout.width;
    header->height = layout.height;
    return true;
}

/* ---- pixels ---------------------------------------------------------------- */

/* Where the next pixel of the frame goes. */
typedef struct Canvas {
    const Layout *layout;
    uint8_t      *pixels;
    uint8_t       colours[256][4];
    int           count;        /* of colours that there are */
    int           x, y, pass;   /* inside the frame */
    bool          full;
} Canvas;

static void put_colour(uint8_t out[4], const uint8_t *rgb)
{
    out[0] = rgb[2];
    out[1] = rgb[1];
    out[2] = rgb[0];
    out[3] = 255;
}

/* The frame's colours.  Without any palette the first two are black and white
 * and the others shades of gray, as for OpenCV. */
static void read_colours(Canvas *canvas)
{
    const Layout *layout = canvas->layout;
    const Table  *table  = layout->local.at ? &layout->local : &layout->global;

    canvas->count = table->at ? table->count : 256;
    for (int i = 0; i < canvas->count; i++) {
        uint8_t gray = i == 1 ? 255 : (uint8_t)i, shade[] = { gray, gray, gray };

        put_colour(canvas->colours[i], table->at ? table->at + 3 * i : shade);
    }
}

static void fill_background(Canvas *canvas)
{
    static const uint8_t black[3];
    const Layout *layout = canvas->layout;
    size_t        count  = (size_t)layout->width * (size_t)layout->height;
    uint8_t       colour[4];

    put_colour(colour, layout->background < 0 ? black
                                              : layout->global.at + 3 * layout->background);
    for (size_t i = 0; i < count; i++)
        memcpy(canvas->pixels + 4 * i, colour, 4);
}

/* Interlaced rows come in four passes. */
static void next_row(Canvas *canvas)
{
    static const int starts[] = { 0, 4, 2, 1 }, steps[] = { 8, 8, 4, 2 };
    int height = canvas->layout->frame.height;

    canvas->x = 0;
    if (!canvas->layout->interlaced) {
        canvas->full = ++canvas->y == height;
        return;
    }
    for (canvas->y += steps[canvas->pass]; canvas->y >= height; canvas->y = starts[canvas->pass]) {
        if (++canvas->pass == COUNT_OF(starts)) {
            canvas->full = true;
            return;
        }
    }
}

static bool put_index(Canvas *canvas, int index, Error *err)
{
    const Layout *layout = canvas->layout;
    int           x = layout->frame.x + canvas->x, y = layout->frame.y + canvas->y;

    if (canvas->full)
        return fail(err, ERR_INVALID, "the GIF has more pixels than its frame has room for");
    if (index >= canvas->count)
        return fail(err, ERR_INVALID, "the GIF has a pixel of colour %d of %d", index,
                    canvas->count);
    if (index != layout->transparent && x < layout->width && y < layout->height) {
        size_t at = (size_t)y * (size_t)layout->width + (size_t)x;

        memcpy(canvas->pixels + 4 * at, canvas->colours[index], 4);
    }
    if (++canvas->x == layout->frame.width)
        next_row(canvas);
    return true;
}

/* ---- LZW ------------------------------------------------------------------- */

typedef struct Codes {
    const uint8_t *at;          /* in blocks that are known to be whole */
    size_t         left;        /* of the block at hand */
    bool           ended;
    uint32_t       bits;
    int            have;
    int            literal;     /* bits of a pixel */
    int            size;        /* bits of a code */
    int            next;        /* the code that is defined next */
    int            last;        /* the code before, or -1 */
    uint16_t       prefix[MAX_CODES], suffix[MAX_CODES], stack[MAX_CODES];
} Codes;

static bool next_byte(Codes *codes, uint8_t *byte)
{
    if (codes->left == 0 && !codes->ended) {
        codes->left  = *codes->at++;
        codes->ended = codes->left == 0;
    }
    if (codes->ended)
        return false;
    *byte = *codes->at++;
    codes->left--;
    return true;
}

/* -1 when the data have come to their end. */
static int next_code(Codes *codes)
{
    uint8_t byte;

    for (; codes->have < codes->size; codes->have += 8) {
        if (!next_byte(codes, &byte))
            return -1;
        codes->bits |= (uint32_t)byte << codes->have;
    }

    int code = (int)(codes->bits & ((1u << codes->size) - 1));
    codes->bits >>= codes->size;
    codes->have  -= codes->size;
    return code;
}

static void clear_codes(Codes *codes)
{
    codes->size = codes->literal + 1;
    codes->next = (1 << codes->literal) + 2;
    codes->last = -1;
}

static void define_code(Codes *codes, int suffix)
{
    if (codes->next == MAX_CODES)
        return;
    codes->prefix[codes->next] = (uint16_t)codes->last;
    codes->suffix[codes->next] = (uint16_t)suffix;
    codes->next++;
    if (codes->next == 1 << codes->size && codes->size < MAX_BITS)
        codes->size++;
}

/* Put the pixels that a code stands for, which come out last first, and
 * define the next code by the first of them. */
static bool put_code(Codes *codes, int code, Canvas *canvas, Error *err)
{
    int  literals = 1 << codes->literal, count = 0;
    int  known    = codes->last < 0 ? literals : codes->next;
    bool itself   = codes->last >= 0 && code == codes->next && code < MAX_CODES;

    if (code >= known && !itself)
        return fail(err, ERR_INVALID, "the GIF is damaged: its pixels have code %d before it is "
                    "defined", code);

    int first = itself ? codes->last : code;
    for (; first >= literals; first = codes->prefix[first])
        codes->stack[count++] = codes->suffix[first];

    bool done = put_index(canvas, first, err);
    while (done && count > 0)
        done = put_index(canvas, codes->stack[--count], err);
    if (done && itself)
        done = put_index(canvas, first, err);
    if (done && codes->last >= 0)
        define_code(codes, first);
    codes->last = code;
    return done;
}

static bool decode_codes(Codes *codes, Canvas *canvas, Error *err)
{
    int clear = 1 << codes->literal;

    clear_codes(codes);
    for (;;) {
        int code = next_code(codes);

        if (code < 0 || code == clear + 1)
            return canvas->full || fail(err, ERR_INVALID, "the GIF's pixels are cut off");
        if (code == clear)
            clear_codes(codes);
        else if (!put_code(codes, code, canvas, err))
            return false;
    }
}

bool gif_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                Error *err)
{
    Layout layout;

    if (!read_layout(bytes, length, &layout, err))
        return false;
    assert(layout.width == header->width && layout.height == header->height);

    const uint8_t *data   = (const uint8_t *)bytes + layout.data;
    Canvas         canvas = { .layout = &layout, .pixels = pixels };
    Codes          codes  = { .at = data + 1, .literal = data[0] };

    if (data[0] < 2 || data[0] >= MAX_BITS)
        return fail(err, ERR_INVALID, "the GIF has pixels of %d bits", data[0]);
    fill_background(&canvas);
    read_colours(&canvas);
    return decode_codes(&codes, &canvas, err);
}
