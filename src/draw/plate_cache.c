/*
 * plate_cache - labels that were drawn before.
 *
 * A place for each hash: what comes later takes it over.  When LIMIT_PLATE_CACHE is
 * used up the cache starts afresh, which costs a video one frame drawn the slow way.
 */
#include "draw/plate_cache.h"

#include <pthread.h>

#include "base/map.h"
#include "draw/stroke.h"

enum { PLACES = 1024, LONGEST_TEXT = 64, LARGEST_PLATE = 64 * 1024 };

typedef struct Plate {
    char       text[LONGEST_TEXT];
    size_t     length;
    Color      color;
    LabelStyle style;
    Size       size;
    uint8_t   *pixels;       /* NULL: nothing is kept here */
} Plate;

static struct {
    pthread_mutex_t lock;
    size_t          used;    /* bytes of pixels */
    Plate           places[PLACES];
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

bool plate_can_be_kept(const Image *image, const PlateKey *key)
{
    const LabelStyle *style = key->style;

    if (image_channels(image) != 3 || style->radius > 0 || !(style->scale > 0) ||
        key->text.length == 0 || key->text.length > LONGEST_TEXT || style->thickness < 1) {
        return false;
    }
    for (size_t i = 0; i < key->text.length; i++) {
        if ((unsigned char)key->text.at[i] < 32 || (unsigned char)key->text.at[i] > 126) {
            return false;
        }
    }
    return (double)style->padding >= stroke_overhang(key->text, style->scale, style->thickness);
}

static bool same_color(Color a, Color b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

static Plate *place_of(const PlateKey *key)
{
    return &cache.places[hash_text(key->text) % PLACES];
}

/* The plate, or NULL; the lock is held. */
static Plate *find(const PlateKey *key)
{
    Plate            *plate = place_of(key);
    const LabelStyle *style = key->style;

    return plate->pixels && plate->length == key->text.length &&
           memcmp(plate->text, key->text.at, plate->length) == 0 &&
           same_color(plate->color, key->plate) && same_color(plate->style.text, style->text) &&
           plate->style.scale == style->scale && plate->style.thickness == style->thickness &&
           plate->style.padding == style->padding ? plate : NULL;
}

/* The pixels of a plate: both corners are of it.  False when not all of them are inside
 * the picture. */
static bool pixels_of(const Image *image, Rect box, Rect *out)
{
    *out = (Rect){ box.x, box.y, box.width + 1, box.height + 1 };
    return box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0 &&
           box.width < image_width(image) - box.x && box.height < image_height(image) - box.y;
}

bool plate_find_size(const PlateKey *key, Size *size)
{
    pthread_mutex_lock(&cache.lock);
    const Plate *plate = find(key);
    if (plate)
        *size = plate->size;
    pthread_mutex_unlock(&cache.lock);
    return plate != NULL;
}

static size_t bytes_of(Size size)
{
    return 4 * ((size_t)size.width + 1) * ((size_t)size.height + 1);
}

/* Copy rows between a picture and a kept plate. */
static void copy_rows(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride,
                      Rect pixels)
{
    for (int y = 0; y < pixels.height; y++)
        memcpy(to + (size_t)y * to_stride, from + (size_t)y * from_stride,
               4 * (size_t)pixels.width);
}

bool plate_paint(Image *image, Rect box, const PlateKey *key)
{
    size_t stride = image_stride(image);
    Rect   pixels;

    if (!pixels_of(image, box, &pixels))
        return false;

    uint8_t *at = image_edit(image) + (size_t)pixels.y * stride + 4 * (size_t)pixels.x;

    pthread_mutex_lock(&cache.lock);
    const Plate *plate = find(key);
    bool         kept  = plate && plate->size.width == box.width &&
                         plate->size.height == box.height;
    if (kept)
        copy_rows(at, stride, plate->pixels, 4 * (size_t)pixels.width, pixels);
    pthread_mutex_unlock(&cache.lock);
    return kept;
}

static void forget(Plate *plate)
{
    if (plate->pixels) {
        cache.used -= bytes_of(plate->size);
        free(plate->pixels);
        plate->pixels = NULL;
    }
}

static void forget_all(void)
{
    for (int i = 0; i < PLACES; i++)
        forget(&cache.places[i]);
}

void plate_keep(const Image *image, Rect box, const PlateKey *key)
{
    size_t   stride = image_stride(image), bytes = bytes_of((Size){ box.width, box.height });
    Rect     pixels;
    uint8_t *kept;

    if (!pixels_of(image, box, &pixels) || bytes > LARGEST_PLATE)
        return;
    kept = malloc(bytes);
    if (!kept)
        return;      /* it is drawn again, then */
    copy_rows(kept, 4 * (size_t)pixels.width,
              image_pixels(image) + (size_t)pixels.y * stride + 4 * (size_t)pixels.x, stride,
              pixels);

    pthread_mutex_lock(&cache.lock);
    Plate *plate = place_of(key);
    forget(plate);
    if (cache.used + bytes > LIMIT_PLATE_CACHE)
        forget_all();
    *plate = (Plate){ .length = key->text.length, .color = key->plate, .style = *key->style,
                      .size = { box.width, box.height }, .pixels = kept };
    memcpy(plate->text, key->text.at, key->text.length);
    cache.used += bytes;
    pthread_mutex_unlock(&cache.lock);
}
