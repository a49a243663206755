/*
 * bmp - BMP to BGRX, whole files and what their headers promise.
 *
 * The format is small enough to be read here: rows of plain pixels, palettes,
 * bit fields, and run lengths.  Colours come out as OpenCV 4.12 makes them,
 * down to how it widens narrow fields: those of 16-bit pixels are shifted up,
 * those of 32-bit pixels scaled and cut, and masks that it does not look at
 * are not looked at here.  Runs too wrap where it wraps them; only of RLE4 it
 * forgets how far a move goes down, and refuses what ends early.
 *
 * Files that it refuses but that are sound (2 bits, other 16-bit fields,
 * fields with alpha behind short headers, OS/2's run lengths of 24 bits) are
 * decoded with exact scaling.
 */
#include "image/codec.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, OS2_HEADER = 64, MASKED_HEADER = 56 };

/* Compressions as files number them; 4 is RLE24 in OS/2's headers. */
enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, FIELDS = 3, RLE24 = 4, ALPHA_FIELDS = 6 };

/* How a field narrower or wider than 8 bits becomes a byte. */
typedef enum Widening { SHIFTED, CUT, ROUNDED } Widening;

typedef struct Layout {
    const uint8_t *bytes;
    size_t         length;
    uint32_t       header;          /* its size */
    int            width, height;
    bool           top_down;
    int            bits;
    uint32_t       compression;
    uint32_t       colours;         /* in the palette, as the header says */
    size_t         data;            /* where pixels begin */
    bool           masked;          /* pixels are fields: */
    uint32_t       masks[3];        /* blue, green, red */
    Widening       widening;
} Layout;

static uint32_t le16(const uint8_t *at)
{
    return (uint32_t)at[1] << 8 | at[0];
}

static uint32_t le32(const uint8_t *at)
{
    return le16(at + 2) << 16 | le16(at);
}

/* ---- the header ------------------------------------------------------------ */

/* A number of the header at its offset in the long form; 0 when the header is
 * too short to have it. */
static uint32_t header_field(const Layout *layout, uint32_t offset)
{
    return offset + 4 <= layout->header ? le32(layout->bytes + FILE_HEADER + offset) : 0;
}

static bool read_sizes(Layout *layout, Error *err)
{
    const uint8_t *at = layout->bytes + FILE_HEADER;
    int64_t        width, height;

    if (layout->header == CORE_HEADER) {
        width        = le16(at + 4);
        height       = le16(at + 6);
        layout->bits = (int)le16(at + 10);
    } else {
        width               = (int32_t)le32(at + 4);
        height              = (int32_t)le32(at + 8);
        layout->bits        = (int)le16(at + 14);
        layout->compression = header_field(layout, 16);
        layout->colours     = header_field(layout, 32);
    }
    layout->top_down = height < 0;
    height = height < 0 ? -height : height;
    if (!image_size_check(width, height, err))
        return false;
    layout->width  = (int)width;
    layout->height = (int)height;
    return true;
}

static bool same_masks(const uint32_t masks[3], uint32_t blue, uint32_t green, uint32_t red)
{
    return masks[0] == blue && masks[1] == green && masks[2] == red;
}

/* Masks stand in the header, or behind one that is too short for them. */
static bool read_masks(Layout *layout, Error *err)
{
    const uint8_t *at = layout->bytes + FILE_HEADER + 40;
    uint32_t      *masks = layout->masks;

    if (layout->length < FILE_HEADER + 40 + 12)
        return fail(err, ERR_INVALID, "the BMP ends within its header");
    for (int i = 0; i < 3; i++)
        masks[2 - i] = le32(at + 4 * i);

    if (layout->bits == 32 && layout->compression == FIELDS) {
        layout->masked   = layout->header >= MASKED_HEADER && masks[0] && masks[1] && masks[2];
        layout->widening = CUT;
        return true;
    }
    bool known = same_masks(masks, 0x1F, 0x7E0, 0xF800) || same_masks(masks, 0x1F, 0x3E0, 0x7C00);
    layout->masked   = true;
    layout->widening = known && layout->header == 40 ? SHIFTED : ROUNDED;
    return true;
}

