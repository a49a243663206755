/*
 * encode_jpeg - pixels to JPEG, on several cores.
 *
 * libjpeg-turbo encodes with the settings that OpenCV's imencode uses, the accurate
 * DCT among them, and a small picture comes out the same to the byte.  A large one is
 * cut into stripes of whole rows of MCUs, the squares of pixels that JPEG puts in
 * order.  Each stripe is encoded as a picture of its own, on any thread, and their
 * data are joined behind one header that announces restarts: at a restart a decoder
 * begins anew, as it does with a picture.  Nothing else in baseline JPEG reaches
 * beyond a row of MCUs, so the decoded pixels are those of the picture encoded in
 * one piece, and the file is what OpenCV writes when asked for that restart interval.
 *
 * How many stripes there are follows from the picture's size alone: the bytes are the
 * same on every machine and with any number of threads.
 */
#include <turbojpeg.h>

#include "image/codec.h"

enum {
    SOF0 = 0xC0, DHT = 0xC4, RST0 = 0xD0, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DQT = 0xDB,
    DRI = 0xDD, APP0 = 0xE0, PREFIX = 0xFF,
};

enum {
    STRIPE_PIXELS = 125000,    /* that are worth a stripe, some 0.4 ms of work */
    STRIPES_MOST  = 32,
    INTERVAL_MOST = 65535,     /* MCUs from restart to restart, as a DRI segment can tell */
};

/* A picture of its own, and where in it, as offsets, what is joined lies. */
typedef struct Stripe {
    unsigned char *bytes;
    unsigned long  length;
    size_t         height;     /* two bytes of the frame header */
    size_t         scan;       /* the header of its scan */
    size_t         data;       /* what follows that, up to the EOI */
    Error          err;        /* with a kind when it could not be encoded */
} Stripe;

typedef struct Work {
    const Image *image;
    int          quality, chroma;
    int          count;        /* of stripes */
    int          rows;         /* of pixels in a stripe; the last one may have fewer */
    int          interval;     /* MCUs in a stripe */
    Stripe       stripes[STRIPES_MOST];
} Work;

static int chroma_of(const Image *image, Coding coding)
{
    return image_channels(image) == 1 ? TJSAMP_GRAY
           : coding == CODING_JPEG_444 ? TJSAMP_444 : TJSAMP_420;
}

static int parts(int whole, int size)
{
    return (whole + size - 1) / size;
}

/* ---- stripes --------------------------------------------------------------- */

static void stay_whole(Work *work)
{
    work->count = 1;
    work->rows  = image_height(work->image);
}

/* Pixels that pad the picture to whole MCUs count: they are work as well. */
static void divide(Work *work)
{
    int side   = tjMCUHeight[work->chroma];      /* and width, of these three */
    int across = parts(image_width(work->image), side);
    int down   = parts(image_height(work->image), side);
    int least  = parts(STRIPE_PIXELS, across * side * side);
    int rows   = parts(down, MAX(1, MIN(down / least, STRIPES_MOST)));

    work->count    = parts(down, rows);
    work->rows     = rows * side;
    work->interval = rows * across;
    if (work->count == 1 || work->interval > INTERVAL_MOST)
        stay_whole(work);
}

static void encode_stripe(void *context, int i)
{
    Work        *work   = context;
    const Image *image  = work->image;
    Stripe      *stripe = &work->stripes[i];
    int          top    = i * work->rows;
    tjhandle     tool   = tjInitCompress();

    if (!tool) {
        fail(&stripe->err, ERR_MEMORY, "no memory for the JPEG encoder");
        return;
    }
    if (tjCompress2(tool, image_pixels(image) + (size_t)top * image_stride(image),
                    image_width(image), (int)image_stride(image),
                    MIN(work->rows, image_height(image) - top),
                    image_channels(image) == 1 ? TJPF_GRAY : TJPF_BGRX,
                    &stripe->bytes, &stripe->length, work->chroma, work->quality,
                    TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC) != 0)
        codec_fail(&stripe->err, ERR_INTERNAL, "the picture cannot be encoded as JPEG",
                   tjGetErrorStr2(tool));
    tjDestroy(tool);
}

/* Encode all stripes; the memory that they lie in, or NULL.  Room for the worst case, most
 * of which stays untouched, is cheaper than growing. */
