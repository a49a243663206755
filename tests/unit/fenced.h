/*
 * fenced - buffers between pages that cannot be touched, filled at random.
 *
 * For comparing what vectors and scalars do: a read or write outside of a buffer shows.
 */
#ifndef OCELLUS_TESTS_FENCED_H
#define OCELLUS_TESTS_FENCED_H

#include "image/resize.h"

enum { FENCED_BODY = 4096, FENCED_BUFFERS = 10 };

/* Inputs to try: sanitizers take many times as long. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
enum { FENCED_ROUNDS = 2000 };
#else
enum { FENCED_ROUNDS = 100000 };
#endif

typedef struct Fenced {
    uint8_t *at[FENCED_BUFFERS];
    size_t   page;
    bool     first;     /* buffers begin at the fence, else they end at it */
    uint64_t state;
} Fenced;

void fenced_open(Fenced *f, uint64_t seed);
void fenced_close(Fenced *f);

/* A random number below `limit`. */
int fenced_below(Fenced *f, int limit);

/* `bytes` of buffer i, of any value; now and then all the same, or of two. */
void *fenced(Fenced *f, int i, size_t bytes);

/* The same, as they were. */
void *fenced_again(Fenced *f, int i, size_t bytes);

/* A plane in buffer i whose rows are `gap` bytes apart. */
Plane fenced_plane(Fenced *f, int i, Size size, int pixel, int gap);

/* Buffer i with what stands in a plane. */
Plane fenced_copy(Fenced *f, int i, Plane from);

/* Whether two planes of one size hold the same, and the same between their rows. */
bool planes_equal(Plane a, Plane b);

#endif