static bool is_run_length(const Layout *layout)
{
    switch (layout->compression) {
    case RLE8:
        return layout->bits == 8;
    case RLE4:
        return layout->bits == 4;
    case RLE24:
        return layout->bits == 24 && layout->header == OS2_HEADER;
    default:
        return false;
    }
}

/* Is this a kind of pixels that there is?  Fills in what the kind implies. */
static bool read_kind(Layout *layout, Error *err)
{
    static const uint32_t five[] = { 0x1F, 0x3E0, 0x7C00 };
    int  bits   = layout->bits;
    bool wide   = bits == 24 || bits == 32 || (bits == 16 && layout->header != CORE_HEADER);
    bool plain  = bits == 1 || bits == 2 || bits == 4 || bits == 8 || wide;
    bool fields = layout->compression == FIELDS || layout->compression == ALPHA_FIELDS;

    if (layout->compression == PLAIN && plain) {
        layout->masked   = bits == 16;
        layout->widening = SHIFTED;
        memcpy(layout->masks, five, sizeof five);
        return true;
    }
    if (fields && (bits == 16 || bits == 32) && layout->header >= 40)
        return read_masks(layout, err);
    return is_run_length(layout) ||
           fail(err, ERR_UNSUPPORTED, "a BMP of %d bits a pixel with compression %u is not "
                "supported; save it without compression, or as PNG", bits, layout->compression);
}

static size_t row_size(const Layout *layout)
{
    return ((size_t)layout->width * (size_t)layout->bits + 31) / 32 * 4;
}

/* The palette must be in the file, and so must be pixels that are not packed:
 * memory is only asked for what can be filled. */
static bool check_extent(const Layout *layout, Error *err)
{
    size_t entry  = layout->header == CORE_HEADER ? 3 : 4;
    size_t colors = layout->colours ? layout->colours : (size_t)1 << MIN(layout->bits, 8);

    if (layout->bits <= 8 && colors > 256)
        return fail(err, ERR_INVALID, "the BMP has a palette of %zu colours; 256 are the most",
                    colors);
    if (layout->bits <= 8 && FILE_HEADER + layout->header + colors * entry > layout->length)
        return fail(err, ERR_INVALID, "the BMP ends within its palette");
    if (layout->data >= layout->length)
        return fail(err, ERR_INVALID, "the BMP is cut off before its pixels");
    if (!is_run_length(layout) &&
        row_size(layout) * (size_t)layout->height > layout->length - layout->data)
        return fail(err, ERR_INVALID, "the BMP is cut off: %d rows of %zu bytes are not there",
                    layout->height, row_size(layout));
    return true;
}

static bool read_layout(const void *bytes, size_t length, Layout *layout, Error *err)
{
    const uint8_t *at = bytes;

    *layout = (Layout){ .bytes = bytes, .length = length };
    if (length < FILE_HEADER + 4)
        return fail(err, ERR_INVALID, "the BMP ends within its header");
    layout->header = le32(at + FILE_HEADER);
    layout->data   = le32(at + 10);
    if (layout->header > length - FILE_HEADER)
        return fail(err, ERR_INVALID, "the BMP ends within its header");
    if (layout->header != CORE_HEADER && layout->header < 16)
        return fail(err, ERR_INVALID, "the BMP has a header of %u bytes, which none is",
                    layout->header);
    return read_sizes(layout, err) && read_kind(layout, err) && check_extent(layout, err);
}

bool bmp_probe(const void *bytes, size_t length, ImageHeader *header, Error *err)
{
    Layout layout;

    header->format = FORMAT_BMP;
    if (!read_layout(bytes, length, &layout, err))
        return false;
    header->width  = layout.width;
    header->height = layout.height;
    return true;
}

/* ---- colours --------------------------------------------------------------- */

typedef uint8_t Colour[4];

/* Indices beyond the palette are black. */
static void read_palette(const Layout *layout, Colour palette[256])
{
    size_t         entry = layout->header == CORE_HEADER ? 3 : 4;
    const uint8_t *at    = layout->bytes + FILE_HEADER + layout->header;
    uint32_t       count = 0;

    if (layout->bits <= 8)
        count = layout->colours ? layout->colours : 1u << layout->bits;
    for (uint32_t i = 0; i < 256; i++) {
        memset(palette[i], 0, 3);
        if (i < count)
            memcpy(palette[i], at + i * entry, 3);
        palette[i][3] = 255;
    }
}

