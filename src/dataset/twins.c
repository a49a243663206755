/*
 * twins - the same picture more than once.
 *
 * The signs are a difference hash: the picture shrunk to 17 x 16 gray values, each compared
 * with its right neighbour.  Two bits would be needed to tell "brighter", "darker" and
 * "the same" apart; `steps` counts the first two, so that flat pictures can be left alone.
 */
#include "dataset/twins.h"

#include "image/resize.h"

enum { ACROSS = 17, DOWN = 16 };

/* Signs that may differ between pictures that look alike, and steps there must be. */
enum { MOST_DIFFERENT = 12, LEAST_STEPS = 64, STEP = 2 };

/* Pictures are looked for in buckets of equal parts of their signs.  With one part more
 * than signs may differ, two pictures that are alike share at least one part. */
enum { PARTS = MOST_DIFFERENT + 4, PART_SIGNS = PRINT_SIGNS / PARTS };

/* Pictures one picture is compared with, in a bucket that everything falls into. */
enum { MOST_COMPARED = 2000 };

/* ---- prints --------------------------------------------------------------------------- */

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9fb21c651e98df25;
    return sum ^ (sum >> 32);
}

static uint64_t hash_pixels(const Image *image)
{
    size_t   row = (size_t)image_width(image) * (size_t)image_pixel_bytes(image);
    uint64_t sum = mix((uint64_t)image_width(image) << 32 | (uint64_t)image_height(image),
                       (uint64_t)image_channels(image));

    for (int y = 0; y < image_height(image); y++) {
        const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image);
        uint64_t       word;
        size_t         i = 0;

        for (; i + sizeof word <= row; i += sizeof word) {
            memcpy(&word, at + i, sizeof word);
            sum = mix(sum, word);
        }
        word = 0;
        memcpy(&word, at + i, row - i);
        sum = mix(sum, word);
    }
    return sum ? sum : 1;
}

static int gray_at(const Image *image, int x, int y)
{
    const uint8_t *at = image_pixels(image) + (size_t)y * image_stride(image) +
                        (size_t)x * (size_t)image_pixel_bytes(image);

    return image_pixel_bytes(image) == 1 ? at[0] : gray_of(at[0], at[1], at[2]);
}

bool print_make(const Image *image, Print *print, Error *err)
{
    Image *small = image_resize(image, ACROSS, DOWN, INTERPOLATE_AREA, err);

    if (!small)
        return false;
    *print = (Print){ .pixels = hash_pixels(image) };
    for (int i = 0; i < PRINT_SIGNS; i++) {
        int x = i % (ACROSS - 1), y = i / (ACROSS - 1);
        int up = gray_at(small, x + 1, y) - gray_at(small, x, y);

        print->signs[i / 64] |= (uint64_t)(up > 0) << (i % 64);
        print->steps         += abs(up) > STEP;
    }
    image_unref(small);
    return true;
}

/* ---- twins ---------------------------------------------------------------------------- */

static bool look_alike(const Print *a, const Print *b)
{
    int different = 0;

    if (a->steps < LEAST_STEPS || b->steps < LEAST_STEPS)
        return false;
    for (int i = 0; i < PRINT_SIGNS / 64; i++)
        different += __builtin_popcountll(a->signs[i] ^ b->signs[i]);
    return different <= MOST_DIFFERENT;
}

typedef struct Finder {
    const Print *prints;
    int          count;
    int         *first;        /* the first picture each is like; -1: none before it */
    uint8_t     *exact;
    struct Entry { uint64_t key; int place; } *entries;
} Finder;

static int by_key(const void *a, const void *b)
{
    const struct Entry *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->place - y->place;
}

static void note(Finder *f, int a, int b, bool exact)
{
    if (f->first[b] >= 0 && (f->first[b] < a || (f->first[b] == a && f->exact[b])))
        return;
    f->first[b] = a;
    f->exact[b] = exact;
}

/* Sort pictures by a key, and compare those of equal keys. */
static void compare_equal(Finder *f, int entries, bool exact)
{
    qsort(f->entries, (size_t)entries, sizeof *f->entries, by_key);
    for (int i = 1; i < entries; i++) {
        for (int k = i - 1, tries = 0;
             k >= 0 && f->entries[k].key == f->entries[i].key && tries < MOST_COMPARED;
             k--, tries++) {
            int a = f->entries[k].place, b = f->entries[i].place;

            if (exact || look_alike(&f->prints[a], &f->prints[b]))
                note(f, a, b, exact);
        }
    }
}

static uint64_t part_of(const Print *print, int part)
{
    int first = part * PART_SIGNS;

    return print->signs[first / 64] >> (first % 64) & ((1u << PART_SIGNS) - 1);
}

static void find_exact(Finder *f)
{
    int entries = 0;

    for (int i = 0; i < f->count; i++) {
        if (f->prints[i].pixels != 0)
            f->entries[entries++] = (struct Entry){ f->prints[i].pixels, i };
    }
    compare_equal(f, entries, true);
}

static void find_alike(Finder *f, int part)
{
    int entries = 0;

    for (int i = 0; i < f->count; i++) {
        if (f->prints[i].pixels != 0 && f->prints[i].steps >= LEAST_STEPS)
            f->entries[entries++] = (struct Entry){ part_of(&f->prints[i], part), i };
    }
    compare_equal(f, entries, false);
}

static int by_first(const void *a, const void *b)
{
    const Twin *x = a, *y = b;

    return x->a != y->a ? x->a - y->a : x->b - y->b;
}

/* The first of all that are alike, through those between them. */
static int first_of_all(const Finder *f, int place)
{
    while (f->first[place] >= 0)
        place = f->first[place];
    return place;
}

static bool collect(Arena *arena, const Finder *f, Twins *twins)
{
    int   count = 0;
    Twin *items;

    for (int i = 0; i < f->count; i++)
        count += f->first[i] >= 0;
    twins->cut = count > LIMIT_TWINS;
    count      = MIN(count, LIMIT_TWINS);
    items      = arena_array(arena, Twin, count + 1);
    if (!items)
        return false;
    for (int i = 0, next = 0; i < f->count && next < count; i++) {
        if (f->first[i] < 0)
            continue;

        int  first = first_of_all(f, i);
        bool exact = f->prints[first].pixels == f->prints[i].pixels;
        items[next++] = (Twin){ first, i, exact };
    }
    qsort(items, (size_t)count, sizeof *items, by_first);
    twins->items = items;
    twins->count = count;
    return true;
}

bool twins_find(Arena *arena, const Print prints[], int count, Twins *twins, Error *err)
{
    size_t room = (size_t)count + 1;
    Finder f    = { .prints = prints, .count = count, .first = calloc(room, sizeof *f.first),
                    .exact = calloc(room, 1), .entries = calloc(room, sizeof *f.entries) };
    bool   done = f.first && f.exact && f.entries;

    *twins = (Twins){ 0 };
    if (done) {
        memset(f.first, 0xff, room * sizeof *f.first);
        find_exact(&f);
        for (int part = 0; part < PARTS; part++)
            find_alike(&f, part);
        done = collect(arena, &f, twins);
    }
    free(f.first);
    free(f.exact);
    free(f.entries);
    return done || fail(err, ERR_MEMORY, "there is no memory to compare %d pictures", count);
}
