/*
 * image - a picture: pixels, where it came from, and how it arrived.
 *
 * An Image is a small record that points to big stores: its pixels, the bytes
 * and perhaps the text it arrived as.  Stores are counted and charged to the
 * budget on their own, so that crops share pixels and nothing big is held
 * longer than someone looks at it.
 */
#include "image/image.h"

#include <stdalign.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/budget.h"
#include "base/gate.h"
#include "base/pool.h"
#include "image/codec.h"

/* Bytes that several pictures may share. */
typedef struct Store {
    atomic_int  refs;
    atomic_bool kept;        /* somebody may look at it at any time */
    size_t      size;
    alignas(16) uint8_t bytes[];
} Store;

struct Image {
    atomic_int     refs;
    int            width, height, channels;
    const uint8_t *first;           /* row, inside of pixels */
    size_t         stride;
    Store         *pixels;
    Store         *encoded;         /* NULL: none, or no longer these pixels */
    Store         *source_text;
    Lineage        lineage;
    VideoMeta      video;
    bool           has_video;
    bool           open;            /* drawn into although others have it */
    char          *lineage_texts;   /* what the texts above point into */
    char          *video_text;
};

/* ---- stores ---------------------------------------------------------------- */

/* A store of bytes that the budget was already charged for. */
static Store *store_new(size_t size, bool zeroed, Error *err)
{
    Store *store = zeroed ? calloc(1, sizeof *store + size) : malloc(sizeof *store + size);

    if (!store) {
        fail(err, ERR_MEMORY, "no memory for a picture of %zu MB", size >> 20);
        return NULL;
    }
    atomic_init(&store->refs, 1);
    atomic_init(&store->kept, false);
    store->size = size;
    budget_large_pages(store, sizeof *store + size);
    return store;
}

/* The same, charged here. */
static Store *store_take(size_t size, bool zeroed, Error *err)
{
    if (!budget_take(&budget_pictures, size, NULL, err))
        return NULL;

    Store *store = store_new(size, zeroed, err);
    if (!store)
        budget_give(&budget_pictures, size);
    return store;
}

static Store *store_ref(Store *store)
{
    if (!store)
        return NULL;
    atomic_fetch_add_explicit(&store->refs, 1, memory_order_relaxed);
    return store;
}

/* Free the memory; what it was charged stays taken. */
static void store_drop(Store *store)
{
    free(store);
}

static void store_unref(Store *store)
{
    if (!store || atomic_fetch_sub_explicit(&store->refs, 1, memory_order_acq_rel) > 1)
        return;
    budget_give(&budget_pictures, store->size);
    store_drop(store);
}

static Text store_text(const Store *store)
{
    return store ? (Text){ (const char *)store->bytes, store->size } : (Text){ NULL, 0 };
}

/* ---- texts ----------------------------------------------------------------- */

/* Copy `from` to *at, which moves on, and say where it now is. */
static Text put_text(char **at, Text from)
{
    if (!from.at)
        return from;

    char *copy = *at;
    if (from.length > 0)
        memcpy(copy, from.at, from.length);
    copy[from.length] = '\0';
    *at += from.length + 1;
    return (Text){ copy, from.length };
}

bool image_set_lineage(Image *image, const Lineage *lineage, Error *err)
{
    Text  parent = lineage->parent_id, root = lineage->root_id;
    char *texts  = malloc(parent.length + root.length + 2);

    if (!texts)
        return fail(err, ERR_MEMORY, "no memory for a picture's lineage");

    char *at = texts;
    image->lineage           = *lineage;
    image->lineage.parent_id = put_text(&at, parent);
    image->lineage.root_id   = put_text(&at, root);
    free(image->lineage_texts);
    image->lineage_texts = texts;
    return true;
}

bool image_set_video(Image *image, const VideoMeta *video, Error *err)
{
    char *text = NULL;

    if (video) {
        text = malloc(video->video_id.length + 1);
        if (!text)
            return fail(err, ERR_MEMORY, "no memory for a picture's video data");

        char *at = text;
        image->video          = *video;
        image->video.video_id = put_text(&at, video->video_id);
    }
    image->has_video = video != NULL;
    free(image->video_text);
    image->video_text = text;
    return true;
}