typedef struct Channel {
    uint32_t mask, most;    /* most: the mask shifted down */
    int      shift;
    float    scale;
    Widening widening;
} Channel;

static Channel channel_of(uint32_t mask, Widening widening)
{
    Channel channel = { .mask = mask, .widening = widening };

    if (mask) {
        channel.shift = __builtin_ctz(mask);
        channel.most  = mask >> channel.shift;
        channel.scale = 255.0f / (float)channel.most;
    }
    return channel;
}

static uint8_t channel_byte(const Channel *channel, uint32_t pixel)
{
    uint32_t value = (pixel & channel->mask) >> channel->shift;

    switch (channel->widening) {
    case SHIFTED:     /* only used for masks of 5 and 6 bits */
        return (uint8_t)(value << (channel->most == 0x3F ? 2 : 3));
    case CUT:
        return (uint8_t)MIN((float)value * channel->scale, 255.0f);
    case ROUNDED:
        if (channel->most == 0)
            return 0;
        return (uint8_t)(((uint64_t)value * 255 + channel->most / 2) / channel->most);
    }
    return 0;
}

/* ---- plain rows ------------------------------------------------------------ */

static void unpack_indices(const Layout *layout, const uint8_t *from, Colour *to,
                           Colour palette[256])
{
    int per_byte = 8 / layout->bits, mask = (1 << layout->bits) - 1;

    for (int x = 0; x < layout->width; x++) {
        int shift = 8 - layout->bits * (x % per_byte + 1);

        memcpy(to[x], palette[from[x / per_byte] >> shift & mask], 4);
    }
}

static void unpack_fields(const Layout *layout, const uint8_t *from, Colour *to,
                          const Channel channels[3])
{
    for (int x = 0; x < layout->width; x++) {
        uint32_t pixel = layout->bits == 16 ? le16(from + 2 * x) : le32(from + 4 * x);

        for (int i = 0; i < 3; i++)
            to[x][i] = channel_byte(&channels[i], pixel);
        to[x][3] = 255;
    }
}

static void unpack_bytes(const Layout *layout, const uint8_t *from, Colour *to)
{
    int step = layout->bits / 8;

    for (int x = 0; x < layout->width; x++) {
        memcpy(to[x], from + step * x, 3);
        to[x][3] = 255;
    }
}

/* Where the row that comes as number `row` of the file belongs. */
static Colour *row_of(const Layout *layout, Colour *pixels, int row)
{
    int y = layout->top_down ? row : layout->height - 1 - row;

    return pixels + (size_t)y * (size_t)layout->width;
}

static void decode_rows(const Layout *layout, Colour *pixels, Colour palette[256])
{
    const uint8_t *from = layout->bytes + layout->data;
    Channel        channels[3];

    for (int i = 0; i < 3; i++)
        channels[i] = channel_of(layout->masks[i], layout->widening);
    for (int row = 0; row < layout->height; row++, from += row_size(layout)) {
        Colour *to = row_of(layout, pixels, row);

        if (layout->bits <= 8)
            unpack_indices(layout, from, to, palette);
        else if (layout->masked)
            unpack_fields(layout, from, to, channels);
        else
            unpack_bytes(layout, from, to);
    }
}

/* ---- run lengths ----------------------------------------------------------- */

typedef struct Runs {
    const Layout  *layout;
    const uint8_t *at, *end;
    Colour        *pixels;
    Colour        *palette;
    int            x, row;
} Runs;

/* Pixel `i` of a piece that stands at `from`: of a run all have the colours of
 * the first byte (two of them in RLE4). */
