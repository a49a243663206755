/*
 * twins - the same picture more than once.
 *
 * A picture's print is a hash of its pixels, for those that are exactly alike, and 256
 * signs of whether it gets brighter from place to place, for those that only look alike:
 * encoded again, scaled, made a little brighter.  Pictures with hardly any structure have
 * no such signs and are never called alike.
 */
#ifndef OCELLUS_DATASET_TWINS_H
#define OCELLUS_DATASET_TWINS_H

#include "image/image.h"

enum { PRINT_SIGNS = 256 };

typedef struct Print {
    uint64_t pixels;                      /* 0: no print */
    uint64_t signs[PRINT_SIGNS / 64];
    uint64_t steps;                       /* how many signs are a step up or down */
} Print;

bool print_make(const Image *image, Print *print, Error *err) MUST_USE;

typedef struct Twin {
    int  a, b;        /* places of the pictures, a < b */
    bool exact;       /* the same pixels */
} Twin;

typedef struct Twins {
    const Twin *items;      /* by a, then b */
    int         count;
    bool        cut;        /* there are more than LIMIT_TWINS */
} Twins;

/* Each picture with the first that it is like.  Lives in the arena. */
bool twins_find(Arena *arena, const Print prints[], int count, Twins *twins, Error *err) MUST_USE;

#endif