bool image_set_source_text(Image *image, Text text, Error *err)
{
    Store *store = NULL;

    if (text.at) {
        store = store_take(text.length, false, err);
        if (!store)
            return false;
        memcpy(store->bytes, text.at, text.length);
    }
    store_unref(image->source_text);
    image->source_text = store;
    return true;
}

/* ---- making ---------------------------------------------------------------- */

static int bytes_a_pixel(int channels)
{
    return channels == 1 ? 1 : 4;
}

/* An image without pixels yet. */
static Image *image_blank(int width, int height, int channels, Error *err)
{
    Image *image = calloc(1, sizeof *image);

    assert(channels == 1 || channels == 3 || channels == 4);
    if (!image) {
        fail(err, ERR_MEMORY, "no memory for a picture");
        return NULL;
    }
    atomic_init(&image->refs, 1);
    image->width    = width;
    image->height   = height;
    image->channels = channels;
    image->stride   = (size_t)width * (size_t)bytes_a_pixel(channels);
    return image;
}

static void use_pixels(Image *image, Store *pixels)
{
    image->pixels = pixels;
    image->first  = pixels->bytes;
}

/* An image with pixels of its own and nothing known about it. */
static Image *image_make(int width, int height, int channels, bool zeroed, Error *err)
{
    if (!image_size_check(width, height, err))
        return NULL;

    Image *image = image_blank(width, height, channels, err);
    if (!image)
        return NULL;

    Store *pixels = store_take(image->stride * (size_t)height, zeroed, err);
    if (!pixels) {
        image_unref(image);
        return NULL;
    }
    use_pixels(image, pixels);
    return image;
}

/* Give `image`, which may be NULL, back as it is when `done`, else drop it. */
static Image *image_if(bool done, Image *image)
{
    if (!done) {
        image_unref(image);
        return NULL;
    }
    return image;
}

/* A picture that comes from nowhere else is its own parent and root. */
static Image *with_own_lineage(Image *image, Text id, Error *err)
{
    Origin  whole   = { 0, 0, image->width, image->height };
    Lineage lineage = { id, whole, id, whole };

    return image_if(image_set_lineage(image, &lineage, err), image);
}

Image *image_new(int width, int height, int channels, Text id, Error *err)
{
    Image *image = image_make(width, height, channels, true, err);

    return image ? with_own_lineage(image, id, err) : NULL;
}

Image *image_ref(const Image *image)
{
    Image *same = (Image *)image;

    atomic_fetch_add_explicit(&same->refs, 1, memory_order_relaxed);
    return same;
}

void image_unref(Image *image)
{
    if (!image || atomic_fetch_sub_explicit(&image->refs, 1, memory_order_acq_rel) > 1)
        return;
    store_unref(image->pixels);
    store_unref(image->encoded);
    store_unref(image->source_text);
    free(image->lineage_texts);
    free(image->video_text);
    free(image);
}

static void unref_later(void *image)
{
    image_unref(image);
}

Image *image_keep(Arena *arena, Image *image)
{
    return arena_defer(arena, unref_later, image) ? image : NULL;
}

/* ---- decoding -------------------------------------------------------------- */

/* Decode into a new store of pixels, turned upright.  A picture that has to
 * be turned on its side is in memory twice for a moment. */
static Store *decode_pixels(const Store *encoded, const ImageHeader *header, Error *err)
{
    size_t size   = 4 * (size_t)header->width * (size_t)header->height;
    Store *pixels = store_new(size, false, err);

    if (!pixels)
        return NULL;

    bool done = image_decode_pixels(encoded->bytes, encoded->size, header, pixels->bytes, err);
    if (done && orientation_swaps(header->orientation)) {
        Store *upright = store_new(size, false, err);

        if (upright)
            orient_into(upright->bytes, pixels->bytes, header->width, header->height,
                        header->orientation);
        store_drop(pixels);
        return upright;
    }
    if (done) {
        orient_in_place(pixels->bytes, header->width, header->height, header->orientation);
        return pixels;
    }
    store_drop(pixels);
    return NULL;
}

/* Fill an image from a copy of the encoded bytes; all is charged already. */
static bool decode_into(Image *image, const void *bytes, size_t length, const ImageHeader *header,
                        Error *err)
{
    Store *encoded = store_new(length, false, err);

    if (!encoded)
        return false;
    memcpy(encoded->bytes, bytes, length);

    Store *pixels = decode_pixels(encoded, header, err);
    if (!pixels) {
        store_drop(encoded);
        return false;
    }
    use_pixels(image, pixels);
    image->encoded = encoded;
    return true;
}