static void put_pixel(Runs *runs, const uint8_t *from, int i)
{
    uint8_t *to = row_of(runs->layout, runs->pixels, runs->row)[runs->x++];

    switch (runs->layout->bits) {
    case 4:
        memcpy(to, runs->palette[i & 1 ? from[i / 2] & 15 : from[i / 2] >> 4], 4);
        break;
    case 8:
        memcpy(to, runs->palette[from[i]], 4);
        break;
    default:
        memcpy(to, from + 3 * i, 3);
        to[3] = 255;
    }
}

/* Bytes that `count` pixels take up. */
static size_t piece_size(const Runs *runs, int count)
{
    return ((size_t)count * (size_t)runs->layout->bits + 7) / 8;
}

/* A full row is left at its end or, without one, by the next run. */
static void next_row(Runs *runs)
{
    runs->x = 0;
    runs->row++;
}

/* Is there room for that many pixels, and are their bytes there? */
static bool piece_fits(const Runs *runs, int count, size_t size, Error *err)
{
    if (runs->row >= runs->layout->height || count > runs->layout->width - runs->x)
        return fail(err, ERR_INVALID, "the BMP has a run that leaves its row");
    if (size > (size_t)(runs->end - runs->at))
        return fail(err, ERR_INVALID, "the BMP is cut off within its pixels");
    return true;
}

static bool put_run(Runs *runs, int count, Error *err)
{
    size_t size = MAX((size_t)runs->layout->bits / 8, 1);

    if (runs->x == runs->layout->width)
        next_row(runs);
    if (!piece_fits(runs, count, size, err))
        return false;
    for (int i = 0; i < count; i++)
        put_pixel(runs, runs->at, runs->layout->bits == 4 ? i & 1 : 0);
    runs->at += size;
    return true;
}

/* Pixels as they are, filled up to an even number of bytes. */
static bool put_literals(Runs *runs, int count, Error *err)
{
    size_t size = piece_size(runs, count);

    size += size & 1;
    if (!piece_fits(runs, count, size, err))
        return false;
    for (int i = 0; i < count; i++)
        put_pixel(runs, runs->at, i);
    runs->at += size;
    return true;
}

static bool move(Runs *runs, Error *err)
{
    if (runs->end - runs->at < 2)
        return fail(err, ERR_INVALID, "the BMP is cut off within its pixels");
    runs->x   += runs->at[0];
    runs->row += runs->at[1];
    runs->at  += 2;
    for (; runs->x >= runs->layout->width; runs->row++)
        runs->x -= runs->layout->width;
    return true;
}

/* After a run that fills the last row nothing more is looked at, after
 * literals that do there must be an end. */
static bool is_full(const Runs *runs, bool after_run)
{
    int rows = runs->layout->height;

    return runs->row >= rows ||
           (after_run && runs->row == rows - 1 && runs->x == runs->layout->width);
}

/* What is not written keeps the first colour of the palette. */
static bool decode_runs(Runs *runs, Error *err)
{
    int count = 0;

    while (!is_full(runs, count > 0)) {
        if (runs->end - runs->at < 2)
            return fail(err, ERR_INVALID, "the BMP is cut off within its pixels");

        int  code = runs->at[1];
        bool ok   = true;

        count     = runs->at[0];
        runs->at += count > 0 ? 1 : 2;
        if (count > 0)
            ok = put_run(runs, count, err);
        else if (code > 2)
            ok = put_literals(runs, code, err);
        else if (code == 2)
            ok = move(runs, err);
        else if (code == 1)
            return true;
        else
            next_row(runs);
        if (!ok)
            return false;
    }
    return true;
}

bool bmp_decode(const void *bytes, size_t length, const ImageHeader *header, uint8_t *pixels,
                Error *err)
{
    Layout layout;
    Colour palette[256];
    size_t count = (size_t)header->width * (size_t)header->height;

    if (!read_layout(bytes, length, &layout, err))
        return false;
    assert(layout.width == header->width && layout.height == header->height);

    read_palette(&layout, palette);
    if (!is_run_length(&layout)) {
        decode_rows(&layout, (Colour *)pixels, palette);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(pixels + 4 * i, palette[0], 4);

    Runs runs = {
        .layout = &layout, .at = layout.bytes + layout.data, .end = layout.bytes + length,
        .pixels = (Colour *)pixels, .palette = palette,
    };
    return decode_runs(&runs, err);
}
