/*
 * plate_cache - labels that were drawn before.
 *
 * A few places for each hash: what comes later takes them over in turn.  Two labels of one
 * picture that shared a single place would drive each other out in every frame.  When
 * LIMIT_PLATE_CACHE is used up the cache starts afresh, which costs a video one frame
 * drawn the slow way.
 */
#include "draw/plate_cache.h"

#include <pthread.h>

#include "base/map.h"
#include "draw/stroke.h"

enum { PLACES = 1024, WAYS = 8, LONGEST_TEXT = 64, LARGEST_PLATE = 64 * 1024 };

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
    unsigned        turn;
    Plate           places[PLACES];
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t bytes_of(Size size)
{
    return 4 * ((size_t)size.width + 1) * ((size_t)size.height + 1);
}

/* What is quickly told; whether all ink is inside is looked at when a plate is kept. */
bool plate_may_be_kept(const Image *image, const PlateKey *key)
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
    return true;
}

bool plate_can_be_kept(const PlateKey *key, Size size)
{
    const LabelStyle *style = key->style;

    return size.width > 0 && size.height > 0 && bytes_of(size) <= LARGEST_PLATE &&
           (double)style->padding >= stroke_overhang(key->text, style->scale, style->thickness);
}

static bool same_color(Color a, Color b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/* The first of the places for a label. */
static Plate *places_of(const PlateKey *key)
{
    return &cache.places[hash_text(key->text) % (PLACES / WAYS) * WAYS];
}

static bool is_of(const Plate *plate, const PlateKey *key)
{
    const LabelStyle *style = key->style;

    return plate->pixels && plate->length == key->text.length &&
           memcmp(plate->text, key->text.at, plate->length) == 0 &&
           same_color(plate->color, key->plate) && same_color(plate->style.text, style->text) &&
           plate->style.scale == style->scale && plate->style.thickness == style->thickness &&
           plate->style.padding == style->padding;
}

/* The plate, or NULL; the lock is held. */
static Plate *find(const PlateKey *key)
{
    Plate *places = places_of(key);

    for (int i = 0; i < WAYS; i++) {
        if (is_of(&places[i], key)) {
            return &places[i];
        }
    }
    return NULL;
}

/* Where to keep a plate: where it is already, a free place, or one after the other. */
static Plate *place_for(const PlateKey *key)
{
    Plate *places = places_of(key), *found = find(key);

    for (int i = 0; !found && i < WAYS; i++) {
        if (!places[i].pixels) {
            found = &places[i];
        }
    }
    return found ? found : &places[cache.turn++ % WAYS];
}

/* The pixels of a plate, both corners included, that are inside a picture. */
static Rect part_inside(const Image *image, Rect box)
{
    int left  = MAX(box.x, 0), top = MAX(box.y, 0);
    int right = (int)MIN((int64_t)box.x + box.width, image_width(image) - 1);
    int bottom = (int)MIN((int64_t)box.y + box.height, image_height(image) - 1);

    return (Rect){ left, top, MAX(right - left + 1, 0), MAX(bottom - top + 1, 0) };
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

/* Copy rows between a picture and a kept plate. */
static void copy_rows(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride,
                      Size size)
{
    for (int y = 0; y < size.height; y++)
        memcpy(to + (size_t)y * to_stride, from + (size_t)y * from_stride,
               4 * (size_t)size.width);
}

static void paint_part(Image *image, const Plate *plate, Rect box)
{
    Rect           part   = part_inside(image, box);
    size_t         stride = image_stride(image), row = 4 * ((size_t)box.width + 1);
    const uint8_t *from   = plate->pixels + (size_t)(part.y - box.y) * row +
                            4 * (size_t)(part.x - box.x);

    if (part.width > 0 && part.height > 0)
        copy_rows(image_edit(image) + (size_t)part.y * stride + 4 * (size_t)part.x, stride, from,
                  row, (Size){ part.width, part.height });
}

bool plate_paint(Image *image, Rect box, const PlateKey *key)
{
    pthread_mutex_lock(&cache.lock);
    const Plate *plate = find(key);
    bool         kept  = plate && plate->size.width == box.width &&
                         plate->size.height == box.height;
    if (kept)
        paint_part(image, plate, box);
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

void plate_keep(const Image *sheet, const PlateKey *key)
{
    Size     size  = { image_width(sheet) - 1, image_height(sheet) - 1 };
    size_t   bytes = bytes_of(size);
    uint8_t *kept  = malloc(bytes);

    if (!kept)
        return;      /* it is drawn again, then */
    copy_rows(kept, 4 * (size_t)image_width(sheet), image_pixels(sheet), image_stride(sheet),
              (Size){ size.width + 1, size.height + 1 });

    pthread_mutex_lock(&cache.lock);
    Plate *plate = place_for(key);
    forget(plate);
    if (cache.used + bytes > LIMIT_PLATE_CACHE)
        forget_all();
    *plate = (Plate){ .length = key->text.length, .color = key->plate, .style = *key->style,
                      .size = size, .pixels = kept };
    memcpy(plate->text, key->text.at, key->text.length);
    cache.used += bytes;
    pthread_mutex_unlock(&cache.lock);
}