/* Decoding is all computing: more at once than there are cores only take turns, and
 * what else the cores have to do (light requests) waits behind all of them. */
static Gate decoders;

static void open_decoders(void)
{
    gate_init(&decoders, pool_cores(), INT_MAX);
}

static bool decode_in_turn(Image *image, const void *bytes, size_t length,
                           const ImageHeader *header, const Cancel *cancel, Error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, open_decoders);
    if (!gate_enter(&decoders, cancel, err))
        return false;
    bool done = decode_into(image, bytes, length, header, err);
    gate_leave(&decoders);
    return done;
}

Image *image_decode(const void *bytes, size_t length, Text id, const Cancel *cancel, Error *err)
{
    ImageHeader header;

    if (!image_probe(bytes, length, &header, err))
        return NULL;

    bool   swaps  = orientation_swaps(header.orientation);
    size_t pixels = 4 * (size_t)header.width * (size_t)header.height;
    size_t passing = MAX(header.scratch, swaps ? pixels : 0);    /* never both at once */

    /* Everything is taken at once: who holds a part and waits for more could
     * wait for others who do the same. */
    if (!budget_enter(&budget_pictures, length + pixels + passing, cancel, err))
        return NULL;

    Image *image = image_blank(swaps ? header.height : header.width,
                               swaps ? header.width : header.height, 3, err);
    bool   done  = image && decode_in_turn(image, bytes, length, &header, cancel, err);

    budget_give(&budget_pictures, done ? passing : length + pixels + passing);
    done  = done && cancel_check(cancel, err);
    image = image_if(done, image);
    return image ? with_own_lineage(image, id, err) : NULL;
}

Image *image_with_alpha(const Image *image, Error *err)
{
    Text        bytes = image_encoded(image);
    ImageHeader header;
    Image      *made;

    if (!bytes.at || !image_probe(bytes.at, bytes.length, &header, NULL) ||
        header.format != FORMAT_PNG) {
        return image_ref(image);
    }
    made = image_make(header.width, header.height, 4, false, err);
    return image_if(made && png_decode_alpha(bytes.at, bytes.length, &header,
                                             made->pixels->bytes, err) &&
                    image_set_lineage(made, image_lineage(image), err), made);
}

/* ---- looking --------------------------------------------------------------- */

int image_width(const Image *image)
{
    return image->width;
}

int image_height(const Image *image)
{
    return image->height;
}

int image_channels(const Image *image)
{
    return image->channels;
}

int image_pixel_bytes(const Image *image)
{
    return bytes_a_pixel(image->channels);
}

const uint8_t *image_pixels(const Image *image)
{
    return image->first;
}

size_t image_stride(const Image *image)
{
    return image->stride;
}

const Lineage *image_lineage(const Image *image)
{
    return &image->lineage;
}

const VideoMeta *image_video(const Image *image)
{
    return image->has_video ? &image->video : NULL;
}

Text image_encoded(const Image *image)
{
    return store_text(image->encoded);
}

Text image_source_text(const Image *image)
{
    return store_text(image->source_text);
}

/* ---- deriving -------------------------------------------------------------- */

Image *image_crop(const Image *image, Rect rect, Text id, bool keep_video, Error *err)
{
    assert(rect.width > 0 && rect.height > 0 && rect.x >= 0 && rect.y >= 0);
    assert(rect.x <= image->width - rect.width && rect.y <= image->height - rect.height);

    Image *crop = image_blank(rect.width, rect.height, image->channels, err);
    if (!crop)
        return NULL;

    crop->pixels = store_ref(image->pixels);
    crop->stride = image->stride;
    crop->first  = image->first + (size_t)rect.y * image->stride +
                   (size_t)rect.x * (size_t)image_pixel_bytes(image);

    Lineage lineage = image->lineage;
    lineage.parent_id      = id;
    lineage.parent         = (Origin){ rect.x, rect.y, image->width, image->height };
    lineage.root.offset_x += rect.x;
    lineage.root.offset_y += rect.y;

    bool done = image_set_lineage(crop, &lineage, err) &&
                image_set_video(crop, keep_video ? image_video(image) : NULL, err);
    return image_if(done, crop);
}