static unsigned char *encode_stripes(Work *work, Pool *pool, Error *err)
{
    size_t         each = tjBufSize(image_width(work->image), work->rows, work->chroma);
    unsigned char *room = NULL;

    if (each < SIZE_MAX / STRIPES_MOST)
        room = malloc(each * (size_t)work->count);
    if (!room) {
        fail(err, ERR_MEMORY, "no memory for the JPEG encoder");
        return NULL;
    }
    for (int i = 0; i < work->count; i++)
        work->stripes[i] = (Stripe){ .bytes = room + (size_t)i * each, .length = each };
    pool_each(pool, work->count, encode_stripe, work);

    for (int i = 0; i < work->count; i++) {
        if (!work->stripes[i].err.kind)
            continue;
        if (err)
            *err = work->stripes[i].err;
        free(room);
        return NULL;
    }
    return room;
}

/* ---- joining --------------------------------------------------------------- */

/* Find what is joined by hopping over the segments.  False when it is not a baseline JPEG
 * with one scan and without restarts. */
static bool read_layout(Stripe *stripe)
{
    const uint8_t *bytes      = stripe->bytes;
    int            components = 0;

    if (stripe->length < 4 || be16(bytes) != (PREFIX << 8 | SOI) ||
        be16(bytes + stripe->length - 2) != (PREFIX << 8 | EOI))
        return false;

    size_t end = stripe->length - 2, size;

    for (size_t at = 2; end - at >= 4 && bytes[at] == PREFIX; at += 2 + size) {
        int marker = bytes[at + 1];

        size = be16(bytes + at + 2);
        if (size < 3 || size > end - at - 2)
            return false;
        if (marker == SOS) {
            stripe->scan = at;
            stripe->data = at + 2 + size;
            return components > 0 && bytes[at + 4] == components;
        }
        if (marker == SOF0 && size >= 8 && components == 0) {
            stripe->height = at + 5;
            components     = bytes[at + 9];
        } else if (marker != DQT && marker != DHT && marker != APP0) {
            return false;
        }
    }
    return false;
}

/* Whether two headers differ in nothing but the height. */
static bool same_header(const Stripe *a, const Stripe *b)
{
    size_t width = a->height + 2;

    return a->height == b->height && a->data == b->data &&
           memcmp(a->bytes, b->bytes, a->height) == 0 &&
           memcmp(a->bytes + width, b->bytes + width, a->data - width) == 0;
}

/* Not so when something outside, such as a variable of the environment that libjpeg-turbo
 * looks at, asks for tables or scans that depend on what is in a stripe. */
static bool can_join(Work *work)
{
    for (int i = 0; i < work->count; i++) {
        if (!read_layout(&work->stripes[i]) ||
            !same_header(&work->stripes[0], &work->stripes[i]))
            return false;
    }
    return true;
}

static void append_pair(Buffer *out, int high, int low)
{
    buffer_append(out, (uint8_t[]){ (uint8_t)high, (uint8_t)low }, 2);
}

/* What a restart marker stands before is the data of the next stripe. */
static void join(const Work *work, Buffer *out)
{
    const Stripe *first  = &work->stripes[0];
    const Stripe *last   = &work->stripes[work->count - 1];
    int           height = image_height(work->image);

    buffer_append(out, first->bytes, first->height);
    append_pair(out, height >> 8, height);
    buffer_append(out, first->bytes + first->height + 2, first->scan - first->height - 2);
    append_pair(out, PREFIX, DRI);
    append_pair(out, 0, 4);
    append_pair(out, work->interval >> 8, work->interval);
    buffer_append(out, first->bytes + first->scan, first->data - first->scan);
    for (const Stripe *at = first; at <= last; at++) {
        buffer_append(out, at->bytes + at->data, at->length - 2 - at->data);
        append_pair(out, PREFIX, at < last ? RST0 + (int)((at - first) % 8) : EOI);
    }
}

/* ---- all ------------------------------------------------------------------- */

bool jpeg_encode(const Image *image, ImageWriting how, Buffer *out, Error *err)
{
    Work           work   = { .image = image, .quality = MAX(1, MIN(how.quality, 100)),
                              .chroma = chroma_of(image, how.coding) };
    unsigned char *room;
    size_t         length = 0;

    divide(&work);
    room = encode_stripes(&work, how.pool, err);
    if (room && work.count > 1 && !can_join(&work)) {
        free(room);
        stay_whole(&work);
        room = encode_stripes(&work, NULL, err);
    }
    if (!room)
        return false;

    for (int i = 0; i < work.count; i++)
        length += work.stripes[i].length;
    if (buffer_room(out, length) && work.count > 1)     /* at once, not doubling */
        join(&work, out);
    else
        buffer_append(out, work.stripes[0].bytes, work.stripes[0].length);
    free(room);
    return !out->failed || fail(err, ERR_MEMORY, "no room for an encoded picture of %zu kB",
                                length >> 10);
}