/* A new picture in the place of `image`. */
static Image *take_place(const Image *image, int width, int height, int channels, bool zeroed,
                         Error *err)
{
    Image *made = image_make(width, height, channels, zeroed, err);

    return image_if(made && image_set_lineage(made, &image->lineage, err) &&
                    image_set_video(made, image_video(image), err), made);
}

/* What is known of `image`, without its pixels. */
static Image *blank_like(const Image *image, Error *err)
{
    Image *made = image_blank(image->width, image->height, image->channels, err);

    return image_if(made && image_set_lineage(made, &image->lineage, err) &&
                    image_set_video(made, image_video(image), err), made);
}

Image *image_remember(const Image *image, Error *err)
{
    Image *made = blank_like(image, err);

    if (!made)
        return NULL;
    if (image->pixels)
        atomic_store(&image->pixels->kept, true);
    made->pixels      = store_ref(image->pixels);
    made->first       = image->first;
    made->stride      = image->stride;
    made->encoded     = store_ref(image->encoded);
    made->source_text = store_ref(image->source_text);
    return made;
}

Image *image_as_stored(const Image *image, Error *err)
{
    static const int back[] = { 1, 1, 2, 3, 4, 5, 8, 7, 6 };    /* what undoes each turn */
    Text        encoded = image_encoded(image);
    ImageHeader header;
    Image      *copy, *stored;

    if (!encoded.at || !image_probe(encoded.at, encoded.length, &header, NULL) ||
        header.orientation < 2 || header.orientation > 8 || image->channels != 3) {
        return image_ref(image);
    }
    copy = image_copy(image, err);
    if (!copy || !orientation_swaps(header.orientation)) {
        if (copy)
            orient_in_place(image_edit(copy), image->width, image->height,
                            back[header.orientation]);
        return copy;
    }
    stored = take_place(image, image->height, image->width, 3, false, err);
    if (stored)
        orient_into(image_edit(stored), copy->pixels->bytes, image->width, image->height,
                    back[header.orientation]);
    image_unref(copy);
    return stored;
}

Image *image_replace(const Image *image, int width, int height, int channels, Error *err)
{
    return take_place(image, width, height, channels, true, err);
}

Image *image_copy(const Image *image, Error *err)
{
    Image *copy     = take_place(image, image->width, image->height, image->channels, false, err);
    int    together = copy && copy->stride == image->stride ? image->height : 1;   /* rows */

    for (int y = 0; copy && y < image->height; y += together)
        memcpy(copy->pixels->bytes + (size_t)y * copy->stride,
               image->first + (size_t)y * image->stride, copy->stride * (size_t)together);
    return copy;
}

/* Forget the bytes that the picture came as. */
static void drop_encoded(Image *image)
{
    store_unref(image->encoded);
    store_unref(image->source_text);
    image->encoded     = NULL;
    image->source_text = NULL;
}

Image *image_take(Image *image, Error *err)
{
    static const uint8_t black[4 * LIMIT_IMAGE_SIDE];
    Image *taken;

    if (atomic_load(&image->refs) > 1 || !image->pixels ||
        atomic_load(&image->pixels->refs) > 1) {
        return image_copy(image, err);
    }
    taken = blank_like(image, err);
    if (!taken)
        return NULL;
    taken->pixels = image->pixels;
    taken->first  = image->first;
    taken->stride = image->stride;
    image->pixels = NULL;
    image->first  = black;          /* whoever looks all the same sees no foreign memory */
    image->stride = 0;
    drop_encoded(image);
    return taken;
}

Image *image_open(Image *image, Error *err)
{
    if (!image->pixels || atomic_load(&image->pixels->kept)) {
        Image *copy = image_copy(image, err);

        if (!copy)
            return NULL;
        store_unref(image->pixels);
        image->stride = copy->stride;
        use_pixels(image, store_ref(copy->pixels));
        image_unref(copy);
    }
    drop_encoded(image);
    image->open = true;
    return image_ref(image);
}

uint8_t *image_edit(Image *image)
{
    assert(image->open ||
           (atomic_load(&image->refs) == 1 && atomic_load(&image->pixels->refs) == 1));

    drop_encoded(image);
    return image->pixels->bytes + (image->first - image->pixels->bytes);
}
